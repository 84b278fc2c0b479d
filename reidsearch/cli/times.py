"""Times and durations on the command line."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from reidsearch.base.timecode import Reading

_UNITS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400}
_WITH_UNIT = re.compile(r"([+-]?\d+(?:\.\d+)?) ?(s|min|m|h|d|)")
_CLOCK = re.compile(r"([+-]?)(?:(\d+):)?([0-5]?\d):([0-5]\d(?:\.\d+)?)")
MOST_S = 1_000_000_000


class Duration(click.ParamType[Fraction]):
    """A duration: seconds, a number with a unit, or hours, minutes and seconds.

    Args:
        least: smallest value in seconds; None: any, also negative.
    """

    name = "duration"

    def __init__(self, least: int | None = None) -> None:
        self.least = least

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        """Read a duration in seconds."""
        seconds = value if isinstance(value, Fraction) else parse_duration(str(value))
        if seconds is None or abs(seconds) > MOST_S:
            self.fail(f"invalid duration: {value!r} (90, 90s, 2h or -1:13:00)", param, ctx)
        if self.least is not None and seconds < self.least:
            self.fail(f"{value} is less than {self.least} seconds", param, ctx)
        return seconds


def parse_duration(text: str) -> Fraction | None:
    """Read `90`, `90s`, `1.5h`, `2d`, `13:00` (minutes) or `-1:13:00` as seconds, exactly.

    >>> parse_duration("-1:13:00")
    Fraction(-4380, 1)
    """
    if match := _WITH_UNIT.fullmatch(text.strip()):
        return Fraction(match[1]) * _UNITS[match[2]]
    if match := _CLOCK.fullmatch(text.strip()):
        sign, hours, minutes, seconds = match.groups()
        whole = int(hours or 0) * 3600 + int(minutes) * 60 + Fraction(seconds)
        return -whole if sign == "-" else whole
    return None


def moment(
    option: str, text: str | None, timezone: str | None, *, archive: Path | None = None
) -> dt.datetime | None:
    """Read an option's time.

    Args:
        archive: its time zone is that of a time without one; if it has none, the machine's is.
            Without an archive such a time is refused.

    Raises:
        UsageError: naming the option.
    """
    from reidsearch.base.errors import Refused, UsageError
    from reidsearch.base.timecode import parse_time, parse_zone

    if text is None:
        return None
    if archive is not None and timezone is None and (local := _local(text)) is not None:
        zone = _zone_of(archive)
        return local.astimezone(dt.UTC) if zone is None else parse_time(text, zone)
    try:
        return parse_time(text, parse_zone(timezone) if timezone else None)
    except Refused as refused:
        raise refused.reworded(f"{option}: {refused.message}", UsageError) from refused


def start_of(option: str, text: str | None, timezone: str | None) -> Reading | None:
    """Read when something begins, with how exactly the option tells it.

    Raises:
        UsageError: naming the option; also where the local time happened twice.
    """
    from reidsearch.base.errors import Refused, UsageError
    from reidsearch.base.timecode import only_once, parse_zone, read_time

    if text is None:
        return None
    try:
        read = read_time(text, parse_zone(timezone) if timezone else None)
        only_once(read, text)
    except Refused as refused:
        raise refused.reworded(f"{option}: {refused.message}", UsageError) from refused
    return read


def _local(text: str) -> dt.datetime | None:
    """Return a time in ISO 8601 that names no zone; None: it names one, or cannot be read."""
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo is None else None


def _zone_of(archive: Path) -> dt.tzinfo | None:
    from reidsearch.archive import Archive
    from reidsearch.base.timecode import parse_zone

    with Archive.open(archive) as opened:
        name = opened.timezone
    return parse_zone(name) if name else None
