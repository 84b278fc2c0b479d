"""Which crops, tracklets and sources come from some cameras, and from no other.

What comes from no known camera comes from none of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from reidsearch.store import tables
from reidsearch.store.chunks import chunks, possible
from reidsearch.store.tables.footage import footage, tracklet_part


def crops_seen(connection: Connection, ids: Iterable[int], cameras: Collection[str]) -> set[int]:
    """Return those of these crops that come from the cameras."""
    crop, camera = tables.crop, tables.camera
    question = select(crop.c.id, camera.c.name).outerjoin(camera, camera.c.id == crop.c.camera_id)
    return _seen(connection, question, crop.c.id, ids, cameras)


def tracklets_seen(
    connection: Connection, ids: Iterable[int], cameras: Collection[str]
) -> set[int]:
    """Return those of these tracklets all of whose parts come from the cameras."""
    camera, part = tables.camera, tracklet_part
    question = (
        select(part.c.tracklet_id, camera.c.name)
        .select_from(part)
        .join(footage, footage.c.source_id == part.c.source_id)
        .outerjoin(camera, camera.c.id == footage.c.camera_id)
    )
    return _seen(connection, question, part.c.tracklet_id, ids, cameras)


def sources_seen(connection: Connection, ids: Iterable[int], cameras: Collection[str]) -> set[int]:
    """Return those of these sources all of whose crops, and whose footage, come from them."""
    camera, crop = tables.camera, tables.crop
    ids = possible(ids)
    of_footage = select(footage.c.source_id, camera.c.name).outerjoin(
        camera, camera.c.id == footage.c.camera_id
    )
    of_crops = (
        select(crop.c.source_id, camera.c.name)
        .outerjoin(camera, camera.c.id == crop.c.camera_id)
        .distinct()
    )
    filmed = _rows(connection, of_footage, footage.c.source_id, ids)
    return _all_of({*filmed, *_rows(connection, of_crops, crop.c.source_id, ids)}, cameras)


def known_cameras(connection: Connection, cameras: Collection[str]) -> tuple[str, ...]:
    """Return those of these cameras that the archive has."""
    known = connection.scalars(select(tables.camera.c.name).order_by(tables.camera.c.name))
    return tuple(name for name in known if name in cameras)


def newer_crop(connection: Connection, crop_id: int, cameras: Collection[str]) -> bool:
    """Tell whether a crop that comes from the cameras was stored after this one."""
    crop, camera = tables.crop, tables.camera
    newer = select(crop.c.id).join(camera, camera.c.id == crop.c.camera_id)
    of_them = camera.c.name.in_(cameras) & (crop.c.id > crop_id)
    return connection.execute(newer.where(of_them).limit(1)).first() is not None


def _seen(
    connection: Connection,
    question: Select[Any],
    column: ColumnElement[int],
    ids: Iterable[int],
    cameras: Collection[str],
) -> set[int]:
    return _all_of(_rows(connection, question, column, possible(ids)), cameras)


def _rows(
    connection: Connection,
    question: Select[Any],
    column: ColumnElement[int],
    ids: list[int],
) -> set[tuple[int, str | None]]:
    return {
        (row[0], row[1])
        for part in chunks(ids)
        for row in connection.execute(question.where(column.in_(part)))
    }


def _all_of(rows: set[tuple[int, str | None]], cameras: Collection[str]) -> set[int]:
    """Return the numbers all of whose rows name one of the cameras."""
    return {number for number, _ in rows} - {number for number, name in rows if name not in cameras}
