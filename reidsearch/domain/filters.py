"""Which part of an archive is asked about: filters, applied before anything is ranked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from operator import index

from reidsearch.base.errors import UsageError
from reidsearch.base.locations import composed
from reidsearch.base.time_of_day import TimeOfDay
from reidsearch.base.weekdays import Weekdays
from reidsearch.domain.attributes import Asked, require_things, worn
from reidsearch.domain.places import Direction, Line, Region

LONGEST_S = 1e9
LONGEST_RUN = 12
"""Digits of the number of a run; longer ones are times."""
_TEXTS = ("cameras", "not_cameras", "sources", "wearing", "with_things", "without_things")


def ids_given(name: str, given: Iterable[int]) -> tuple[int, ...]:
    """Return crop ids as a tuple. Raises UsageError where they are none."""
    try:
        return tuple(index(one) for one in given)
    except TypeError as error:
        raise UsageError(f"{name} is a list of crop ids, not {given!r}") from error


@dataclass(frozen=True, slots=True)
class Filters:
    """Which part of the archive is searched; applied before ranking, never after.

    Lists become tuples.

    Args:
        cameras / not_cameras: exact names.
        after / before: aware times, `after <= time < before`.
        sources: SHA-256 prefixes (8 characters or more) or parts of a location.
        exclude_crops: crop ids to leave out.
        wearing: colours, each as `domain.attributes.worn` reads it; all have to be worn.
        with_things / without_things: of `domain.attributes.THINGS`; all have to be there, or
            absent.
        time_of_day: the hours of every day that count, by the clocks of a zone.
        weekdays: the days of every week that count, likewise: after midnight it is the next day.
        indexed_after: an aware time: only what was indexed later.
        indexed_after_run: the number of an index run: only what later runs brought.
        unreviewed: only what no decision that stands confirms as an identity or rejects for one.
        no_identity: only what is confirmed as no identity.
        regions: `Region`s, or names of kept ones: who was in one of them, with any of its boxes.
        crossings: `Line`s, or names of kept ones: who crossed one of them.
        direction: `in` or `out`: the only way of crossing that counts; None: both.
        dwell_s: who stayed so many seconds at least, in one of the regions if there are any, else
            in view.

    Whole tracklets pass or do not pass by where they went; crops of none have no track.

    Raises:
        UsageError: a time names no zone, an attribute is not known, a text is empty or stands in
            place of a list.

    Example:
        >>> Filters(cameras=["gate"], wearing=["upper:red"])
    """

    cameras: tuple[str, ...] = ()
    not_cameras: tuple[str, ...] = ()
    after: dt.datetime | None = None
    before: dt.datetime | None = None
    sources: tuple[str, ...] = ()
    exclude_crops: tuple[int, ...] = ()
    wearing: tuple[str, ...] = ()
    with_things: tuple[str, ...] = ()
    without_things: tuple[str, ...] = ()
    time_of_day: TimeOfDay | None = None
    weekdays: Weekdays | None = None
    indexed_after: dt.datetime | None = None
    indexed_after_run: int | None = None
    unreviewed: bool = False
    no_identity: bool = False
    regions: tuple[Region | str, ...] = ()
    crossings: tuple[Line | str, ...] = ()
    direction: Direction | None = None
    dwell_s: float | None = None

    def __post_init__(self) -> None:
        for name in _TEXTS:
            given = getattr(self, name)
            if isinstance(given, str):
                raise UsageError(f"{name} is a list of texts, not the text {given!r}")
            names = tuple(given)
            if not all(isinstance(one, str) and one.strip() for one in names):
                raise UsageError(f"{name} holds an empty text, which would stand for anything")
            if name in {"cameras", "not_cameras"}:
                names = tuple(map(composed, names))
            object.__setattr__(self, name, names)
        object.__setattr__(self, "exclude_crops", ids_given("exclude_crops", self.exclude_crops))
        for name in ("after", "before", "indexed_after"):
            time = getattr(self, name)
            if time is not None and time.utcoffset() is None:
                raise UsageError(f"{name} is a time without a zone: {time}")
        require_things((*self.with_things, *self.without_things))
        for text in self.wearing:
            worn(text)
        self._settle_track()

    def _settle_track(self) -> None:
        for name in ("regions", "crossings"):
            given = getattr(self, name)
            if isinstance(given, str):
                raise UsageError(f"{name} is a list, not the text {given!r}")
            object.__setattr__(self, name, tuple(given))
        if self.direction is not None:
            if self.direction not in list(Direction):
                raise UsageError(f"a line is crossed in or out, not {self.direction!r}")
            object.__setattr__(self, "direction", Direction(self.direction))
            if not self.crossings:
                raise UsageError("a direction was given, but no line that is crossed")
        if self.dwell_s is not None and not 0 < self.dwell_s <= LONGEST_S:
            raise UsageError(f"a stay has more than 0 seconds, {self.dwell_s} is no such number")

    @property
    def attributes(self) -> Asked:
        """What is filtered of what people wear and carry."""
        return Asked(self.wearing, self.with_things, self.without_things)

    @property
    def attributes_empty(self) -> bool:
        """Whether nothing is filtered by what people wear and carry."""
        return not (self.wearing or self.with_things or self.without_things)

    @property
    def by_track(self) -> bool:
        """Whether something is filtered by where people went, or for how long."""
        return bool(self.regions or self.crossings or self.dwell_s is not None)

    @property
    def by_decisions(self) -> bool:
        """Whether something is filtered by what was decided."""
        return self.unreviewed or self.no_identity

    @property
    def by_time(self) -> bool:
        """Whether something is filtered by when people were seen."""
        asked = (self.after, self.before, self.time_of_day, self.weekdays)
        return any(one is not None for one in asked)

    @property
    def empty(self) -> bool:
        """Whether nothing is filtered."""
        return self == Filters()
