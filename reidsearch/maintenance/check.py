"""Prove that an archive is whole, or say precisely what is not.

Bytes first (SQLite's own check, checksums of pictures and embeddings, the index file), then
meaning (every crop has a picture, an embedding of unit length and a source; index and database
hold the same crops with the same vectors). Checking changes nothing; repairing rebuilds what is
derived and never touches what is true.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from sqlalchemy import ColumnElement, Connection, Table, exists, func, select

from reidsearch.base.errors import DECODING_ERRORS, ArchiveError, Kind, StorageError
from reidsearch.base.progress import NO_PROGRESS, Parts, Progress, parts, step
from reidsearch.domain.event_log import Event
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.pending import Work
from reidsearch.domain.reports import Finding
from reidsearch.index.adjusting_check import take_anew
from reidsearch.index.gallery import Gallery
from reidsearch.index.leftovers import remove_leftovers
from reidsearch.index.neighbours.table import Neighbours, forget
from reidsearch.maintenance.derived_check import derived, named
from reidsearch.maintenance.finish import finish
from reidsearch.maintenance.picture_check import ORPHANS, objects_checked, remove_orphans
from reidsearch.maintenance.row_check import CODE as ROW
from reidsearch.maintenance.row_check import check_rows, repair_rows
from reidsearch.store import attributes as attribute_store
from reidsearch.store import tables
from reidsearch.store.calibration import check_calibration
from reidsearch.store.crops.store import Store
from reidsearch.store.database.log import go_on_without
from reidsearch.store.database.sqlite import DATABASE
from reidsearch.store.footage.tracklet_means import means
from reidsearch.store.identities import check as identity_check
from reidsearch.store.log_proof import prove
from reidsearch.store.log_reading import record
from reidsearch.store.pending import pending_work
from reidsearch.store.review_check import review_faults
from reidsearch.store.tables.footage import tracklet, tracklet_embedding, tracklet_part
from reidsearch.store.tables.pictures import picture_object

ROWS_AT_ONCE = 2000
UNIT_TOLERANCE = 1e-3


def check(store: Store, progress: Progress = NO_PROGRESS) -> list[Finding]:
    """Look at everything; an empty list means that the archive is whole."""
    rows = _count(store, tables.crop)
    # The database's pages, rows, relations, pictures, embeddings, the index, the neighbour graph.
    weights = [max(rows, 1), 4 * rows, rows, rows, rows, rows, rows]
    with parts(progress, "checking", weights) as whole:
        return _check(store, whole)


def lost_in_log(folder: Path) -> list[Finding]:
    """Go on without what of an archive's log cannot be read; return what that was."""
    lost = go_on_without(folder / DATABASE)
    return [] if lost is None else [Finding("log", lost, repairable=False)]


def _count(store: Store, table: Table) -> int:
    with store.scan() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def _check(store: Store, progress: Parts) -> list[Finding]:
    with step(progress, "checking the pages of the database"):
        damage = store.damage()
    if damage:
        # Deeper questions would be asked of a database that lies.
        return [Finding("database", text, repairable=False) for text in damage]
    findings = list(check_rows(store, progress))
    with store.one_state():
        with step(progress, "checking what belongs together"):
            for code, look in (
                ("row", _relations),
                ("decisions", _identities),
                ("event-log", _event_log),
                ("review", _reviews),
                ("calibration", check_calibration),
            ):
                findings += _told(code, look, store)
        findings += _pictures(store, progress)
        findings += _told("picture", lambda store: objects_checked(store, progress), store)
        findings += _told("embedding", lambda store: _vectors(store, progress), store)
    # An index is compared with embeddings that are known to be right, and so are its rows.
    if not any(finding.code in {"embedding", ROW} for finding in findings):
        findings += _told("index", lambda store: derived(store, progress), store)
    return [*findings, *_unfinished(store)]


def _unfinished(store: Store) -> Iterator[Finding]:
    """Pending work that no writer is at just now."""
    for one in pending_work(store):
        if not one.running:
            code = "stray" if one.work is Work.FILES else "pending"
            yield Finding(code, one.sentence, repairable=True)


def _reviews(store: Store) -> Iterator[Finding]:
    for told in review_faults(store):
        yield Finding("review", told, repairable=False)


def _event_log(store: Store) -> Iterator[Finding]:
    for fault in prove(store).faults:
        told = f"entry {fault.number} of the event log: {fault.what}"
        yield Finding("event-log", told, repairable=False)


def _told(code: str, look: Callable[[Store], Iterable[Finding]], store: Store) -> Iterator[Finding]:
    """What a part of the check finds; what stops it is a finding as well."""
    try:
        yield from look(store)
    except (ArchiveError, StorageError) as error:
        if isinstance(error, StorageError) and error.kind != Kind.OBJECTS_UNREACHABLE:
            raise
        yield Finding(code, error.message, repairable=False)
    except DECODING_ERRORS as error:
        yield Finding(code, f"a stored value cannot be read: {error!r}", repairable=False)


def _vectors(store: Store, progress: Progress) -> Iterator[Finding]:
    model = store.model()
    if model is not None:
        yield from _embeddings(store, model, progress)


def repair(store: Store, findings: list[Finding], progress: Progress = NO_PROGRESS) -> None:
    """Rebuild what is derived: the index from the database, who is whom from the decisions.

    Damaged attributes are dropped. The log tells it before: it is more than one transaction.

    Raises:
        ArchiveLocked: another process writes.
    """
    codes = sorted({finding.code for finding in findings if finding.repairable})
    if not codes:
        return
    with store.lock(), store.deriving(wait=True):
        record(store, Event.REPAIR, {"findings": codes})
        if ROW in codes:
            repair_rows(store)  # the index is then checked by rows that are whole
            findings = [*findings, *_told("index", lambda store: derived(store, progress), store)]
        gallery = Gallery(store)
        finish(store, gallery, Neighbours(store, gallery), progress)
        remove_leftovers(store)
        if ORPHANS in codes:
            remove_orphans(store)
        if any(finding.code == "identity" for finding in findings):
            identity_check.mend(store)
        if any(finding.code == "index" for finding in findings):
            gallery.rebuild(progress)
        elif any(finding.code == "engine" for finding in findings):
            gallery.compact(progress)
        if any(finding.code == "adjustment" for finding in findings):
            take_anew(store, gallery, progress)
        if any(finding.code == "neighbours" for finding in findings):
            forget(store)  # the next search or index run makes it anew
        if any(finding.code == "attributes" for finding in findings):
            attribute_store.forget_damaged(store)


def _relations(store: Store) -> Iterator[Finding]:
    crop = tables.crop
    lacking: list[tuple[str, str, Table]] = [
        ("picture", "have no picture", tables.picture),
        ("embedding", "have no embedding of the archive's model", tables.embedding),
    ]
    with store.scan() as connection:
        for code, text, table in lacking:
            lacks = [~exists().where(table.c.crop_id == crop.c.id, *_of_model(table))]
            if table is tables.picture:
                lacks.append(~exists().where(picture_object.c.crop_id == crop.c.id))
            ids = list(connection.scalars(select(crop.c.id).where(*lacks).order_by(crop.c.id)))
            if ids:
                yield _lost(code, f"{len(ids)} crops {text}", ids)
        yield from _tracklets(connection)
        yield from _attributes(connection)
        top = connection.scalar(select(func.max(crop.c.id))) or 0
        if top >= connection.execute(select(tables.archive.c.next_crop_id)).scalar_one():
            yield Finding("counter", f"crop {top} is above the archive's counter", False, (top,))


def _identities(store: Store) -> Iterator[Finding]:
    with store.scan() as connection:
        yield from identity_check.check(connection)


def _tracklets(connection: Connection) -> Iterator[Finding]:
    """Every tracklet has views, an intact trace, and the mean of its views."""
    model_id = connection.execute(select(tables.archive.c.model_id)).scalar_one()
    damaged, lacking, differing, wrong = [], [], [], []
    held = {}
    for row in connection.execute(select(tracklet_embedding).order_by("model_id", "tracklet_id")):
        if hashlib.sha256(row.vector).digest() != row.sha256:
            wrong.append(row.tracklet_id)
        if row.model_id == model_id:
            held[row.tracklet_id] = row
    part = tracklet_part.c
    for row in connection.execute(select(part.tracklet_id, part.trace, part.sha256)):
        if hashlib.sha256(row.trace).digest() != row.sha256:
            damaged.append(row.tracklet_id)
    ids = list(connection.scalars(select(tracklet.c.id).order_by(tracklet.c.id)))
    truth = dict(means(connection, model_id, ids)) if ids else {}
    for tracklet_id in ids:
        if tracklet_id not in truth:
            lacking.append(tracklet_id)
        elif (
            tracklet_id not in held
            or held[tracklet_id].vector != truth[tracklet_id].astype("<f4").tobytes()
        ):
            differing.append(tracklet_id)
    for found, text in (
        (damaged, "tracklets have a damaged trace"),
        (wrong, "tracklets have an embedding that its checksum does not fit"),
        (lacking, "tracklets have no crop"),
        (differing, "tracklets have an embedding that is not the mean of their crops"),
    ):
        if found:
            numbers = ", ".join(map(str, found[:20]))
            yield Finding("tracklet", f"{len(found)} {text}: {numbers}", repairable=False)


def _attributes(connection: Connection) -> Iterator[Finding]:
    """Confidences are confidences, and the colours of a part are all of it."""
    ids = attribute_store.damaged(connection)
    if ids:
        text = f"{len(ids)} crops have impossible attributes"
        yield Finding("attributes", text, True, named(ids))


def _of_model(table: Table) -> list[ColumnElement[bool]]:
    if table is not tables.embedding:
        return []
    current = select(tables.archive.c.model_id).scalar_subquery()
    return [table.c.model_id == current]


def _pictures(store: Store, progress: Progress) -> list[Finding]:
    damaged = [
        crop_id
        for crop_id, jpeg, sha256 in _rows(store, tables.picture, "jpeg", progress)
        if hashlib.sha256(jpeg).digest() != sha256
    ]
    return [_lost("picture", f"{len(damaged)} pictures are damaged", damaged)] if damaged else []


def _embeddings(store: Store, model: ModelIdentity, progress: Progress) -> list[Finding]:
    damaged, not_unit = [], []
    for crop_id, blob, sha256 in _rows(store, tables.embedding, "vector", progress):
        if hashlib.sha256(blob).digest() != sha256 or len(blob) != model.dimension * 4:
            damaged.append(crop_id)
        elif not abs(float(np.linalg.norm(np.frombuffer(blob, "<f4"))) - 1.0) <= UNIT_TOLERANCE:
            not_unit.append(crop_id)
    findings = []
    if damaged:
        findings.append(_lost("embedding", f"{len(damaged)} embeddings are damaged", damaged))
    if not_unit:
        text = f"{len(not_unit)} embeddings are not of unit length"
        findings.append(_lost("embedding", text, not_unit))
    return findings


def _rows(
    store: Store, table: Table, column: str, progress: Progress
) -> Iterator[tuple[int, bytes, bytes]]:
    """(crop id, blob, sha256) of every row, in chunks of short transactions."""
    progress.begin(f"checking {table.name}s", _count(store, table), "rows")
    last = 0
    while True:
        query = select(table.c.crop_id, table.c[column], table.c.sha256)
        query = query.where(table.c.crop_id > last, *_of_model(table)).order_by(table.c.crop_id)
        with store.scan() as connection:
            rows = connection.execute(query.limit(ROWS_AT_ONCE)).all()
        if not rows:
            break
        yield from (tuple(row) for row in rows)
        last = rows[-1].crop_id
        progress.advance(len(rows))
    progress.end()


def _lost(code: str, text: str, ids: list[int]) -> Finding:
    return Finding(code, text, repairable=False, crop_ids=named(ids))
