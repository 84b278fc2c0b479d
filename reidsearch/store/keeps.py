"""Rows of how long the recorders of cameras keep footage."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from reidsearch.base.actor import Author
from reidsearch.base.errors import NotFound
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.event_log import Event
from reidsearch.domain.keeps import CameraKeeps
from reidsearch.store.database.proofs import require_intact
from reidsearch.store.decoding import reads
from reidsearch.store.event_log import append
from reidsearch.store.tables.keeps import camera_keeps as table


def kept_by_recorders(connection: Connection) -> list[CameraKeeps]:
    """Return what is known, by camera.

    Raises:
        ArchiveError: a row is damaged; one that is passed over would give no date.
    """
    require_intact(connection, table)
    return sorted(map(_keeps, connection.execute(select(table))), key=lambda one: one.camera)


def set_keeps(connection: Connection, camera: str, days: float) -> CameraKeeps:
    """Set or replace what is known of a camera, and record it."""
    author: Author = connection.get_execution_options()["author"]
    at = now()
    connection.execute(delete(table).where(table.c.camera == camera))
    connection.execute(
        insert(table).values(camera=camera, days=days, set_by=author.name, set_us=to_us(at))
    )
    append(connection, Event.KEEPS, {"change": "set", "camera": camera, "days": days})
    return CameraKeeps(camera, days, at, author.name)


def clear_keeps(connection: Connection, camera: str) -> CameraKeeps:
    """Remove what is known of a camera, and record it.

    Raises:
        NotFound: nothing is.
    """
    for one in kept_by_recorders(connection):
        if one.camera == camera:
            connection.execute(delete(table).where(table.c.camera == camera))
            detail = {"change": "clear", "camera": camera, "days": one.days}
            append(connection, Event.KEEPS, detail)
            return one
    raise NotFound(f"nobody said how long the recorder of camera {camera!r} keeps footage")


@reads(table)
def _keeps(row: Row[Any]) -> CameraKeeps:
    return CameraKeeps(row.camera, row.days, from_us(row.set_us), row.set_by)
