"""Deletion for good: rows, pictures, embeddings, index entries, and the pages they stood on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, delete, exists, func, select

from reidsearch.base.errors import Kind, UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress, step
from reidsearch.base.timecode import to_us
from reidsearch.domain.crops import CropIds
from reidsearch.domain.decisions import Member
from reidsearch.domain.event_log import Event
from reidsearch.domain.holds import HeldBack
from reidsearch.domain.pending import Cause
from reidsearch.domain.request import Filters
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.maintenance.finish import finish, told_as_unfinished
from reidsearch.maintenance.forget import digests_of, forget, places_of
from reidsearch.store import tables
from reidsearch.store.cases import require_case
from reidsearch.store.chunks import CHUNK
from reidsearch.store.crops.store import Store
from reidsearch.store.event_log import searches_of
from reidsearch.store.events import record_event
from reidsearch.store.footage import erased
from reidsearch.store.footage.reader import footage_at
from reidsearch.store.footage.tracklet_means import renew_means
from reidsearch.store.holds import (
    crops_of,
    held_back,
    held_crops,
    held_identities,
    held_sources,
    holds,
    members_of,
    on_hold,
    require_free,
    require_identities_free,
)
from reidsearch.store.identities.erase import erase_identities, with_merged
from reidsearch.store.identities.ledger import Ledger
from reidsearch.store.identities.photos import digests_of_photos, erase_photos, ever_of
from reidsearch.store.identities.store import log
from reidsearch.store.keeping_out import keep_out
from reidsearch.store.pending import pending_rows, record_erasure
from reidsearch.store.pictures.going import let_go
from reidsearch.store.selection import select_crops
from reidsearch.store.tables.footage import footage as footage_table


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is to be deleted.

    Args:
        ids: (n,) crop ids, increasing.
        sources: how many sources are forgotten with them.
        footage: ids of the sources of footage among these: named by their place, they leave with
            all that was analysed. Footage that only loses crops stays, with a hole in its coverage.
        permanent: no index run brings back what is deleted.
        unknown_time / unknown_camera: crops that stay because theirs is not known.
        by_indexing: crops that are old by the time they were indexed, since theirs is not known.
        identities: that are erased with their names, and those merged into them.
        searches: entries of the event log whose detail, and the pictures searched with, go.
        held: what holds keep of what was asked for.
        photos: reference photographs of these identities, removed ones among them.
    """

    ids: CropIds
    sources: int
    unknown_time: int
    unknown_camera: int
    footage: tuple[int, ...] = ()
    permanent: bool = False
    by_indexing: int = 0
    identities: tuple[int, ...] = ()
    searches: tuple[int, ...] = ()
    held: tuple[HeldBack, ...] = ()
    photos: tuple[int, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (len(self.ids) or self.sources or self.identities or self.searches)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants deleted; all that is given must hold.

    Args:
        identity: all that shows it, by its name or number; alone, the identity goes too.
        older_than: what footage shows from before this time, or, where its time is not known,
            what was indexed before it.
        searches_of: the details of a case's searches, beside all else.
        not_of: crops of these cameras stay; those of no known camera do not.
        permanent: no index run brings back what is deleted.
    """

    filters: Filters = Filters()
    crop_ids: tuple[int, ...] = ()
    identity: str | None = None
    older_than: dt.datetime | None = None
    searches_of: str | None = None
    permanent: bool = False
    not_of: tuple[str, ...] = ()

    @property
    def of_crops(self) -> bool:
        """Whether crops are named, and not searches alone."""
        given = self.crop_ids or self.identity is not None or self.older_than is not None
        return bool(given) or not self.filters.empty


def plan(store: Store, wanted: Wanted) -> Erasure:
    """Find what to delete, to be shown before `erase` does it. What is on hold is left out.

    Raises:
        UsageError: nothing was named (that would be everything).
        NotFound: a camera, source, crop, identity or case is not in the archive.
    """
    if not wanted.of_crops and wanted.searches_of is None:
        raise UsageError("nothing to delete was named", kind=Kind.NOTHING_TO_DELETE)
    for crop_id in wanted.crop_ids:
        store.require_crop(crop_id)
    with store.read() as connection:
        held, held_of = held_crops(connection), held_sources(connection)
        identities, shown = _identity(connection, wanted.identity)
        searches = _searches(connection, wanted.searches_of)
        photos = tuple(ever_of(connection, identities))
        keeping = held_identities(connection, identities)
    footage = () if wanted.permanent else _whole_sources(store, wanted)
    with store.scan() as connection:
        selection = select_crops(connection, wanted.filters if wanted.of_crops else NOTHING)
        ids, by_indexing = _selected(connection, wanted, selection.ids, shown)
        kept = held_back(held, ids.tolist())
        taken = set[int]().union(*(crops for _, crops in held))
        ids = np.array([one for one in ids.tolist() if one not in taken], dtype=np.int64)
        footage = tuple(one for one in footage if _is_free(connection, one, taken, held_of))
        sources = sources_only_of(connection, ids)
    alone = wanted.filters.empty and not wanted.crop_ids and wanted.older_than is None
    if keeping and alone:
        told = {one.hold_id for one in kept}
        kept += tuple(
            HeldBack(one.hold_id, one.text, 0) for one in keeping if one.hold_id not in told
        )
    if not alone or kept:
        identities, photos = (), ()  # some of whom it names stay
    return Erasure(
        ids,
        len(sources) + len(footage),
        selection.unknown.time if wanted.of_crops else 0,
        selection.unknown.camera if wanted.of_crops else 0,
        footage,
        wanted.permanent,
        by_indexing,
        identities,
        searches,
        kept,
        photos,
    )


NOTHING = Filters(before=dt.datetime(1, 1, 2, tzinfo=dt.UTC))


def _identity(connection: Connection, name: str | None) -> tuple[tuple[int, ...], set[int]]:
    """Return an identity with those merged into it, and the crops that show it."""
    if name is None:
        return (), set()
    ledger = Ledger.replay(log(connection))
    found = with_merged(ledger, ledger.find(name).identity_id)
    members = set[Member]().union(*(members_of(ledger, one) for one in found))
    return found, crops_of(connection, members)


def _searches(connection: Connection, case: str | None) -> tuple[int, ...]:
    """Return the entries of a case's searches that have a detail.

    Raises:
        NotFound: there is no such case.
        UsageError: it is on hold.
    """
    if case is None:
        return ()
    number = require_case(connection, case).number
    for one in holds(connection, in_force=True):
        if one.case == number:
            raise on_hold([HeldBack(one.hold_id, one.text, 0)])
    return searches_of(connection, number)


def _whole_sources(store: Store, wanted: Wanted) -> tuple[int, ...]:
    # A source that is forgotten would be indexed again as new.
    by_place = Wanted(Filters(sources=wanted.filters.sources), searches_of=wanted.searches_of)
    return footage_at(store, wanted.filters.sources) if wanted == by_place else ()


def _is_free(connection: Connection, source_id: int, taken: set[int], held: frozenset[int]) -> bool:
    crops = select(tables.crop.c.id).where(tables.crop.c.source_id == source_id)
    return source_id not in held and taken.isdisjoint(connection.scalars(crops))


def _selected(
    connection: Connection, wanted: Wanted, ids: CropIds, shown: set[int]
) -> tuple[CropIds, int]:
    """Return what of the crops that filters chose is wanted, and how many by index time alone."""
    if wanted.crop_ids:
        ids = np.intersect1d(ids, np.array(wanted.crop_ids, dtype=np.int64))
    if wanted.identity is not None:
        ids = np.intersect1d(ids, np.array(sorted(shown), dtype=np.int64))
    if wanted.not_of:
        of = tables.crop.c.camera_id.in_(
            select(tables.camera.c.id).where(tables.camera.c.name.in_(wanted.not_of))
        )
        spared = np.fromiter(connection.scalars(select(tables.crop.c.id).where(of)), dtype=np.int64)
        ids = np.setdiff1d(ids, spared)
    if wanted.older_than is None:
        return ids, 0
    crop, until_us = tables.crop.c, to_us(wanted.older_than)
    known = select(crop.id).where(crop.time_us < until_us)
    unknown = select(crop.id).where(crop.time_us.is_(None), crop.indexed_us < until_us)
    by_time, by_indexing = (
        np.fromiter(connection.scalars(one.order_by(crop.id)), dtype=np.int64)
        for one in (known, unknown)
    )
    by_indexing = np.intersect1d(ids, by_indexing)
    return np.union1d(np.intersect1d(ids, by_time), by_indexing), len(by_indexing)


def erase(
    store: Store,
    gallery: Gallery,
    planned: Erasure,
    progress: Progress = NO_PROGRESS,
    neighbours: Neighbours | None = None,
) -> bool:
    """Delete those crops and write an index without them.

    One transaction deletes the rows; from then on no search returns them, in any process, since
    every answer is checked against the database. It records what is left to do as well: rewriting
    index file and neighbour graph, and emptying the write-ahead log (`maintenance/finish.py`).

    Args:
        neighbours: of the gallery, to be kept open; None: they are opened for this.

    Returns:
        Whether the log could be emptied; otherwise a reader still holds it.

    Raises:
        ArchiveLocked: another process writes.
        UsageError: somebody of it is on hold by now, or has got photographs since it was planned.
        StorageError, Interrupted: the rows are deleted, and the rest is left to the next writer.
    """
    with store.lock():
        with step(progress, "deleting rows"), store.write() as connection:
            _delete(connection, planned)
        with told_as_unfinished(store):
            finish(store, gallery, neighbours or Neighbours(store, gallery), progress)
    return not pending_rows(store)


def _delete(connection: Connection, planned: Erasure) -> None:
    sources = [*sources_only_of(connection, planned.ids), *planned.footage]
    wanted = planned.ids.tolist()
    require_free(connection, wanted)
    require_identities_free(connection, planned.identities)
    if tuple(ever_of(connection, planned.identities)) != planned.photos:
        raise UsageError(
            "who is to be erased has got reference photographs since that was planned; nothing was "
            "deleted",
            "delete again: then they go too",
        )
    lost = erased.losses(connection, wanted)
    places = places_of(connection, planned.ids, planned.footage)
    digests = digests_of(connection, planned.ids, sources)
    digests |= digests_of_photos(connection, planned.photos)
    if planned.permanent:
        keep_out(connection, wanted)
    for start in range(0, len(wanted), CHUNK):  # pictures, embeddings, locations cascade
        part = wanted[start : start + CHUNK]
        let_go(connection, tables.crop.c.id.in_(part))
        connection.execute(delete(tables.crop).where(tables.crop.c.id.in_(part)))
    model_id = connection.execute(select(tables.archive.c.model_id)).scalar_one()
    renew_means(connection, model_id, [loss.tracklet_id for loss in lost])
    for start in range(0, len(sources), CHUNK):
        part = sources[start : start + CHUNK]
        connection.execute(delete(tables.source).where(tables.source.c.id.in_(part)))
    erased.record(connection, lost, permanent=planned.permanent)
    erase_photos(connection, planned.photos)
    gone = erase_identities(connection, planned.identities) if planned.identities else None
    forget(connection, places, digests, planned.ids, gone, planned.searches)
    unused = ~exists().where(tables.crop.c.camera_id == tables.camera.c.id) & ~exists().where(
        footage_table.c.camera_id == tables.camera.c.id
    )
    connection.execute(delete(tables.camera).where(unused))
    record_erasure(connection, Cause.DELETE, len(wanted))
    detail = {"crops": len(wanted), "identities": len(planned.identities)}
    if planned.photos:
        detail["photos"] = len(planned.photos)
    record_event(connection, Event.DELETE, detail)


def sources_only_of(connection: Connection, ids: CropIds) -> list[int]:
    """Sources of pictures that have no crop left once `ids` are gone."""
    crop = tables.crop.c
    of_ids: dict[int, int] = {}
    wanted = ids.tolist()
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        of_pictures = ~exists().where(footage_table.c.source_id == crop.source_id)
        query = select(crop.source_id).where(crop.id.in_(part), of_pictures)
        for source_id in connection.scalars(query):
            of_ids[source_id] = of_ids.get(source_id, 0) + 1
    candidates = list(of_ids)
    gone = []
    for start in range(0, len(candidates), CHUNK):
        part = candidates[start : start + CHUNK]
        counts = select(crop.source_id, func.count()).where(crop.source_id.in_(part))
        for source_id, count in connection.execute(counts.group_by(crop.source_id)):
            if count == of_ids[source_id]:
                gone.append(source_id)
    return gone
