"""Moments of footage as the clock shows them: `ch01@08:15:33`, `gate.mp4@2026-03-10T08:15:33`.

In: a camera's name or a part of a source's path, and a time as answers show it, so with every
correction of the clock. Out: one source and its media time; several are listed, never chosen from.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from reidsearch.base.errors import Kind, NotFound, Refused, UsageError
from reidsearch.base.locations import composed
from reidsearch.base.timecode import at_local, from_us, read_time, to_us
from reidsearch.domain.footage import SourceCoverage

_DATED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_OF_DAY = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?")
LISTED_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class ClockMoment:
    """A moment of one source, by its clock and by its media time."""

    source: SourceCoverage
    at: dt.datetime
    media_s: Fraction


def is_dated(time: str) -> bool:
    """Whether a text is a date with a time of day, not a media time."""
    return _DATED.fullmatch(time) is not None


def is_clock_time(time: str) -> bool:
    """Whether a text can be read as a time of the clock: with its date, or of a day alone."""
    return is_dated(time) or _OF_DAY.fullmatch(time) is not None


def media_times(one: SourceCoverage, time: str, zone: dt.tzinfo | None) -> list[Fraction]:
    """Return the media times at which a source's clock shows a time; empty: never.

    Args:
        time, zone: as for `find_moment`.

    Raises:
        UsageError: it is no time.
    """
    found = [_media_s(one, at) for at in _times(one, time, zone)]
    return [media_s for media_s in found if media_s is not None]


def find_moment(
    sources: Sequence[SourceCoverage], name: str, time: str, zone: dt.tzinfo | None
) -> ClockMoment:
    """Return the one moment of the sources that a name and a time mean.

    Args:
        name: of a camera, else a part of a path.
        time: with its date, or of the day alone where only one day is meant.
        zone: of a time without one; None: the machine's own.

    Raises:
        NotFound: no source is called so, or none was recorded at that time.
        UsageError: several were, or it is no time.
    """
    called = [one for one in sources if one.facts.camera == composed(name)]
    called = called or [one for one in sources if composed(name) in composed(one.location)]
    if not called:
        raise NotFound(f"there is no file, no camera and no footage called {name!r}")
    found = [
        ClockMoment(one, at, media_s)
        for one in called
        for at in _times(one, time, zone)
        if (media_s := _media_s(one, at)) is not None
    ]
    if not found:
        raise NotFound(f"there is no footage of {name} at {time}{_known(called, zone)}")
    if len(found) > 1:
        raise UsageError(
            f"{name}@{time} is {len(found)} moments of footage: {_named(found, zone)}",
            "give the date, and the file where several were recorded at once",
            kind=Kind.SOURCE_AMBIGUOUS,
        )
    return found[0]


def _times(one: SourceCoverage, time: str, zone: dt.tzinfo | None) -> Iterator[dt.datetime]:
    """Yield the points in time that a text may mean for a source."""
    if match := _OF_DAY.fullmatch(time):
        bounds = _bounds(one)
        if bounds is None:
            return
        first, last = (at.astimezone(zone).date() for at in bounds)
        hour, minute, second, fraction = match.groups()
        try:
            of_day = dt.time(
                int(hour), int(minute), int(second or 0), int(f"{fraction or '':0<6}"[:6])
            )
        except ValueError as error:
            raise UsageError(f"{time!r} is no time of day") from error
        for day in range((last - first).days + 1):
            yield from _both(dt.datetime.combine(first + dt.timedelta(day), of_day), zone)
        return
    try:
        local = dt.datetime.fromisoformat(time)
        if local.tzinfo is not None:
            yield read_time(time).time
            return
    except ValueError as error:
        raise UsageError(
            f"{time!r} is no time", "write it 08:15:33, or with its date 2026-03-10T08:15:33"
        ) from error
    yield from _both(local, zone)


def _both(local: dt.datetime, zone: dt.tzinfo | None) -> Iterator[dt.datetime]:
    """Yield when a clock showed this: never, once, or twice where it was put back."""
    try:
        read = at_local(local, zone, 0.0)
    except Refused:
        return
    yield read.time
    if read.repeated:
        yield read.time + dt.timedelta(seconds=read.uncertainty_s)


def _bounds(one: SourceCoverage) -> tuple[dt.datetime, dt.datetime] | None:
    first_us = one.facts.clock.at_us(Fraction(0))
    last_us = one.facts.clock.at_us(one.duration_s)
    if first_us is None or last_us is None:
        return None
    return from_us(first_us), from_us(last_us)


def _media_s(one: SourceCoverage, at: dt.datetime) -> Fraction | None:
    """Return the media time at which a source's clock shows a time; None: it never does."""
    media_s = one.facts.clock.media_s_at(to_us(at))
    return media_s if media_s is not None and 0 <= media_s <= one.duration_s else None


def _named(found: Sequence[ClockMoment], zone: dt.tzinfo | None) -> str:
    told = [
        f"{one.source.location}@{one.at.astimezone(zone).isoformat()}"
        for one in found[:LISTED_AT_MOST]
    ]
    return ", ".join([*told, *(["..."] if found[LISTED_AT_MOST:] else [])])


def _known(called: Sequence[SourceCoverage], zone: dt.tzinfo | None) -> str:
    """Say when the footage is from, or that its time is not known."""
    spans = [bounds for one in called if (bounds := _bounds(one)) is not None]
    if not spans:
        return ": its time is not known"
    told = [
        f"{first.astimezone(zone):%Y-%m-%d %H:%M:%S} to {last.astimezone(zone):%H:%M:%S}"
        for first, last in spans[:LISTED_AT_MOST]
    ]
    return f"; it is from {', '.join(told)}{', ...' if spans[LISTED_AT_MOST:] else ''}"
