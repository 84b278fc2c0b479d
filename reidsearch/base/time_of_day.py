"""Hours of the day, over midnight too, and what a zone's clocks show over the years."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from reidsearch.base.errors import UsageError
from reidsearch.base.timecode import from_us, to_us

DAY_US = 86_400_000_000
_MINUTE_US = 60_000_000
_FORM = re.compile(r"(\d\d?):([0-5]\d) ?(?:-|\u2013) ?(\d\d?):([0-5]\d)")
_STEP = dt.timedelta(days=7)
# Recordings without a set clock say 1970 or 2000. Outside of these years no zone's rules are known.
_KNOWN = (dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC))


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """Hours of every day: from `begins` on, and before `ends`, which may lie after midnight.

    Args:
        begins, ends: minutes since midnight, 0 to 1439.
        zone: whose clocks count, as `base.timecode.parse_zone` reads it; None: the archive's.

    Raises:
        UsageError: they are no such minutes, or equal.

    Example:
        >>> TimeOfDay(22 * 60, 6 * 60).text
        '22:00-06:00'
    """

    begins: int
    ends: int
    zone: str | None = None

    def __post_init__(self) -> None:
        if not all(0 <= one < 24 * 60 for one in (self.begins, self.ends)):
            raise UsageError("a time of day lies between 00:00 and 24:00")
        if self.begins == self.ends:
            raise UsageError(
                f"the time of day {self.text} is empty", "leave it out to search the whole day"
            )

    @classmethod
    def read(cls, text: str, zone: str | None = None) -> TimeOfDay:
        """Read `22:00-06:00`; the end may be 24:00.

        Raises:
            UsageError: it is something else.
        """
        match = _FORM.fullmatch(text.strip())
        numbers = [int(part) for part in match.groups()] if match else []
        if not numbers or numbers[0] > 23 or numbers[2] * 60 + numbers[3] > 24 * 60:
            raise UsageError(
                f"{text!r} is no time of day", "write from and to, as 08:30-17:00 or 22:00-06:00"
            )
        begins, ends = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
        if ends - begins == 24 * 60:
            raise UsageError(f"{text} is the whole day", "leave it out to search the whole day")
        return cls(begins, ends % (24 * 60), zone)

    @property
    def text(self) -> str:
        """`22:00-06:00`."""
        told = (f"{one // 60:02}:{one % 60:02}" for one in (self.begins, self.ends))
        return "-".join(told)

    @property
    def begins_us(self) -> int:
        """When it begins, in microseconds since midnight."""
        return self.begins * _MINUTE_US

    @property
    def length_us(self) -> int:
        """How long it lasts, in microseconds."""
        return (self.ends - self.begins) % (24 * 60) * _MINUTE_US


def offset_us(zone: dt.tzinfo | None, time: dt.datetime) -> int:
    """By how much a zone's clocks are ahead of UTC at a time; None is the machine's own zone."""
    offset = time.astimezone(zone).utcoffset() or dt.timedelta(0)
    return offset // dt.timedelta(microseconds=1)


def offsets(zone: dt.tzinfo | None, first_us: int, last_us: int) -> list[tuple[int, int]]:
    """Return since when a zone's clocks were how far ahead of UTC, from one time to another.

    Returns:
        (from, offset) in microseconds, in order of time; the first offset holds before as well, the
        last one after. Changes before 1970 and after 2100 are left out.
    """
    low, high = _KNOWN
    at = min(max(from_us(first_us), low), high)
    until = max(min(from_us(last_us), high), at)
    found = [(to_us(at), offset_us(zone, at))]
    while at < until:
        ahead = min(at + _STEP, until)
        if offset_us(zone, ahead) != found[-1][1]:
            found.append(_change(zone, to_us(at), to_us(ahead)))
        at = ahead
    return found


def _change(zone: dt.tzinfo | None, before_us: int, after_us: int) -> tuple[int, int]:
    """Return when between two times the offset changes, to the second, and to what."""
    old = offset_us(zone, from_us(before_us))
    while after_us - before_us > 1_000_000:
        middle = (before_us + after_us) // 2_000_000 * 1_000_000
        middle = min(max(middle, before_us + 1), after_us - 1)
        if offset_us(zone, from_us(middle)) == old:
            before_us = middle
        else:
            after_us = middle
    return after_us, offset_us(zone, from_us(after_us))
