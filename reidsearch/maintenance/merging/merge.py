"""Merge one archive into another: its sources group by group, then its decisions.

Each group is one transaction, the decisions are another one, and both are recognised when they are
there already, so that a killed merge loses nothing and the same call goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, select

from reidsearch.base.errors import Kind, UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.domain.event_log import Event
from reidsearch.domain.merging import Merged
from reidsearch.domain.models import ModelIdentity
from reidsearch.maintenance.merging.decisions import merge_decisions, merged_before
from reidsearch.maintenance.merging.footage import Group, merge_group
from reidsearch.maintenance.merging.groups import groups, require_finished
from reidsearch.maintenance.merging.records import merge_holds, merge_records
from reidsearch.maintenance.merging.shared import Shared, merge_shared
from reidsearch.store import tables
from reidsearch.store.crops.model import adopt_model
from reidsearch.store.crops.store import Store
from reidsearch.store.event_log import append
from reidsearch.store.events import record_event
from reidsearch.store.log_reading import entries
from reidsearch.store.pictures.putting import stored
from reidsearch.store.tables.identities import decision, identity


def require_mergeable(source: Store, target: Store) -> None:
    """Refuse to merge, before anything is written.

    Raises:
        UsageError: it is the same archive, their models differ, or footage there is not analysed
            to its end.
    """
    if source.row.uuid == target.row.uuid:
        raise UsageError(
            f"{source.location} and {target.location} are the same archive, or one is a copy of "
            "the other: there is nothing to merge"
        )
    theirs, ours = source.model(), target.model()
    if theirs is not None and ours is not None and _key(theirs) != _key(ours):
        raise UsageError(
            f"{source.location} was made with {theirs.text} [{theirs.preprocessing}], "
            f"{target.location} with {ours.text} [{ours.preprocessing}]: their embeddings cannot "
            "be compared",
            "re-embed one of them with the other's model",
            kind=Kind.ARCHIVES_OF_TWO_MODELS,
            archive=source.location,
            model=ours.name,
            flip=ours.flip,
        )
    with source.read() as connection:
        require_finished(connection, source.location)


def _key(model: ModelIdentity) -> tuple[str, str]:
    return model.digest, model.preprocessing


def merge(source: Store, target: Store, progress: Progress = NO_PROGRESS) -> Merged:
    """Merge `source` into `target`, whose writer lock the caller holds.

    Raises:
        UsageError: as `require_mergeable`.
        ArchiveError: something in the source is damaged; what was merged before stays.
    """
    with source.one_state():  # however long it takes, of one moment
        require_mergeable(source, target)
        report = Merged(source.location, str(source.row.uuid))
        _head(source, report)
        model = source.model()
        with source.read() as connection:
            if model is None:
                report.left.append("nothing: the archive is empty")
                return report
            with target.write() as into:
                append(into, Event.MERGE, _begun(report))
                shared = _shared(connection, into, model, target.location, report)
            _footage(source, target, shared, report, progress)
            with target.write() as into:
                _decisions(connection, into, shared, report)
                merge_holds(connection, into, report)
                record_event(into, Event.MERGE_END, _ended(connection, report))
    return report


def _head(source: Store, report: Merged) -> None:
    last = next(entries(source, last=1), None)
    if last is not None:
        report.entries, report.head = last.number, last.digest.hex()


def _begun(report: Merged) -> dict[str, Any]:
    return {
        "archive_id": report.archive_id,
        "log_entries": report.entries,
        "log_head": report.head,
    }


def _ended(source: Connection, report: Merged) -> dict[str, Any]:
    """Return what is recorded: numbers and digests, no name that could have to be forgotten."""
    first = report.ids["decision"].get(1)
    identities = report.ids["identity"]
    taken = report.decisions == "merged"
    return {
        **_begun(report),
        "new": dict(report.new),
        "present": dict(report.held),
        "decisions": len(report.ids["decision"]) if taken else None,
        "first_decision": first if taken else None,
        "last_identity": max(identities, default=0),
        "identity_offset": min(identities.values()) - min(identities) if identities else 0,
        "map_sha256": report.map_sha256,
    }


def _shared(
    source: Connection, into: Connection, model: ModelIdentity, location: str, report: Merged
) -> Shared:
    own = adopt_model(into, model, location)
    theirs = source.execute(select(tables.archive.c.model_id)).scalar_one()
    shared = merge_shared(source, into, (theirs, own), report)
    merge_records(source, into, shared, report)
    return shared


def _footage(
    source: Store, target: Store, shared: Shared, report: Merged, progress: Progress
) -> None:
    with source.read() as connection:
        total = connection.scalar(select(func.count()).select_from(tables.crop)) or 0
        progress.begin("merging", total, "crops")
        for ids in groups(connection):
            # Where the target keeps pictures outside, they are put first, and it is done again.
            group = stored(target, partial(_group, source, target, ids, shared))
            report.include(group.report)
            shared.taken |= group.taken
            progress.advance(len(group.every_crop))
        progress.end()


def _group(source: Store, target: Store, ids: Sequence[int], shared: Shared) -> Group:
    with source.read() as connection, target.write() as into:
        return merge_group(source, connection, into, ids, shared)


def _decisions(source: Connection, into: Connection, shared: Shared, report: Merged) -> None:
    """Merge decisions, unless they were before: then what was decided since stays there."""
    before = merged_before(into).get(report.archive_id)
    if before is None:
        merge_decisions(source, into, shared, report)
        return
    report.decisions = "merged before"
    number, first = before["decisions"], before["first_decision"]
    report.ids["decision"] = {one: one + first - 1 for one in range(1, number + 1)}
    every = source.scalars(select(identity.c.id).where(identity.c.id <= before["last_identity"]))
    report.ids["identity"] = {one: one + before["identity_offset"] for one in every}
    last = source.scalar(select(func.count()).select_from(decision)) or 0
    report.decisions_left = max(last - number, 0)
