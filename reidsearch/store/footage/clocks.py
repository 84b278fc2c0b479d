"""Clocks of footage: set, corrected by hand, and the record of every correction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select, update

from reidsearch.base.timecode import from_us
from reidsearch.domain.event_log import Event
from reidsearch.domain.footage import Clock
from reidsearch.domain.reports import ClockChange
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import intact
from reidsearch.store.decoding import reads
from reidsearch.store.events import record_event, require_record
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.tables.footage import footage, footage_location

_MEDIA = (
    select(footage, tables.source.c.width_px, tables.source.c.height_px)
    .join(tables.source)
    .where(intact(footage))
)


def set_clock(connection: Connection, source_id: int, clock: Clock) -> None:
    """Set another clock for a source: the times of all its crops follow."""
    connection.execute(
        update(footage)
        .where(footage.c.source_id == source_id)
        .values(**footage_rows.clock_values(clock))
    )
    facts = connection.execute(_MEDIA.where(footage.c.source_id == source_id)).one()
    info = footage_rows.read_info(facts)
    crop = tables.crop
    rows = connection.execute(select(crop.c.id, crop.c.pts).where(crop.c.source_id == source_id))
    for row in rows.all():
        time_us = clock.at_us(info.media_s(row.pts))
        connection.execute(update(crop).where(crop.c.id == row.id).values(time_us=time_us))


def moved_from(clock: Clock, told: Clock) -> Clock:
    """Return a clock that somebody set, with how far it is from the start that is told.

    Args:
        told: without corrections; where it knows no start, nothing can be compared.
    """
    if clock.start is None or told.start is None:
        return clock
    return replace(clock, moved_s=Fraction((clock.start - told.start).total_seconds()))


def clock_of(connection: Connection, source_id: int) -> Clock:
    """Return the clock of a source."""
    held = select(footage).where(footage.c.source_id == source_id, intact(footage))
    return footage_rows.read_clock(connection.execute(held).one())


def record_clock(connection: Connection, source_id: int, clock: Clock, who: str, why: str) -> None:
    """Set a clock by hand: what it was before stays on record, with who changed it and why.

    A start of the origin `hand` is compared with the one it replaces.

    Raises:
        UsageError: who or why cannot be stored.
    """
    require_record(who, why)
    before = clock_of(connection, source_id)
    if clock.start != before.start and clock.start is not None and before.start is not None:
        further_s = Fraction((clock.start - before.start).total_seconds())
        clock = replace(clock, moved_s=before.moved_s + further_s)
    set_clock(connection, source_id, clock)
    record_event(
        connection,
        Event.CLOCK,
        {
            "source_id": source_id,
            "actor": who,
            "why": why,
            "before": footage_rows.clock_values(before),
            "after": footage_rows.clock_values(clock),
        },
    )


def clock_changes(store: Store) -> list[ClockChange]:
    """Return every correction of a clock by hand, in the order in which they were made."""
    event, where = tables.event, footage_location.c
    with store.read() as connection:
        rows = connection.execute(
            select(event).where(event.c.what == Event.CLOCK.value).order_by(event.c.id)
        ).all()
        found = connection.execute(
            select(where.source_id, where.text).where(where.own.is_not(False))
        )
        places = {row.source_id: row.text for row in found}
    return [_change(row, places) for row in rows]


@reads(tables.event)
def _change(row: Row[Any], places: Mapping[int, str]) -> ClockChange:
    return ClockChange(
        source_id=row.detail["source_id"],
        location=places.get(row.detail["source_id"], ""),
        at=from_us(row.at_us),
        before=_clock(row.detail["before"]),
        after=_clock(row.detail["after"]),
        who=row.detail.get("actor", ""),
        why=row.detail.get("why", ""),
    )


def _clock(values: Mapping[str, Any]) -> Clock:
    """Read a clock of the record; earlier ones lack what came later."""
    later = {"moved_us": 0, "clock_until_us": None}
    return footage_rows.read_clock(SimpleNamespace(**{**later, **values}))


def most_of_one_start(store: Store, clocks: Iterable[Clock]) -> int:
    """Return how many sources of the archive begin alike by an option: of these clocks, the most.

    A clock that was corrected begins at another time, whatever it was told first.
    """
    clock = footage.c.start_us, footage.c.offset_us
    ours = {
        (values["start_us"], values["offset_us"])
        for values in map(footage_rows.clock_values, clocks)
        if values["clock_origin"] == "option"
    }
    if not ours:
        return 0
    here = exists().where(
        footage_location.c.source_id == footage.c.source_id,
        footage_location.c.replaced_us.is_(None),
    )
    with store.read() as connection:
        rows = connection.execute(
            select(*clock, func.count())
            .where(footage.c.clock_origin == "option", here)
            .group_by(*clock)
        ).all()
    return max((number for *begins, number in rows if tuple(begins) in ours), default=0)
