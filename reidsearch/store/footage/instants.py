"""Which sources show an instant of the wall clock, by their corrected clocks."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import select

from reidsearch.domain.footage import Clock
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.tables.footage import footage


@dataclass(frozen=True, slots=True)
class Timed:
    """When a source of footage was recorded."""

    source_id: int
    camera: str | None
    clock: Clock
    duration_s: Fraction


_TIMED = (
    select(
        footage.c.source_id,
        footage.c.duration_us,
        *footage_rows.CLOCK,
        tables.camera.c.name.label("camera"),
    )
    .outerjoin(tables.camera, tables.camera.c.id == footage.c.camera_id)
    .where(footage.c.start_us.is_not(None))
    .order_by(footage.c.source_id)
)


def timed(store: Store) -> list[Timed]:
    """Return every source whose time is known."""
    with store.read() as connection:
        rows = connection.execute(_TIMED).all()
    return [
        Timed(
            row.source_id,
            row.camera,
            footage_rows.read_clock(row),
            Fraction(row.duration_us, 1_000_000),
        )
        for row in rows
    ]
