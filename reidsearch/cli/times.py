"""Times and durations on the command line."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.base.timecode import Reading

_UNITS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400}
_WITH_UNIT = re.compile(r"([+-]?\d+(?:\.\d+)?) ?(s|min|m|h|d|)")
_CLOCK = re.compile(r"([+-]?)(?:(\d+):)?([0-5]?\d):([0-5]\d(?:\.\d+)?)")
_LOCAL = re.compile(r"(\d{1,2})([./])(\d{1,2})\2(\d{4})(?:[T ,]+(\d{1,2}):(\S+))?")
FORMS = "2024-05-31, '2024-05-31 14:03', 31.05.2024, '31.05.2024 14:03', or 31/05/2024"
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
    option: str,
    text: str | None,
    timezone: str | None,
    *,
    archive: Address | None = None,
    machine: bool = True,
) -> dt.datetime | None:
    """Read an option's time: ISO 8601, or a date as `iso_text` takes it.

    Args:
        archive: its time zone is that of a time without one. Without an archive such a time is
            refused.
        machine: where the archive has no time zone, the machine's is taken; else it is refused.

    Raises:
        UsageError: naming the option.
    """
    from reidsearch.base.errors import Refused, UsageError
    from reidsearch.base.timecode import at_local, only_once, parse_time

    if text is None:
        return None
    iso, zone = _iso_and_zone(option, text, timezone, archive)
    local = dt.datetime.fromisoformat(iso)
    try:
        if local.tzinfo is None and zone is None and archive is not None and machine:
            return only_once(at_local(local, None), text)
        return parse_time(iso, zone)
    except Refused as refused:
        raise refused.reworded(f"{option}: {refused.message}", UsageError) from refused


def _iso_and_zone(
    option: str, text: str, timezone: str | None, archive: Address | None
) -> tuple[str, dt.tzinfo | None]:
    """Return a time in ISO 8601, and the zone that it has where it names none.

    Raises:
        UsageError: it is no time, or may be two.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.base.timecode import parse_zone

    zone = parse_zone(timezone) if timezone else None
    try:
        iso = iso_text(text)
        local = dt.datetime.fromisoformat(iso).tzinfo is None
    except UsageError as error:
        raise UsageError(f"{option}: {error.message}", error.hint) from error
    except ValueError as error:
        raise UsageError(f"{option}: {text!r} is no time", f"times are written {FORMS}") from error
    if local and zone is None and archive is not None:
        zone = _zone_of(archive)
    return iso, zone


def start_of(
    option: str, text: str | None, timezone: str | None, archive: Address | None = None
) -> Reading | None:
    """Read when something begins, with how exactly the option tells it.

    Args:
        archive: its time zone, if it has one, is that of a time without one.

    Raises:
        UsageError: naming the option; also where the local time happened twice.
    """
    from reidsearch.base.errors import Refused, UsageError
    from reidsearch.base.timecode import only_once, read_time

    if text is None:
        return None
    try:
        iso, zone = _iso_and_zone(option, text, timezone, archive)
        read = read_time(iso, zone)
        only_once(read, text)
    except Refused as refused:
        raise refused.reworded(f"{option}: {refused.message}", UsageError) from refused
    return read


def iso_text(text: str) -> str:
    """Return a time that begins with a local date in ISO 8601; any other text as it is.

    The day comes first where dots separate (`31.05.2024 14:03`). Where slashes do, only a date
    with one reading is taken: `31/05/2024`, `05/31/2024`, `05/05/2024`.

    Raises:
        UsageError: the day might be the month; the message gives both readings.

    >>> iso_text("31.05.2024 9:03")
    '2024-05-31T09:03'
    """
    from reidsearch.base.errors import UsageError

    match = _LOCAL.fullmatch(text.strip())
    if match is None:
        return text.strip()
    first, second, year = int(match[1]), int(match[3]), match[4]
    day, month = first, second
    if match[2] == "/" and second > 12:
        day, month = second, first
    date = f"{year}-{month:02}-{day:02}"
    if match[2] == "/" and day <= 12 and day != month:
        other = f"{year}-{day:02}-{month:02}"
        raise UsageError(f"{text!r} may be {date} or {other}", "write it as one of these")
    if match[5] is None:
        return date
    return f"{date}T{match[5]:0>2}:{match[6]}"


def _zone_of(archive: Address) -> dt.tzinfo | None:
    from reidsearch.archive import Archive
    from reidsearch.base.timecode import parse_zone

    with Archive.open(archive) as opened:
        name = opened.timezone
    return parse_zone(name) if name else None
