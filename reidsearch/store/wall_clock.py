"""Conditions by hours of the day and days of the week, as the clocks on the wall show them."""

from __future__ import annotations

from itertools import pairwise

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from reidsearch.base.time_of_day import DAY_US, offsets
from reidsearch.base.timecode import parse_zone
from reidsearch.domain.filters import Filters
from reidsearch.store import tables
from reidsearch.store.timezone import timezone_of

EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday


def at_time_of_day(
    connection: Connection,
    filters: Filters,
    first_us: ColumnElement[int],
    last_us: ColumnElement[int],
) -> list[ColumnElement[bool]]:
    """Return the condition that a stretch of wall-clock time has a part in the hours asked for.

    It is the clocks on the wall that count: where they are put back, an hour is there twice.
    """
    asked = filters.time_of_day
    if asked is None:
        return []
    ahead = _offsets(connection, asked.zone)
    first, last = (_on_the_wall(time_us, ahead) for time_us in (first_us, last_us))
    begun = _of_day(first - asked.begins_us) < asked.length_us
    if first_us is last_us:
        return [begun]
    begins_later = _of_day(asked.begins_us - first) <= last - first
    return [or_(begun, begins_later)]


def on_weekdays(
    connection: Connection,
    filters: Filters,
    first_us: ColumnElement[int],
    last_us: ColumnElement[int],
) -> list[ColumnElement[bool]]:
    """Return the condition that a stretch of wall-clock time has a part in the days asked for."""
    asked = filters.weekdays
    if asked is None:
        return []
    ahead = _offsets(connection, asked.zone)
    first, last = (_day(_on_the_wall(time_us, ahead)) for time_us in (first_us, last_us))
    begun = _of_week(first).in_(asked.days)
    if first_us is last_us:
        return [begun]
    return [or_(begun, *(_of_week(day - first) <= last - first for day in asked.days))]


def _day(local_us: ColumnElement[int]) -> ColumnElement[int]:
    """Return the number of a day, from a Monday on."""
    return (local_us - _of_day(local_us)) // DAY_US + EPOCH_WEEKDAY


def _of_week(day: ColumnElement[int]) -> ColumnElement[int]:
    return (day % 7 + 7) % 7


def _offsets(connection: Connection, zone: str | None) -> list[tuple[int, int]]:
    """Return how far a zone's clocks were ahead of UTC while crops of the archive were taken."""
    time_us = tables.crop.c.time_us
    first, last = (connection.scalar(select(end(time_us))) for end in (func.min, func.max))
    if first is None or last is None:
        return [(0, 0)]
    name = zone or timezone_of(connection)
    around = 2 * DAY_US  # tracklets begin before their first best shot and end after the last
    return offsets(parse_zone(name) if name else None, first - around, last + around)


def _on_the_wall(time_us: ColumnElement[int], ahead: list[tuple[int, int]]) -> ColumnElement[int]:
    """Return what the clocks of a zone show, as microseconds."""
    *_, (_, last) = ahead
    whens = [(time_us < until, time_us + offset) for (_, offset), (until, _) in pairwise(ahead)]
    return case(*whens, else_=time_us + last) if whens else time_us + last


def _of_day(local_us: ColumnElement[int]) -> ColumnElement[int]:
    # Twice: what is left of a negative number is negative.
    return (local_us % DAY_US + DAY_US) % DAY_US
