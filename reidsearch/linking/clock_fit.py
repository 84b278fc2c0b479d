"""Offsets and drifts of all cameras at once, from the ways between them: a robust regression.

A way from a to b takes, by the two clocks, its time less what b's clock is to be corrected by, plus
what a's is; a way back the same with the signs turned. So each pair of cameras has the time of its
way as an unknown, each camera an offset and a drift, and all ways together are a linear system. It
is solved by iteratively reweighted least squares (Huber), because some walk slower or stop; what
slows people down does so in both directions, and does not move the offset. Intervals are by
bootstrap over people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.domain.clock_suggestion import HowPaired
from reidsearch.linking.lags import BACKWARD, FORWARD, NEITHER, Groups, Lags, Values

HUBER = 1.0
"""Residuals beyond it, in widths of their pair, count less and less."""
REPLICATES = 200
SEED = 17
NARROWEST = 0.5
"""Least width of a pair's ways, of the median of all. Nine lags of 28 that lay close together by
chance weighed more than 300 ways of eight other pairs, and moved three clocks by four minutes."""
DRIFT_SPAN_S = 3600.0
"""Sightings over a shorter time say nothing of a drift that matters."""
WIDENED = 1.25
"""Intervals by the bootstrap alone held 72 of 80 true offsets of made-up towns of 60 people who
were all known, where 95 of 100 are promised; docs/accuracy.md has what these hold
(benchmarks/clocks.py)."""
SURE = 3.0
"""Deviations from zero of a drift that is taken: a wrong one does harm far from the sightings."""
_ROUNDS, _ROUNDS_AGAIN = 30, 6


@dataclass(frozen=True, slots=True, eq=False)
class PairOfLags:
    """Two cameras, by number, and their lags in groups."""

    a: int
    b: int
    lags: Lags
    groups: Groups

    @property
    def tells(self) -> bool:
        """Whether it says anything of an offset."""
        return self.groups.how in (HowPaired.BOTH_WAYS, HowPaired.AT_ONCE)


@dataclass(frozen=True, slots=True, eq=False)
class PairFit:
    """What one pair says beside all others; see `domain.clock_suggestion.CameraPair`."""

    transit_s: float | None
    residual_s: float
    residual_sd_s: float
    after_s: Values
    seconds: Values
    forward: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ClockFit:
    """All clocks against the reference.

    Args:
        at_s: the time at which offsets hold.
        offsets, drifts: camera -> value and its standard deviation; seconds, and seconds a second.
            A camera without a drift is not in the second.
        tried: cameras whose sightings are long enough to tell a drift, with its deviation.
        rows: camera -> (ways, people) that it rests on.
        pairs: in the order of those given; None of those that tell nothing, or are not connected.
        freedom: people less one, for intervals.
    """

    at_s: float
    offsets: Mapping[int, tuple[float, float]]
    drifts: Mapping[int, tuple[float, float]]
    tried: Mapping[int, tuple[float, float]]
    rows: Mapping[int, tuple[int, int]]
    pairs: tuple[PairFit | None, ...]
    freedom: int

    @property
    def widened(self) -> float:
        """By how much intervals are wider than the deviations alone would have them."""
        return WIDENED


def fit_clocks(
    pairs: Sequence[PairOfLags],
    reference: int,
    within_s: float,
    progress: Progress = NO_PROGRESS,
) -> ClockFit | None:
    """Return offsets of all cameras that pairs connect with the reference; None: there are none.

    Args:
        within_s: as for `lags.grouped`.
    """
    telling = [number for number, one in enumerate(pairs) if one.tells]
    connected = _connected([(pairs[number].a, pairs[number].b) for number in telling], reference)
    used = [number for number in telling if pairs[number].a in connected]
    if not used:
        return None
    system = Ways([pairs[number] for number in used], within_s)
    cameras = sorted(connected - {reference})
    long_enough = [one for one in cameras if system.span_s(one) >= DRIFT_SPAN_S]
    tried: dict[int, tuple[float, float]] = {}
    drifting: list[int] = []
    if long_enough:
        found, spread = _with_deviations(system, cameras, long_enough, progress)
        for at, camera in enumerate(long_enough, start=len(cameras)):
            tried[camera] = float(found[at]), float(spread[at])
        drifting = [one for one in long_enough if abs(tried[one][0]) > SURE * tried[one][1]]
    if not long_enough or drifting != long_enough:
        found, spread = _with_deviations(system, cameras, drifting, progress)
    both = list(zip(found.tolist(), spread.tolist(), strict=True))
    fits: list[PairFit | None] = [None] * len(pairs)
    residual = system.value - system.design(cameras, drifting) @ found
    for place, number in enumerate(used):
        way = float(found[len(cameras) + len(drifting) + place])
        fits[number] = _pair_fit(pairs[number], system, place, residual, way)
    return ClockFit(
        at_s=system.at_s,
        offsets=dict(zip(cameras, both, strict=False)),
        drifts=dict(zip(drifting, both[len(cameras) :], strict=False)),
        tried=tried,
        rows={one: system.count(one) for one in cameras},
        pairs=tuple(fits),
        freedom=max(system.people - 1, 1),
    )


def _connected(edges: Sequence[tuple[int, int]], reference: int) -> set[int]:
    reached, grown = {reference}, True
    while grown:
        more = {end for edge in edges if reached & set(edge) for end in edge}
        grown = not more <= reached
        reached |= more
    return reached


class Ways:
    """All lags of connected pairs as rows of one linear system.

    value = sign x way - correction of b + correction of a; sign: forward 1, backward -1, at once 0.
    """

    def __init__(self, pairs: Sequence[PairOfLags], within_s: float) -> None:
        self.pairs, self._within_s = pairs, within_s
        counts = [len(one.lags) for one in pairs]
        self.first = np.repeat([one.a for one in pairs], counts)
        self.second = np.repeat([one.b for one in pairs], counts)
        self.pair = np.repeat(np.arange(len(pairs)), counts)
        self.ends = np.cumsum([0, *counts])
        at = np.concatenate([one.lags.at for one in pairs])
        self._out = np.concatenate([one.lags.out for one in pairs])
        self._back = np.concatenate([one.lags.back for one in pairs])
        self._middle = np.concatenate([one.lags.middle for one in pairs])
        names, self.person = np.unique(
            np.concatenate([one.lags.people for one in pairs]), return_inverse=True
        )
        self.people = len(names)
        self.width = np.repeat(_widths(pairs), counts)
        self.set_groups(np.concatenate([one.groups.group for one in pairs]))
        self.at_s = float(np.median(at[self.counts]))
        self.at = at - self.at_s

    def set_groups(self, group: NDArray[np.int64]) -> None:
        """Take each lag as what its group says."""
        self.group = group
        self.counts = group != NEITHER
        self.sign = np.select([group == FORWARD, group == BACKWARD], [1.0, -1.0], 0.0)
        self.value = np.select(
            [group == FORWARD, group == BACKWARD], [self._out, self._back], self._middle
        )

    def regrouped(self, times: Values) -> NDArray[np.int64]:
        """Return the groups of all lags where each counts so many times."""
        parts = []
        for place, one in enumerate(self.pairs):
            ours = times[self.ends[place] : self.ends[place + 1]]
            parts.append(one.groups.again(one.lags, ours, self._within_s))
        return np.concatenate(parts)

    def _of(self, camera: int) -> NDArray[np.bool_]:
        ours: NDArray[np.bool_] = ((self.first == camera) | (self.second == camera)) & self.counts
        return ours

    def span_s(self, camera: int) -> float:
        """Return over how long a camera's ways are spread."""
        low, high = np.quantile(self.at[self._of(camera)], [0.05, 0.95])
        return float(high - low)

    def count(self, camera: int) -> tuple[int, int]:
        """Return how many ways, of how many people, a camera has."""
        mask = self._of(camera)
        return int(mask.sum()), len(np.unique(self.person[mask]))

    def design(self, cameras: Sequence[int], drifting: Sequence[int]) -> Values:
        """(n, offsets + drifts + ways)."""
        wide = len(cameras) + len(drifting)
        design = np.zeros((len(self.value), wide + len(self.pairs)))
        for place, camera in enumerate(cameras):
            design[:, place] = (self.first == camera).astype(float) - (self.second == camera)
        for place, camera in enumerate(drifting):
            ours = design[:, cameras.index(camera)]
            design[:, len(cameras) + place] = ours * self.at
        design[np.arange(len(self.value)), wide + self.pair] = self.sign
        return design

    def solved(self, design: Values, times: Values, begin: Values | None, rounds: int) -> Values:
        """Solve by reweighted least squares; `times`: how often each row counts."""
        sure = 1.0 / self.width
        base = np.where(self.counts, times, 0.0) * sure**2
        # The way of a pair at once is an empty column, which the least ridge keeps at zero.
        ridge = 1e-9 * np.eye(design.shape[1])
        found = np.zeros(design.shape[1]) if begin is None else begin
        for number in range(rounds):
            weight = base
            if number or begin is not None:
                off = np.abs(self.value - design @ found) * sure
                weight = base * np.minimum(1.0, HUBER / np.maximum(off, 1e-9))
            weighted = design * weight[:, None]
            new = np.linalg.solve(design.T @ weighted + ridge, weighted.T @ self.value)
            done = np.abs(new - found).max() < 1e-5
            found = new
            if done:
                break
        return found


def _widths(pairs: Sequence[PairOfLags]) -> list[float]:
    """Return how wide the groups of each pair are taken to be."""
    walked = [one.groups.width_s for one in pairs if one.groups.how is HowPaired.BOTH_WAYS]
    least = NARROWEST * float(np.median(walked)) if walked else 0.0
    return [
        max(one.groups.width_s, least if one.groups.how is HowPaired.BOTH_WAYS else 0.0, 1e-3)
        for one in pairs
    ]


def _with_deviations(
    system: Ways, cameras: Sequence[int], drifting: Sequence[int], progress: Progress
) -> tuple[Values, Values]:
    """Solve, and again for people drawn anew; return values and their standard deviations."""
    once = system.group
    found = system.solved(system.design(cameras, drifting), np.ones(len(once)), None, _ROUNDS)
    rng = np.random.default_rng(SEED)
    again = []
    progress.begin("drawing people anew", REPLICATES, "times")
    for _ in range(REPLICATES):
        drawn = rng.multinomial(system.people, np.full(system.people, 1 / system.people))
        times = drawn[system.person].astype(float)
        system.set_groups(system.regrouped(times))
        again.append(system.solved(system.design(cameras, drifting), times, found, _ROUNDS_AGAIN))
        progress.advance()
    progress.end()
    system.set_groups(once)
    return found, np.std(again, axis=0, ddof=1)


def _pair_fit(pair: PairOfLags, system: Ways, place: int, residuals: Values, way: float) -> PairFit:
    """Return by how much a pair alone would move its second camera's clock."""
    mask = (system.pair == place) & system.counts
    residual, sign = residuals[mask], system.sign[mask]
    at_once = pair.groups.how is HowPaired.AT_ONCE
    groups = [sign == one for one in ((0.0,) if at_once else (1.0, -1.0))]
    own = -float(np.mean([np.median(residual[one]) for one in groups]))
    people, whose = np.unique(system.person[mask], return_inverse=True)
    rng = np.random.default_rng(SEED)
    again = []
    for _ in range(REPLICATES):
        times = rng.multinomial(len(people), np.full(len(people), 1 / len(people)))[whose]
        drawn = [np.repeat(residual[one], times[one]) for one in groups]
        if all(map(len, drawn)):
            again.append(-np.mean([np.median(one) for one in drawn]))
    forward = sign >= 0
    deviation = float(np.std(again, ddof=1)) if len(again) > 1 else float("inf")
    return PairFit(
        None if at_once else way,
        own,
        deviation,
        system.at[mask] + system.at_s,
        np.where(forward, residual, -residual),
        forward,
    )


def quantile_t(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t, within 1 % from four degrees of freedom on."""
    z, v = 1.959964, float(max(freedom, 2))
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )
