"""Days of the week, as the clocks and calendars of a zone show them."""

from __future__ import annotations

from dataclasses import dataclass

from reidsearch.base.errors import UsageError

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FORMS = "write days as mon-fri or sat,sun"


@dataclass(frozen=True, slots=True)
class Weekdays:
    """Some days of every week.

    Args:
        days: 0 (Monday) to 6 (Sunday), each once, increasing.
        zone: whose calendar counts, as `base.timecode.parse_zone` reads it; None: the archive's.

    Raises:
        UsageError: they are no such days, none, or all of them.

    Example:
        >>> Weekdays.read("sat,sun").days
        (5, 6)
    """

    days: tuple[int, ...]
    zone: str | None = None

    def __post_init__(self) -> None:
        days = tuple(sorted(set(self.days)))
        if not days or not set(days) <= set(range(7)):
            raise UsageError(f"{self.days!r} are no days of the week", _FORMS)
        if len(days) == 7:
            raise UsageError("these are all days of the week", "leave them out to search every day")
        object.__setattr__(self, "days", days)

    @classmethod
    def read(cls, text: str, zone: str | None = None) -> Weekdays:
        """Read `mon-fri`, `sat,sun`, `fri-mon` (over the end of the week) or `mon-wed,sat`.

        Raises:
            UsageError: it is something else.
        """
        days: list[int] = []
        for part in text.split(","):
            first, dash, last = (one.strip().lower() for one in part.partition("-"))
            begin, end = _day(first, text), _day(last, text) if dash else _day(first, text)
            days += [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]
        return cls(tuple(days), zone)

    @property
    def text(self) -> str:
        """`mon-fri`, `sat,sun`: as it can be read again."""
        parts, begin = [], self.days[0]
        for day, after in zip(self.days, (*self.days[1:], None), strict=True):
            if after == day + 1:
                continue
            joined = "-" if day - begin > 1 else ","
            named = NAMES[begin] if day == begin else f"{NAMES[begin]}{joined}{NAMES[day]}"
            parts.append(named)
            begin = day if after is None else after
        return ",".join(parts)


def _day(name: str, text: str) -> int:
    for names in (NAMES, _FULL):
        if name in names:
            return names.index(name)
    raise UsageError(f"{text!r} names no days of the week", _FORMS)
