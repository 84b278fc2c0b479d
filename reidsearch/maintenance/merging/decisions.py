"""The decisions of an archive, appended to those of the target, in one transaction.

They keep author, time, note and order; numbers of decisions and identities go on behind the
target's. What a decision is about gets its new id; what the target does not have gets an id that
nothing ever has, as of something deleted. Where both archives decided on the same tracklet or crop,
what the target says stays, and the other's changes of it are left out and told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, func, insert, select

from reidsearch.base.timecode import to_us
from reidsearch.domain.decisions import (
    EDITS,
    PHOTO,
    Change,
    Decision,
    Member,
    Of,
    TraceStretch,
    Value,
    name_key,
)
from reidsearch.domain.event_log import Event
from reidsearch.domain.merging import Clash, Merged
from reidsearch.maintenance.merging.rows import Values, add, add_one, rows_of, take_ids
from reidsearch.maintenance.merging.shared import Shared
from reidsearch.store import tables
from reidsearch.store.database.proofs import intact
from reidsearch.store.event_log import record_decision
from reidsearch.store.footage.rows import CLOCK
from reidsearch.store.identities.ledger import Ledger, to_json
from reidsearch.store.identities.plans import LONGEST_NAME
from reidsearch.store.identities.store import exists, log
from reidsearch.store.tables.footage import footage, tracklet_edit
from reidsearch.store.tables.identities import (
    decision,
    identity,
    identity_member,
    identity_rejection,
)
from reidsearch.store.tables.photos import photo_embedding, photo_picture, reference_photo

_COUNTERS = {
    "crop": "next_crop_id",
    "tracklet": "next_tracklet_id",
    "source": "next_source_id",
}


def merge_decisions(source: Connection, into: Connection, shared: Shared, report: Merged) -> None:
    """Append all decisions, with the identities and photographs that they are about."""
    theirs, ours = log(source), log(into)
    if not theirs:
        return
    here = {*merged_before(into), str(into.scalar(select(tables.archive.c.uuid)))}
    for archive_id in sorted(here & merged_before(source).keys()):
        report.left.append(
            f"its decisions hold those of archive {archive_id}, which are here already: identities "
            "of these are there a second time, without what both have decided on"
        )
    held, left = Ledger.replay(ours), Ledger.replay(theirs)
    photos = _photos(source, into, shared, report)
    first = len(ours) + 1
    identities = list(source.scalars(select(identity.c.id).order_by(identity.c.id)))
    offset = held.next_identity - 1
    report.ids["identity"] = {one: one + offset for one in identities}
    report.ids["decision"] = {one.decision_id: one.decision_id + first - 1 for one in theirs}
    moving = _Moving(into, report, photos, offset, _names(theirs, ours))
    moved = [replace(one, changes=tuple(map(moving.change, one.changes))) for one in theirs]
    contested = _contested(held, moved)
    report.clashes = _clashes(held, Ledger.replay(moved), contested)
    kept = [_without(one, contested) for one in moved]
    _append(into, kept, first, report)
    after = Ledger.replay(kept)
    _write_identities(into, report, after)
    _put_photos(into, after)
    _edits(source, into, moving)
    _events(source, into, moving, first)
    elsewhere = _not_here(source, left, report)
    if elsewhere:
        report.left.append(
            f"{elsewhere} confirmed or rejected tracklets or crops: the target shows them "
            "otherwise, or keeps them out; the decisions stand in its log, about nobody"
        )
    names = left.names()
    for one, name in names.items():
        if moving.names[name] != name:
            report.renamed[one + offset] = name, moving.names[name]
    report.decisions = "merged"
    report.count("decisions", len(kept))
    report.count("identities", len(names))


def merged_before(connection: Connection) -> dict[str, Mapping[str, Any]]:
    """Return the archives whose decisions were merged, with what their `merge-end` recorded."""
    e = tables.event.c
    ended = select(e.detail).where(e.what == Event.MERGE_END.value, intact(tables.event))
    details = connection.scalars(ended.order_by(e.id)).all()
    return {detail["archive_id"]: detail for detail in details if detail["decisions"]}


@dataclass(slots=True)
class _Moving:
    """Puts the ids of the target in place of those of the archive that is merged."""

    into: Connection
    report: Merged
    photos: Mapping[int, int]
    offset: int
    names: Mapping[str, str]
    dead: dict[tuple[str, int], int] = field(default_factory=dict)

    def number(self, kind: str, old: int) -> int:
        """Return the id of a crop, tracklet, photograph or source; of what is gone, a new one."""
        new = (self.photos if kind == PHOTO else self.report.ids[kind]).get(old)
        if new is not None:
            return new
        if (kind, old) not in self.dead:
            counter = _COUNTERS.get(kind)
            taken = take_ids(self.into, counter or "next_crop_id", 1)
            # Photographs are numbered by the database: below zero it never gives one.
            self.dead[kind, old] = taken if counter else -taken
        return self.dead[kind, old]

    def identity(self, old: int | None) -> int | None:
        """Return the number of an identity."""
        return None if old is None else old + self.offset

    def change(self, one: Change) -> Change:
        """Return a change as the target says it."""
        value: Callable[[Value], Value] = lambda given: given  # noqa: E731
        if one.of is Of.NAME:
            value = lambda given: None if given is None else self.names[str(given)]  # noqa: E731
        elif one.of in {Of.MERGED, Of.MEMBER}:
            value = lambda given: None if given is None else int(given) + self.offset  # noqa: E731
        elif one.of in EDITS:
            value = lambda given: None if given is None else self.number("tracklet", int(given))  # noqa: E731
        member = one.member
        if member is not None:
            member = Member(member.kind, self.number(member.kind, member.number))
        return Change(
            one.of,
            self.identity(one.identity_id),
            member,
            value(one.before),
            value(one.after),
            tuple(self.number("crop", crop_id) for crop_id in one.crops),
            tuple(self.stretch(stretch) for stretch in one.stretches),
        )

    def stretch(self, one: TraceStretch) -> TraceStretch:
        """Return a stretch of the same footage."""
        return replace(one, source_id=self.number("source", one.source_id))


def _names(theirs: Iterable[Decision], ours: Iterable[Decision]) -> dict[str, str]:
    """Return every name that identities there ever had -> the one they have here.

    One that anybody here ever had, or one like it, gets a number: nobody is taken for another.
    """
    taken, wanted = {name_key(name) for name in _ever(ours)}, list(dict.fromkeys(_ever(theirs)))
    every = taken | {name_key(name) for name in wanted}
    found = {}
    for name in wanted:
        new, number = name, 2
        while name_key(new) in (every if new != name else taken):
            suffix = f" ({number})"
            new, number = name[: LONGEST_NAME - len(suffix)] + suffix, number + 1
        every.add(name_key(new))
        found[name] = new
    return found


def _ever(decisions: Iterable[Decision]) -> Iterable[str]:
    return (
        str(name)
        for one in decisions
        for change in one.changes
        if change.of is Of.NAME
        for name in (change.before, change.after)
        if name is not None
    )


Key = tuple[Of, int | None, Member | None]


def _contested(held: Ledger, moved: Iterable[Decision]) -> set[Key]:
    """Return what both archives have decided on."""
    return {change.key for one in moved for change in one.changes if held.value(change) is not None}


def _clashes(held: Ledger, left: Ledger, contested: Iterable[Key]) -> list[Clash]:
    names, others = held.names(), left.names()
    found = []
    for _, _, member in sorted(contested, key=str):
        if member is None:
            continue
        mine, theirs = held.identity_of(member), left.identity_of(member)
        found.append(
            Clash(
                member.text,
                None if mine is None else names.get(mine),
                None if theirs is None else others.get(theirs),
            )
        )
    return found


def _without(one: Decision, contested: set[Key]) -> Decision:
    return replace(one, changes=tuple(each for each in one.changes if each.key not in contested))


def _not_here(source: Connection, left: Ledger, report: Merged) -> int:
    """Return how many that decisions in force are about are there, and not in the target."""
    members = {*left.members(), *(member for _, member in left.rejections())}
    return sum(
        member.kind != PHOTO
        and member.number not in report.ids[member.kind]
        and exists(source, member)
        for member in members
    )


def _append(into: Connection, kept: Sequence[Decision], first: int, report: Merged) -> None:
    for number, one in enumerate(kept, start=first):
        row = {
            "id": number,
            "at_us": to_us(one.at),
            "who": one.who,
            "what": one.what,
            "note": one.note,
            "forced": one.forced,
            "undoes": None if one.undoes is None else one.undoes + first - 1,
            "changes": to_json(one.changes),
        }
        into.execute(insert(decision).values(row))
        record_decision(into, number, merged_from=report.archive_id)


def _write_identities(into: Connection, report: Merged, after: Ledger) -> None:
    """Bring the tables of what is in force to the decisions that were appended."""
    names, merged = after.names(), after.merged()
    numbers = sorted(report.ids["identity"].values())
    add(
        into,
        identity,
        [{"id": one, "name": names.get(one), "merged_into": None} for one in numbers],
    )
    for one, other in merged.items():
        into.execute(identity.update().where(identity.c.id == one).values(merged_into=other))
    for table, pairs in (
        (identity_member, [(one, member) for member, one in after.members().items()]),
        (identity_rejection, sorted(after.rejections())),
    ):
        for one, member in pairs:
            if member.kind != PHOTO and exists(into, member):
                row = {"identity_id": one, f"{member.kind}_id": member.number}
                into.execute(insert(table).values(row))


def _photos(source: Connection, into: Connection, shared: Shared, report: Merged) -> dict[int, int]:
    """Copy reference photographs; whom they belong to follows from the decisions."""
    found: dict[int, int] = {}
    offset = _next_identity(into) - 1
    for row in source.execute(select(reference_photo).order_by(reference_photo.c.id)).mappings():
        values = {**row, "identity_id": None, "given_for": row["given_for"] + offset}
        new = add_one(into, reference_photo, values)
        found[row["id"]] = new
        for table in (photo_picture, photo_embedding):
            rows = rows_of(source, table.c.photo_id, [row["id"]])
            if table is photo_embedding:
                rows = [one for one in rows if one["model_id"] == shared.model[0]]
            add(into, table, [shared.moved({**one, "photo_id": new}) for one in rows])
    report.ids["photo"] = found
    report.count("photos", len(found))
    return found


def _next_identity(into: Connection) -> int:
    return Ledger.replay(log(into)).next_identity


def _put_photos(into: Connection, after: Ledger) -> None:
    for member, one in after.members().items():
        if member.kind == PHOTO:
            of = reference_photo.c.id == member.number
            into.execute(reference_photo.update().where(of).values(identity_id=one))


def _edits(source: Connection, into: Connection, moving: _Moving) -> None:
    """Copy which tracklets were cut and joined, of those that the target shows as they were."""
    ids = moving.report.ids
    for row in source.execute(select(tracklet_edit)).mappings():
        known = row["other_id"] in ids["tracklet"]
        if row["kind"] == Of.SPLIT.value:
            known = known and row["tracklet_id"] in ids["tracklet"]
        if not known:
            continue
        values: Values = {
            **row,
            "tracklet_id": moving.number("tracklet", row["tracklet_id"]),
            "other_id": ids["tracklet"][row["other_id"]],
        }
        if row["source_id"] is not None:
            values["source_id"] = ids["source"][row["source_id"]]
        e = tracklet_edit.c
        same = (e.tracklet_id == values["tracklet_id"]) & (e.kind == values["kind"])
        if not into.scalar(select(func.count()).select_from(tracklet_edit).where(same)):
            add(into, tracklet_edit, [values])


def _events(source: Connection, into: Connection, moving: _Moving, first: int) -> None:
    """Copy what the program has to know: of sources which has grown and whose clock was corrected,
    and which archives' decisions came with these, so that they are not merged again."""
    e = tables.event.c
    kinds = [Event.GROWN.value, Event.CLOCK.value, Event.MERGE_END.value]
    for row in source.execute(select(tables.event).where(e.what.in_(kinds)).order_by(e.id)):
        detail: dict[str, Any] = dict(row.detail)
        if row.what == Event.CLOCK.value and not _same_clock(source, into, detail, moving):
            continue  # the target has a clock of its own for it
        if row.what == Event.MERGE_END.value:
            if not detail["decisions"]:
                continue
            detail["first_decision"] += first - 1
            detail["identity_offset"] += moving.offset
        else:
            for name in detail.keys() & {"old", "new", "source_id"}:
                detail[name] = moving.number("source", detail[name])
        add(into, tables.event, [{"at_us": row.at_us, "what": row.what, "detail": detail}])


def _same_clock(
    source: Connection, into: Connection, detail: Mapping[str, Any], moving: _Moving
) -> bool:
    old = detail["source_id"]
    new = moving.report.ids["source"].get(old)
    if new is None:
        return False
    theirs, ours = (
        connection.execute(select(*CLOCK).where(footage.c.source_id == number)).one_or_none()
        for connection, number in ((source, old), (into, new))
    )
    return theirs is not None and theirs == ours
