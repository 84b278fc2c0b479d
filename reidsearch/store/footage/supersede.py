"""A file that has grown: the source of the whole takes over what the source of its start holds.

Tracklets and crops keep their ids, since decisions are about them; what was found a second time in
the grown file is dropped, and what of a person was new there is added to the tracklet held.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from reidsearch.domain.event_log import Event
from reidsearch.domain.pending import Cause
from reidsearch.store import tables
from reidsearch.store.crops.rows import forget_means
from reidsearch.store.events import record_event
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.footage.traces import doubts_of_both, one_person, together
from reidsearch.store.footage.tracklet_edits import info_of
from reidsearch.store.footage.tracklet_means import renew_means
from reidsearch.store.pending import record_erasure
from reidsearch.store.pictures.going import let_go
from reidsearch.store.tables.footage import (
    footage,
    moment,
    tracklet,
    tracklet_edit,
    tracklet_part,
)


def supersede(connection: Connection, old_id: int, new_id: int, model_id: int) -> None:
    """Let `new_id`, which is analysed to its end, take the place of `old_id`."""
    part = tracklet_part.c
    found = connection.execute(select(tracklet_part).where(part.source_id == new_id)).all()
    by_start = sorted(found, key=lambda row: int(row.first_us))
    touched = []
    stored = select(tracklet_part).where(part.source_id == old_id).order_by(part.tracklet_id)
    for row in connection.execute(stored).all():
        again = _again(row, by_start)
        if again:
            by_start = [one for one in by_start if one not in again]
            _join(connection, row, again)
            touched.append(row.tracklet_id)
    for table in (tracklet_part, tables.crop, tracklet_edit):
        connection.execute(
            update(table).where(table.c.source_id == old_id).values(source_id=new_id)
        )
    camera_id = select(footage.c.camera_id).where(footage.c.source_id == new_id).scalar_subquery()
    crop = tables.crop
    other = crop.c.camera_id.is_distinct_from(camera_id)
    if connection.scalar(select(crop.c.id).where(crop.c.source_id == new_id, other).limit(1)):
        forget_means(connection)
    connection.execute(update(crop).where(crop.c.source_id == new_id).values(camera_id=camera_id))
    # Decisions on tracklets name stretches of the source that they were made on.
    record_event(connection, Event.GROWN, {"old": old_id, "new": new_id})
    connection.execute(delete(tables.source).where(tables.source.c.id == old_id))
    record_erasure(connection, Cause.ANALYSIS)
    renew_means(connection, model_id, touched)


def _again(stored: Row[Any], found: list[Row[Any]]) -> list[Row[Any]]:
    """Return what was found again of a stored tracklet: several, where somebody has joined it."""
    trace = footage_rows.read_trace(stored.trace, stored.sha256)
    return [
        row
        for row in found
        if row.first_us <= stored.last_us
        and row.last_us >= stored.first_us
        and one_person(trace, footage_rows.read_trace(row.trace, row.sha256))
    ]


def _join(connection: Connection, stored: Row[Any], again: list[Row[Any]]) -> None:
    """Give the stored tracklet what the same person's new ones have more; drop the new ones."""
    crop, part = tables.crop.c, tracklet_part.c
    ours = crop.source_id == stored.source_id
    views = select(crop.id, crop.pts, crop.x1, crop.y1, crop.x2, crop.y2).join(
        moment, moment.c.crop_id == crop.id
    )
    held = {
        tuple(row[1:])
        for row in connection.execute(views.where(moment.c.tracklet_id == stored.tracklet_id, ours))
    }
    ids = [one.tracklet_id for one in again]
    for row in connection.execute(views.where(moment.c.tracklet_id.in_(ids))).all():
        if tuple(row[1:]) in held:
            let_go(connection, crop.id == row.id)
            connection.execute(delete(tables.crop).where(crop.id == row.id))
        else:
            connection.execute(
                update(moment)
                .where(moment.c.crop_id == row.id)
                .values(tracklet_id=stored.tracklet_id)
            )
    every = (*again, stored)
    traces = [footage_rows.read_trace(one.trace, one.sha256) for one in every]
    connection.execute(delete(tracklet).where(tracklet.c.id.in_(ids)))
    whole = together(*traces)
    doubts = zip([one.doubts or [] for one in every], traces, strict=True)
    connection.execute(
        update(tracklet_part)
        .where(part.tracklet_id == stored.tracklet_id, part.source_id == stored.source_id)
        .values(
            fragments=max(stored.fragments, sum(one.fragments for one in again)),
            doubts=doubts_of_both(whole, *doubts),
            **footage_rows.trace_values(info_of(connection, stored.source_id), whole),
        )
    )
