"""How far apart two people were whom one recording shows at once, time by time.

On a calibrated ground in metres, else in the picture: the distance between the feet over the mean
height of both boxes, in body heights. The latter is no distance on the ground. It cannot see depth:
who stands behind somebody is near them in the picture.

The interval of a time holds the true distance in 95 of 100 cases (docs/accuracy.md). Errors of
neighbouring times are not independent of each other: a mean over time is hardly surer than one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import UsageError
from reidsearch.domain.answers import Logged
from reidsearch.domain.cases import AskedFor
from reidsearch.domain.footage import Clock
from reidsearch.domain.ground import CameraGround, Floats
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.domain.tracks import INTERPOLATED_S

UNEVEN = 1.25
"""Where one box is so much higher than the other, one person is further from the camera."""


class Unit(StrEnum):
    """What a distance is measured in."""

    METRES = "metres"  # on the ground
    HEIGHTS = "heights"  # in the picture, over the mean height of both boxes


CLOSING = {Unit.METRES: 4.0, Unit.HEIGHTS: 2.5}
"""By how much a second two people come nearer at most: both walk fast towards each other."""


class Undecided(StrEnum):
    """Why the distance at a time is not known."""

    UNSEEN = "unseen"  # one of them was not detected for a while
    EDGE = "edge"  # a box touches an edge of the picture, so it has no foot point
    HORIZON = "horizon"  # a foot point lies where the map shows no ground


_LIMIT = re.compile(r"(\d+(?:\.\d+)?) ?(m|metres?|heights?)")


@dataclass(frozen=True, slots=True)
class Limit:
    """A distance that others are compared with."""

    value: float
    unit: Unit

    @property
    def text(self) -> str:
        """As it is read."""
        return f"{self.value:g}{'m' if self.unit is Unit.METRES else 'heights'}"

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Read `2m` or `1.5heights`.

        Raises:
            UsageError: it is neither.
        """
        found = _LIMIT.fullmatch(text.strip())
        if found is None or not 0 < float(found[1]) < 1e6:
            raise UsageError(
                f"{text!r} is no distance", "2m is on the ground, 1.5heights in the picture"
            )
        return cls(float(found[1]), Unit.METRES if found[2][0] == "m" else Unit.HEIGHTS)


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """Two people in one source; each array has n rows, one a time at which either was detected.

    Args:
        pts: strictly increasing.
        seconds: (n,) float64 media time.
        distance: (n,) float64; not a number where it is not known, as `low` and `high`.
        low, high: ends of the 95 % interval.
        undecided: (n,) object: `Undecided`, or None.
        interpolated: (n,) bool: one of them was not detected in this very frame.
        beyond: (n,) bool: a foot point lies beyond the points that were measured; in the picture,
            one person is further from the camera, see `UNEVEN`. Nothing is certain there.
    """

    source_id: int
    location: str
    clock: Clock
    unit: Unit
    pts: NDArray[np.int64]
    seconds: Floats
    distance: Floats
    low: Floats
    high: Floats
    undecided: NDArray[np.object_]
    interpolated: NDArray[np.bool_]
    beyond: NDArray[np.bool_]

    @property
    def together_s(self) -> float:
        """For how long both are in sight."""
        return _lasting(self.seconds, np.ones(len(self.seconds), np.bool_))[0]

    @property
    def nearest(self) -> int | None:
        """The row at which they are nearest; None: no distance is known."""
        return None if np.isnan(self.distance).all() else int(np.nanargmin(self.distance))


@dataclass(frozen=True, slots=True)
class Closer:
    """For how long two people were closer than a limit, in seconds, in sum.

    Args:
        certain_s: the whole interval lies below the limit, and nothing is `beyond`.
        possible_s: part of the interval does; `certain_s` is in it.
        undecided_s: the distance is not known, and they may have been closer.
        together_s: they are both in sight.
        longest_certain_s, longest_possible_s: the longest stretch of each.
    """

    limit: Limit
    certain_s: float = 0.0
    possible_s: float = 0.0
    undecided_s: float = 0.0
    together_s: float = 0.0
    longest_certain_s: float = 0.0
    longest_possible_s: float = 0.0

    def verdict(self, seconds: float) -> Verdict:
        """Tell whether they were closer for so many seconds in sum."""
        if self.certain_s > 0 and self.certain_s >= seconds:
            return Verdict.CERTAIN
        if self.together_s + 1e-9 < seconds:  # not long enough, however near they were
            return Verdict.NO
        if self.undecided_s >= self.together_s - 1e-9:
            return Verdict.UNDECIDED
        if self.possible_s > 0 and self.possible_s + self.undecided_s >= seconds:
            return Verdict.POSSIBLE
        return Verdict.UNDECIDED if self.undecided_s >= max(seconds, 1e-9) else Verdict.NO


class Verdict(StrEnum):
    """Whether two people were closer than a limit for long enough."""

    CERTAIN = "certain"
    POSSIBLE = "possible"  # within what is uncertain
    UNDECIDED = "undecided"  # no distance is known for long enough to tell
    NO = "no"


def closer(found: Sequence[Apart], limit: Limit) -> Closer:
    """Return for how long two people were closer than a limit, over all sources."""
    told = Closer(limit)
    for one in found:
        if one.unit is not limit.unit:
            raise ValueError("a limit is compared with distances of its own unit")
        known = ~np.isnan(one.distance)
        certain = _lasting(one.seconds, known & (one.high < limit.value) & ~one.beyond)
        possible = _lasting(one.seconds, known & (one.low < limit.value))
        told = Closer(
            limit,
            told.certain_s + certain[0],
            told.possible_s + possible[0],
            told.undecided_s + _undecided_s(one, limit.value),
            told.together_s + one.together_s,
            max(told.longest_certain_s, certain[1]),
            max(told.longest_possible_s, possible[1]),
        )
    return told


def _undecided_s(one: Apart, limit: float) -> float:
    """Return for how long nobody knows whether they were closer: a way there takes time."""
    known = ~np.isnan(one.distance)
    least = np.full(len(one.seconds), -np.inf)
    rows = np.flatnonzero(known)
    if len(rows):
        for side in (np.searchsorted(rows, np.arange(len(known)), "right") - 1,
                     np.searchsorted(rows, np.arange(len(known)))):  # fmt: skip
            near = rows[np.clip(side, 0, len(rows) - 1)]
            way = CLOSING[one.unit] * np.abs(one.seconds - one.seconds[near])
            least = np.maximum(least, one.low[near] - way)
    may = np.where(known, one.low, least) < limit
    steps = np.diff(one.seconds)
    open_ = ~(known[:-1] & known[1:]) & (may[:-1] | may[1:]) & (steps <= float(INTERPOLATED_S))
    return float(steps[open_].sum())


def _lasting(seconds: Floats, holds: NDArray[np.bool_]) -> tuple[float, float]:
    """Return for how long something holds in sum, and the longest stretch of it.

    It holds between two neighbouring times at both of which it does, unless they are further apart
    than boxes are interpolated.
    """
    ends = np.flatnonzero(~(holds[:-1] & holds[1:] & (np.diff(seconds) <= float(INTERPOLATED_S))))
    starts = [0, *(ends + 1).tolist(), len(seconds)]
    lengths = [float(seconds[b - 1] - seconds[a]) for a, b in pairwise(starts) if b > a]
    return sum(lengths), max(lengths, default=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Distance:
    """How far apart two people were while one camera showed both.

    Args:
        stretches: one of each source that shows both, all of one unit.
        grounds: by which it is in metres.
        closer: for how long they were closer than the limit that was asked for.
        case, logged: for which it was asked, and its entry of the event log.
    """

    first: TrackletSeen
    second: TrackletSeen
    unit: Unit
    stretches: tuple[Apart, ...]
    grounds: tuple[CameraGround, ...] = ()
    closer: Closer | None = None
    case: AskedFor | None = None
    logged: Logged | None = None

    @property
    def together_s(self) -> float:
        """For how long both are in sight."""
        return sum(one.together_s for one in self.stretches)

    @property
    def nearest(self) -> tuple[Apart, int] | None:
        """The stretch and its row at which they are nearest; None: no distance is known."""
        known = [(one, row) for one in self.stretches if (row := one.nearest) is not None]
        return min(known, key=lambda at: float(at[0].distance[at[1]]), default=None)
