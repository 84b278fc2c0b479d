"""Deletion for good: rows, pictures, embeddings, index entries, and the pages they stood on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, delete, exists, func, select

from reidsearch.base.errors import Kind, UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress, step
from reidsearch.domain.crops import CropIds
from reidsearch.domain.event_log import Event
from reidsearch.domain.pending import Cause
from reidsearch.domain.request import Filters
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.maintenance.finish import finish, told_as_unfinished
from reidsearch.maintenance.forget import digests_of, forget, places_of
from reidsearch.store import tables
from reidsearch.store.chunks import CHUNK
from reidsearch.store.crops.store import Store
from reidsearch.store.events import record_event
from reidsearch.store.footage import erased
from reidsearch.store.footage.reader import footage_at
from reidsearch.store.footage.tracklet_means import renew_means
from reidsearch.store.pending import record_erasure
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
        permanent: no index run brings back what is deleted of footage.
        unknown_time / unknown_camera: crops that stay because theirs is not known.
    """

    ids: CropIds
    sources: int
    unknown_time: int
    unknown_camera: int
    footage: tuple[int, ...] = ()
    permanent: bool = False


def plan(
    store: Store, filters: Filters, crop_ids: tuple[int, ...], *, permanent: bool = False
) -> Erasure:
    """Find what to delete, to be shown before `erase` does it.

    Raises:
        UsageError: neither a filter nor an id was given (that would be everything).
        NotFound: a camera, source or crop is not in the archive.
    """
    if filters.empty and not crop_ids:
        raise UsageError("nothing to delete was named", kind=Kind.NOTHING_TO_DELETE)
    for crop_id in crop_ids:
        store.require_crop(crop_id)
    # A source that is forgotten would be indexed again as new.
    by_place = filters == Filters(sources=filters.sources) and not crop_ids and not permanent
    footage = footage_at(store, filters.sources) if by_place else ()
    with store.scan() as connection:
        selection = select_crops(connection, filters)
        ids = selection.ids
        if crop_ids:
            named = np.unique(np.array(crop_ids, dtype=np.int64))
            ids = named if filters.empty else np.intersect1d(ids, named)
        sources = _sources_only_of(connection, ids)
    count = len(sources) + len(footage)
    return Erasure(ids, count, selection.unknown_time, selection.unknown_camera, footage, permanent)


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
        StorageError, Interrupted: the rows are deleted, and the rest is left to the next writer.
    """
    with store.lock():
        with step(progress, "deleting rows"), store.write() as connection:
            _delete(connection, planned)
        with told_as_unfinished(store):
            finish(store, gallery, neighbours or Neighbours(store, gallery), progress)
    return not store.state().pending


def _delete(connection: Connection, planned: Erasure) -> None:
    sources = [*_sources_only_of(connection, planned.ids), *planned.footage]
    wanted = planned.ids.tolist()
    lost = erased.losses(connection, wanted)
    places = places_of(connection, planned.ids, planned.footage)
    digests = digests_of(connection, planned.ids, sources)
    for start in range(0, len(wanted), CHUNK):  # pictures, embeddings, locations cascade
        part = wanted[start : start + CHUNK]
        connection.execute(delete(tables.crop).where(tables.crop.c.id.in_(part)))
    model_id = connection.execute(select(tables.archive.c.model_id)).scalar_one()
    renew_means(connection, model_id, [loss.tracklet_id for loss in lost])
    for start in range(0, len(sources), CHUNK):
        part = sources[start : start + CHUNK]
        connection.execute(delete(tables.source).where(tables.source.c.id.in_(part)))
    erased.record(connection, lost, permanent=planned.permanent)
    forget(connection, places, digests, planned.ids)
    unused = ~exists().where(tables.crop.c.camera_id == tables.camera.c.id) & ~exists().where(
        footage_table.c.camera_id == tables.camera.c.id
    )
    connection.execute(delete(tables.camera).where(unused))
    record_erasure(connection, Cause.DELETE, len(wanted))
    record_event(connection, Event.DELETE, {"crops": len(wanted)})


def _sources_only_of(connection: Connection, ids: CropIds) -> list[int]:
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
