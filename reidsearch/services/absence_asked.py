"""Which time the filters of a search ask about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from reidsearch.base.time_of_day import DAY_US, offsets
from reidsearch.base.timecode import parse_zone
from reidsearch.domain.absence import Interval, common, merged
from reidsearch.domain.request import Filters

_MONDAY = 3
"""Days from a Monday to 1970-01-01, a Thursday."""


def asked_within(filters: Filters, first: int, last: int, zone: dt.tzinfo | None) -> list[Interval]:
    """Return the time from `first` to `last`, or what of it lies in the hours and days asked for.

    Args:
        zone: the archive's, of hours and days that name none; None: UTC.
    """
    hours, days = filters.time_of_day, filters.weekdays
    found = [(first, last)]
    if hours is not None:
        by = parse_zone(hours.zone) if hours.zone else zone
        found = _daily(first, last, by, hours.begins_us, hours.length_us, lambda _: True)
    if days is not None:
        by = parse_zone(days.zone) if days.zone else zone
        found = common(found, _daily(first, last, by, 0, DAY_US, lambda day: day in days.days))
    return found


def _daily(
    first: int,
    last: int,
    zone: dt.tzinfo | None,
    begins_us: int,
    length_us: int,
    counts: Callable[[int], bool],
) -> list[Interval]:
    """Return a part of each day that counts, by its number in the week, by the clocks of a zone."""
    ahead = offsets(zone, first - 2 * DAY_US, last + 2 * DAY_US)
    found = []
    for number, (since, by) in enumerate(ahead):
        until = ahead[number + 1][0] if number + 1 < len(ahead) else last
        low = first if number == 0 else max(first, since)
        high = min(last, until)
        day = (low + by) // DAY_US * DAY_US - DAY_US
        while day - by < high:
            if counts((day // DAY_US + _MONDAY) % 7):
                begins = day - by + begins_us
                found.append((max(low, begins), min(high, begins + length_us)))
            day += DAY_US
    return merged(found)
