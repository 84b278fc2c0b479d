"""Times between the sightings of people by two cameras: which are ways, and in which direction.

Whoever is seen by `a` and then by `b` is seen there a way's time later, whoever goes back a way's
time earlier; an offset of the clocks moves both to the same side. So the two groups of lags lie
evenly about the offset, and lags of other walks, and of people who were mistaken for others, lie
anywhere. Which group a lag belongs to is told by a mixture: two groups of one width, and an even
background. Where there is one group alone, nothing tells an offset from a way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.clock_suggestion import HowPaired

Values = NDArray[np.float64]

NEITHER, FORWARD, BACKWARD, AT_ONCE = 0, 1, -1, 2
LEAST_EACH = 4
"""Ways in each direction, and people: fewer may be chance."""
LEAST_SHARE = 0.1
"""Of all ways, that the rarer direction has: fewer may be people on another way."""
_PEAKS, _ROUNDS, _ROUNDS_AGAIN = 6, 40, 8
_WIDTHS_S = (5.0, 15.0)
_LEAST_WIDTH_S = 0.5
_REACH = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Lags:
    """Sightings of the same people by two cameras, all in seconds.

    Args:
        out: (n,) from the end at `a` to the beginning at `b`: the time of a way from a to b.
        back: (n,) from the beginning at `a` to the end at `b`: minus that of a way from b to a.
        at: (n,) when, from any beginning.
        people: (n,) a number for each person.
    """

    out: Values
    back: Values
    at: Values
    people: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.out)

    @property
    def middle(self) -> Values:
        """From middle to middle."""
        return (self.out + self.back) / 2


@dataclass(frozen=True, slots=True)
class BothWays:
    """Two groups: their log likelihood, and where they are."""

    likely: float
    out_s: float
    back_s: float
    width_s: float
    shares: tuple[float, float]

    def groups_of(self, lags: Lags, within_s: float) -> NDArray[np.int64]:
        """Put each lag into the nearer group, by a rule that is the same for both.

        What lies so far out that only one side of the window still holds it belongs to neither, and
        neither does what is far from both: a group that is cut on one side alone would move.
        """
        of_out, of_back = lags.out - self.out_s, lags.back - self.back_s
        nearest = np.where(np.abs(of_out) <= np.abs(of_back), FORWARD, BACKWARD)
        far = np.minimum(np.abs(of_out), np.abs(of_back)) > _REACH * self.width_s
        centre = (self.out_s + self.back_s) / 2
        cut = np.abs(lags.middle - centre) > within_s - abs(centre)
        return np.where(far | cut, NEITHER, nearest)


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The lags of two cameras in groups.

    Args:
        group: (n,) `FORWARD`, `BACKWARD`, `AT_ONCE` or `NEITHER` of each lag.
        width_s: of a group, as a standard deviation.
        both: where both groups are, if there are two.
    """

    how: HowPaired
    group: NDArray[np.int64]
    width_s: float
    both: BothWays | None = None

    def again(self, lags: Lags, times: Values, within_s: float) -> NDArray[np.int64]:
        """Group the same lags where each counts so many times: what chance does to the groups."""
        if self.both is None:
            return self.group
        fitted = _fitted(lags, self.both, times, 1.0 / (2 * within_s), _ROUNDS_AGAIN)
        return fitted.groups_of(lags, within_s)


def grouped(lags: Lags, within_s: float, *, at_once: bool) -> Groups:
    """Put the lags of two cameras in groups.

    Args:
        within_s: the largest lag that was asked for, to either side.
        at_once: both cameras are known to show one place.
    """
    nothing = np.full(len(lags), NEITHER, np.int64)
    if len(np.unique(lags.people)) < LEAST_EACH:
        return Groups(HowPaired.TOO_FEW, nothing, 0.0)
    even = 1.0 / (2 * within_s)
    single, mask, width_s = _one_group(lags, even)
    if at_once:
        enough = len(np.unique(lags.people[mask])) >= LEAST_EACH
        how = HowPaired.AT_ONCE if enough else HowPaired.TOO_FEW
        return Groups(how, np.where(mask, AT_ONCE, NEITHER), width_s)
    best = _both_ways(lags, even)
    alone = HowPaired.ONE_WAY if mask.any() else HowPaired.TOO_FEW
    # Two more numbers to fit: by Schwarz's criterion they have to earn that.
    if best is None or best.likely - single < np.log(len(lags)):
        return Groups(alone, nothing, width_s)
    group = best.groups_of(lags, within_s)
    of_each = [
        min(len(np.unique(lags.people[group == one])), int((group == one).sum()))
        for one in (FORWARD, BACKWARD)
    ]
    if min(of_each) < LEAST_EACH or min(of_each) < LEAST_SHARE * sum(of_each):
        return Groups(alone, nothing, width_s)
    return Groups(HowPaired.BOTH_WAYS, group, best.width_s, best)


def _both_ways(lags: Lags, even: float) -> BothWays | None:
    """Fit both directions from every two places where many lags are; the likeliest."""
    peaks = _peaks(lags.middle)
    found = [_two_groups(lags, low, high, even) for low in peaks for high in peaks if high > low]
    return max(found, key=lambda one: one.likely, default=None)


def _peaks(middle: Values) -> list[float]:
    """Return where most lags are, for narrow and for wide groups."""
    grid = np.arange(np.floor(middle.min()) - 2, middle.max() + 3, 1.0)
    found: set[float] = set()
    for width in _WIDTHS_S:
        counted, _ = np.histogram(middle, np.append(grid - 0.5, grid[-1] + 0.5))
        reach = np.arange(-np.ceil(3 * width), np.ceil(3 * width) + 1)
        whole = np.convolve(counted, np.exp(-0.5 * (reach / width) ** 2))
        dense = whole[len(reach) // 2 :][: len(grid)]
        top = np.flatnonzero((dense[1:-1] >= dense[:-2]) & (dense[1:-1] > dense[2:])) + 1
        highest = top[np.argsort(-dense[top], kind="stable")][:_PEAKS]
        found |= {float(grid[at]) for at in highest}
    return sorted(found)


def _one_group(lags: Lags, even: float) -> tuple[float, NDArray[np.bool_], float]:
    """Fit one group and the background: log likelihood, who is in it, its width."""
    best: tuple[float, NDArray[np.bool_], float] | None = None
    for begin in _peaks(lags.middle) or [float(np.median(lags.middle))]:
        centre, width, share = begin, 20.0, 0.5
        for _ in range(_ROUNDS):
            inside = share * _normal(lags.middle, centre, width)
            total = inside + (1 - share) * even
            weight = inside / total
            share = float(np.clip(weight.mean(), 0.01, 0.99))
            centre = float((weight * lags.middle).sum() / weight.sum())
            spread = (weight * (lags.middle - centre) ** 2).sum() / weight.sum()
            width = max(float(np.sqrt(spread)), _LEAST_WIDTH_S)
        likely = float(np.log(total).sum())
        if best is None or likely > best[0]:
            best = likely, weight > 0.5, width
    if best is None:
        raise ValueError("there are no lags")
    return best


def _two_groups(lags: Lags, low: float, high: float, even: float) -> BothWays:
    """Fit both directions and the background, from where they may be."""
    half = float(np.median(lags.middle - lags.out))  # of both stays, together
    begin = BothWays(-np.inf, high - half, low + half, 20.0, (0.35, 0.35))
    found = _fitted(lags, begin, np.ones(len(lags)), even, _ROUNDS)
    ordered = found.out_s + half > found.back_s - half
    return found if ordered else replace(found, likely=-np.inf)


def _fitted(lags: Lags, begin: BothWays, times: Values, even: float, rounds: int) -> BothWays:
    """Improve two groups and the background by expectation and maximization."""
    out_s, back_s, width, (of_out, of_back) = begin.out_s, begin.back_s, begin.width_s, begin.shares
    likely, count = -np.inf, times.sum()
    for _ in range(rounds):
        a = of_out * _normal(lags.out, out_s, width)
        b = of_back * _normal(lags.back, back_s, width)
        total = a + b + (1 - of_out - of_back) * even
        likely = float(times @ np.log(total))
        a, b = times * a / total, times * b / total
        sums = float(a.sum()) + 1e-9, float(b.sum()) + 1e-9
        of_out, of_back = (min(max(one / count, 0.005), 0.49) for one in sums)
        out_s, back_s = float(a @ lags.out) / sums[0], float(b @ lags.back) / sums[1]
        squares = a @ (lags.out - out_s) ** 2 + b @ (lags.back - back_s) ** 2
        width = max(float(np.sqrt(squares / sum(sums))), _LEAST_WIDTH_S)
    return BothWays(likely, out_s, back_s, width, (of_out, of_back))


def _normal(values: Values, centre: float, width: float) -> Values:
    found: Values = np.exp(-0.5 * ((values - centre) / width) ** 2) / (width * 2.5066282746)
    return found
