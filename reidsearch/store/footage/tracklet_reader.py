"""Reading tracklets: where and when each was seen, its views, its trace."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, select

from reidsearch.base.errors import ArchiveError, Kind, NotFound
from reidsearch.base.timecode import from_us
from reidsearch.domain.tracklets import Doubt, Purity, SourceInterval, Trace, TrackletSeen
from reidsearch.store import tables
from reidsearch.store.chunks import chunks, of_ids, possible
from reidsearch.store.crops.store import Store
from reidsearch.store.database import selects
from reidsearch.store.decoding import reads
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.tables.footage import footage, footage_location, moment, tracklet_part


def tracklet_ids(store: Store, crop_ids: Sequence[int]) -> dict[int, int]:
    """Return the tracklet of each of those crops that is a view of one."""
    if not crop_ids:
        return {}
    with store.read() as connection:
        part = {"ids": json.dumps(possible(crop_ids))}
        rows = connection.execute(selects.TRACKLET_IDS, part).all()
        return {row.crop_id: row.tracklet_id for row in rows}


def tracklets(store: Store, ids: Sequence[int]) -> dict[int, TrackletSeen]:
    """Return those tracklets that are stored, by id."""
    found: dict[int, TrackletSeen] = {}
    with store.read() as connection:
        for part in chunks(possible(ids)):
            found.update(_tracklets(connection, list(part)))
    return found


def _tracklets(connection: Connection, ids: list[int]) -> dict[int, TrackletSeen]:
    views = views_of(connection, ids)
    return {
        tracklet_id: _tracklet(tracklet_id, parts, views.get(tracklet_id, ()))
        for tracklet_id, parts in parts_of(connection, ids).items()
    }


def views_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Return the crops of each of at most `CHUNK` tracklets, best first."""
    views: dict[int, list[int]] = {}
    for tracklet_id, crop_id in connection.execute(_VIEWS, {"ids": json.dumps([*ids])}).all():
        views.setdefault(tracklet_id, []).append(crop_id)
    return {tracklet_id: tuple(crop_ids) for tracklet_id, crop_ids in views.items()}


def parts_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Return the parts of each of at most `CHUNK` tracklets in order of time.

    Each row has the clock of its source, its `camera` and its `location`.
    """
    parts: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(_PARTS, {"ids": json.dumps([*ids])}).all():
        parts.setdefault(row.tracklet_id, []).append(row)
    for rows in parts.values():
        rows.sort(key=_begins)
    return parts


# A search asks these: built once, see `selects.py`.
_VIEWS = (
    select(moment.c.tracklet_id, moment.c.crop_id)
    .where(selects.listed(moment.c.tracklet_id))
    .order_by(moment.c.quality.desc(), moment.c.crop_id)
)

_PARTS: Select[Any] = (
    select(
        tracklet_part.c.tracklet_id,
        tracklet_part.c.source_id,
        tracklet_part.c.first_us,
        tracklet_part.c.last_us,
        tracklet_part.c.detections,
        tracklet_part.c.fragments,
        tracklet_part.c.doubts,
        *footage_rows.CLOCK,
        tables.camera.c.name.label("camera"),
        footage_location.c.text.label("location"),
    )
    .select_from(tracklet_part)
    .join(footage, footage.c.source_id == tracklet_part.c.source_id)
    .outerjoin(tables.camera, tables.camera.c.id == footage.c.camera_id)
    .outerjoin(
        footage_location,
        (footage_location.c.source_id == footage.c.source_id)
        & footage_location.c.own.is_not(False),
    )
    .where(selects.listed(tracklet_part.c.tracklet_id))
)


def _begins(part: Row[Any]) -> tuple[int, int]:
    at_us = footage_rows.read_clock(part).at_us(interval(part).first_s)
    return at_us or 0, part.source_id


@reads(tracklet_part)
def interval(part: Row[Any]) -> SourceInterval:
    """Return the stretch of its source that a part is."""
    return SourceInterval(part.source_id, part.location or "", part.first_us, part.last_us)


def _tracklet(
    tracklet_id: int, parts: Sequence[Row[Any]], crop_ids: tuple[int, ...]
) -> TrackletSeen:
    seen = tuple(interval(part) for part in parts)
    clock = footage_rows.read_clock(parts[0])
    first_us = clock.at_us(seen[0].first_s)
    last_us = footage_rows.read_clock(parts[-1]).at_us(seen[-1].last_s)
    return TrackletSeen(
        tracklet_id=tracklet_id,
        camera=parts[0].camera,
        parts=seen,
        first_time=None if first_us is None else from_us(first_us),
        last_time=None if last_us is None else from_us(last_us),
        uncertainty_s=clock.uncertainty_at(seen[0].first_s),
        detections=sum(part.detections for part in parts),
        crop_ids=crop_ids,
        fragments=sum(part.fragments for part in parts),
        correction_s=float(clock.correction_s),
        purity=purity_of(parts),
    )


def purity_of(parts: Sequence[Row[Any]]) -> Purity | None:
    """Return how far a tracklet's parts are known to show one person; None: nobody knows."""
    found: list[Doubt] = []
    before = 0
    for part in parts:
        own = doubts_of(part)
        if own is None:
            return None
        # One at the very first detection tells of whoever was split off before it.
        found += [
            Doubt(before + at, part.source_id, media_us) for at, media_us in own if before + at
        ]
        before += part.detections
    return Purity(before, tuple(found))


@reads(tracklet_part)
def doubts_of(part: Row[Any]) -> list[tuple[int, int]] | None:
    """Return position and media time (microseconds) of each doubt of a part; None: not known."""
    if part.doubts is None:
        return None
    return [(int(position), int(media_us)) for position, media_us in part.doubts]


def tracklets_of(store: Store, source_id: int) -> list[TrackletSeen]:
    """Return all tracklets that a source shows, by the time they were first seen in it."""
    with store.read() as connection:
        ids = list(
            connection.scalars(
                select(tracklet_part.c.tracklet_id)
                .where(tracklet_part.c.source_id == source_id)
                .order_by(tracklet_part.c.first_us, tracklet_part.c.tracklet_id)
            )
        )
    held = tracklets(store, ids)
    return [held[tracklet_id] for tracklet_id in ids]


def trace(store: Store, tracklet_id: int, source_id: int) -> Trace:
    """Return where a tracklet's person was in one source, frame by frame.

    Raises:
        NotFound: that source shows no tracklet with this id.
        ArchiveError: it is damaged.
    """
    with store.read() as connection:
        row = connection.execute(
            select(tracklet_part.c.trace, tracklet_part.c.sha256).where(
                tracklet_part.c.tracklet_id == tracklet_id,
                tracklet_part.c.source_id == source_id,
            )
        ).one_or_none()
    if row is None:
        raise NotFound(f"{store.location} holds no tracklet {tracklet_id}")
    return _read_trace(store, tracklet_id, row)


def traces_of(store: Store, source_id: int) -> list[tuple[int, Trace]]:
    """Return what a source shows of each of its tracklets, by id.

    Raises:
        ArchiveError: one is damaged.
    """
    return _traces(store, tracklet_part.c.source_id == source_id, tracklet_part.c.tracklet_id)


def traces_between(
    store: Store, source_id: int, from_us: int, to_us: int
) -> list[tuple[int, Trace]]:
    """Return whole traces of the tracklets that an interval of a source shows.

    By the time that each was first seen in the source; times are microseconds of media time.

    Raises:
        ArchiveError: one is damaged.
    """
    part = tracklet_part.c
    shown = and_(part.source_id == source_id, part.first_us <= to_us, part.last_us >= from_us)
    return _traces(store, shown, part.first_us, part.tracklet_id)


def _traces(
    store: Store, where: ColumnElement[bool], *order: ColumnElement[Any]
) -> list[tuple[int, Trace]]:
    with store.read() as connection:
        rows = connection.execute(
            select(tracklet_part.c.tracklet_id, tracklet_part.c.trace, tracklet_part.c.sha256)
            .where(where)
            .order_by(*order)
        ).all()
    return [(row.tracklet_id, _read_trace(store, row.tracklet_id, row)) for row in rows]


def views_in(
    store: Store, source_id: int, tracklet_ids: Sequence[int]
) -> dict[int, list[tuple[int, int]]]:
    """Return the crops of tracklets in one source, each with its pts, best first."""
    found: dict[int, list[tuple[int, int]]] = {}
    every = (
        select(moment.c.tracklet_id, moment.c.crop_id, tables.crop.c.pts)
        .join(tables.crop, tables.crop.c.id == moment.c.crop_id)
        .where(tables.crop.c.source_id == source_id)
        .order_by(moment.c.quality.desc(), moment.c.crop_id)
    )
    with store.read() as connection:
        for part in of_ids(every, moment.c.tracklet_id, tracklet_ids):
            for row in connection.execute(part):
                found.setdefault(row.tracklet_id, []).append((row.crop_id, row.pts))
    return found


def _read_trace(store: Store, tracklet_id: int, row: Any) -> Trace:
    try:
        return footage_rows.read_trace(row.trace, row.sha256)
    except ArchiveError as error:
        raise ArchiveError(
            f"the trace of tracklet {tracklet_id} is damaged",
            kind=Kind.ARCHIVE_DAMAGED,
            archive=store.location,
        ) from error
