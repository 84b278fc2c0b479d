"""Coverage by days: how much of each day of the archive's zone was analysed, and how."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reidsearch.output import times

HOLES = frozenset({"failed", "gap", "erased"})
DAY = dt.timedelta(days=1)


@dataclass(slots=True)
class Day:
    """One day.

    Args:
        seconds: by how it was analysed, of all cameras together.
        cameras: with footage on it.
    """

    date: dt.date
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    cameras: set[str | None] = field(default_factory=set)

    @property
    def holes(self) -> bool:
        """Whether something of its footage could not be seen."""
        return any(self.seconds.get(how, 0.0) > 0 for how in HOLES)

    @property
    def whole_s(self) -> float:
        """Length of its footage."""
        return sum(self.seconds.values())

    @property
    def shares(self) -> list[tuple[str, float, float]]:
        """Kinds with where each begins and how wide it is, in per cent of the footage."""
        found, at = [], 0.0
        for how, seconds in self.seconds.items():
            width = 100 * seconds / (self.whole_s or 1.0)
            found.append((how, round(at, 2), round(width, 2)))
            at += width
        return found


@dataclass(frozen=True, slots=True)
class Month:
    """One month: weeks from Monday, None for days of its neighbours."""

    name: str
    weeks: list[list[Day | None]]


def days_of(coverage: Mapping[str, Any]) -> dict[dt.date, Day]:
    """Return the days on which there is footage with a known time."""
    days: dict[dt.date, Day] = {}
    for source in coverage["sources"]:
        for span in source["spans"]:
            if not span["from_time"] or not span["to_time"]:
                continue
            for date, seconds in _parts(span["from_time"], span["to_time"]):
                day = days.setdefault(date, Day(date))
                day.seconds[span["how"]] += seconds
                day.cameras.add(source["camera"])
    return days


def months_of(days: Mapping[dt.date, Day]) -> list[Month]:
    """Return the months in which there are days, in order."""
    months = sorted({(date.year, date.month) for date in days})
    weeks = calendar.Calendar()
    return [
        Month(
            f"{year}-{month:02}",
            [
                [(days.get(date) or Day(date)) if date.month == month else None for date in week]
                for week in weeks.monthdatescalendar(year, month)
            ],
        )
        for year, month in months
    ]


def on_day(coverage: Mapping[str, Any], date: dt.date) -> dict[str, Any]:
    """Return what of a coverage document lies on a day; stretches are cut at midnight."""
    sources = [
        {**source, "spans": spans}
        for source in coverage["sources"]
        if (spans := [cut for one in source["spans"] if (cut := _cut(one, date))])
    ]
    missing = [cut for one in coverage["not_supplied"] if (cut := _cut(one, date))]
    return {**coverage, "sources": sources, "not_supplied": missing}


def _cut(span: Mapping[str, Any], date: dt.date) -> dict[str, Any] | None:
    if not span["from_time"] or not span["to_time"]:
        return None
    first, last = (dt.datetime.fromisoformat(span[name]) for name in ("from_time", "to_time"))
    begins, ends = times.midnight(date), times.midnight(date + DAY)
    if last <= begins or first >= ends:
        return None
    cut = dict(span, from_time=max(first, begins).isoformat(), to_time=min(last, ends).isoformat())
    if "from_s" in span:
        cut["from_s"] = span["from_s"] + max(0.0, (begins - first).total_seconds())
    return cut


def _parts(from_text: str, to_text: str) -> Iterator[tuple[dt.date, float]]:
    first, last = dt.datetime.fromisoformat(from_text), dt.datetime.fromisoformat(to_text)
    while first < last:
        date = times.shifted(first).date()
        until = min(last, times.midnight(date + DAY))
        yield date, (until - first).total_seconds()
        first = until
