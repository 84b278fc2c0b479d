"""Rows of the grounds of cameras."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from reidsearch.base.actor import Author
from reidsearch.base.errors import UsageError
from reidsearch.base.timecode import from_us, iso, now, to_us
from reidsearch.domain.event_log import Event
from reidsearch.domain.ground import CameraGround, Ground, GroundPoint, fit_ground
from reidsearch.store import tables
from reidsearch.store.database.proofs import require_intact
from reidsearch.store.decoding import reads
from reidsearch.store.event_log import append
from reidsearch.store.tables.ground import camera_ground as table


def grounds(connection: Connection, camera: str | None = None) -> list[CameraGround]:
    """Return the grounds of one camera, or of all, in the order in which they were set.

    Raises:
        ArchiveError: a row is damaged; one that is passed over would measure by another.
    """
    require_intact(connection, table)
    held = (
        select(table, tables.camera.c.name.label("camera"))
        .join(tables.camera, tables.camera.c.id == table.c.camera_id)
        .order_by(table.c.id)
    )
    if camera is not None:
        held = held.where(tables.camera.c.name == camera)
    return [_ground(row) for row in connection.execute(held)]


def set_ground(
    connection: Connection,
    camera: str,
    ground: Ground,
    from_time: dt.datetime | None,
    to_time: dt.datetime | None,
    note: str,
) -> None:
    """Add the ground of a camera, which the archive has, and record it."""
    author: Author = connection.get_execution_options()["author"]
    of = select(tables.camera.c.id).where(tables.camera.c.name == camera)
    values = {
        "points": [[one.x, one.y, one.east_m, one.north_m] for one in ground.points],
        "width_px": ground.size_px[0],
        "height_px": ground.size_px[1],
        "click_px": ground.click_px,
        "from_us": from_time and to_us(from_time),
        "to_us": to_time and to_us(to_time),
        "note": note,
    }
    connection.execute(
        insert(table).values(
            camera_id=connection.scalar(of), set_by=author.name, set_us=to_us(now()), **values
        )
    )
    append(connection, Event.GROUND, {"change": "set", "camera": camera, **values})


def clear_grounds(connection: Connection, cleared: Sequence[CameraGround]) -> None:
    """Remove some grounds and record it, with all that they were."""
    for one in cleared:
        connection.execute(delete(table).where(table.c.id == one.number))
        detail = {
            "change": "clear",
            "camera": one.camera,
            "number": one.number,
            "points": [[p.x, p.y, p.east_m, p.north_m] for p in one.ground.points],
            "set_at": iso(one.set_at),
        }
        append(connection, Event.GROUND, detail)


@reads(table)
def _ground(row: Row[Any]) -> CameraGround:
    points = [GroundPoint(*map(float, one)) for one in row.points]
    try:
        ground = fit_ground(points, (row.width_px, row.height_px), row.click_px)
    except UsageError as error:  # nobody set it so
        raise ValueError(error.message) from error
    return CameraGround(
        number=row.id,
        camera=row.camera,
        ground=ground,
        from_time=None if row.from_us is None else from_us(row.from_us),
        to_time=None if row.to_us is None else from_us(row.to_us),
        note=row.note,
        set_by=row.set_by,
        set_at=from_us(row.set_us),
    )
