"""The likelihood ratio of place and time: the person on the way, or anybody who passed.

For a sighting at a camera, between the last and the next confirmed sighting of the person. If it
shows the person, its time has the density that the transit times from the one and to the other
give, within the footage that was analysed there. If it shows anybody else, it is a passer of that
camera like all others. Both are densities of the time, given the camera and the stretch of time, so
their ratio is a likelihood ratio.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.decisions import Presence
from reidsearch.domain.space_time import Anchor, SpaceTime, Unread
from reidsearch.domain.transit_times import HORIZON_S, SAME_STAY_S, TransitTime
from reidsearch.linking.transit_model import DRAWS, EARLIEST_S, Values, axis, density, seconds_at

NEAR_S = 1800.0
"""The rate of passers at a time is that within so many seconds of it."""
_STEPS = seconds_at(np.linspace(axis(EARLIEST_S), axis(HORIZON_S), 161))

Stretches = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of an archive around a person's sightings.

    Args:
        times: transit times, of other people.
        passers_us: by camera (n,) int64, times of all its tracklets, in order.
        analysed: by camera the stretches of time of which footage was analysed, in order.
        anew, stays: of other people, stays that are no way on from the one before; of how many.
    """

    times: Mapping[tuple[str, str], TransitTime]
    passers_us: Mapping[str, NDArray[np.int64]]
    analysed: Mapping[str, Stretches]
    anew: int = 0
    stays: int = 0


@dataclass(frozen=True, slots=True)
class _Leg:
    """The way from or to a confirmed sighting; `time` None: unknown, or too long ago."""

    seen: Presence
    gap_s: float
    doubt_s: float
    time: TransitTime | None

    @property
    def anchor(self) -> Anchor:
        return Anchor(
            self.seen.member.kind,
            self.seen.member.number,
            self.seen.camera or "",
            self.gap_s,
            self.doubt_s,
            self.time.journeys if self.time else 0,
        )


def space_time(match: Presence, confirmed: Sequence[Presence], around: Surroundings) -> SpaceTime:
    """Return what time and place of a match say.

    Args:
        match: a sighting; itself among the confirmed, it is left out of them.
        confirmed: of the person, `transit_model.usable`.
    """
    if match.camera is None:
        return SpaceTime(None, None, Unread.NO_CAMERA)
    if match.first_us is None or match.last_us is None:
        return SpaceTime(None, None, Unread.NO_TIME)
    if match.uncertainty_s is None:
        return SpaceTime(None, None, Unread.NO_UNCERTAINTY)
    last, after = _legs(match, confirmed, around.times)
    told = last.anchor if last else None, after.anchor if after else None
    legs = [leg for leg in (last, after) if leg]
    if not legs:
        return SpaceTime(None, None, Unread.ALONE)
    if any(leg.seen.camera == match.camera and leg.gap_s <= SAME_STAY_S for leg in legs):
        return SpaceTime(None, None, Unread.SAME_STAY, *told)
    if all(leg.gap_s > HORIZON_S for leg in legs):
        return SpaceTime(None, None, Unread.FAR, *told)
    if all(leg.time is None for leg in legs):
        return SpaceTime(None, None, Unread.NO_MODEL, *told)
    same, (share, near_s, passers) = _compared(match, last, after, around)
    ratios = np.log10(np.maximum(same, 1e-300) / (share / near_s))
    value = float(np.log10(max(float(same.mean()), 1e-300) / float(share.mean() / near_s)))
    low, high = (float(one) for one in np.quantile(ratios, [0.025, 0.975]))
    interval = (min(low, value), max(high, value))
    return SpaceTime(value, interval, None, *told, passers)


def _legs(
    match: Presence, confirmed: Sequence[Presence], times: Mapping[tuple[str, str], TransitTime]
) -> tuple[_Leg | None, _Leg | None]:
    first_us, last_us = match.first_us or 0, match.last_us or 0
    others = [one for one in confirmed if one.member != match.member]
    before = [one for one in others if (one.first_us or 0) <= first_us]
    later = [one for one in others if (one.first_us or 0) > first_us]
    last = max(before, key=lambda one: one.last_us or 0, default=None)
    after = min(later, key=lambda one: one.first_us or 0, default=None)

    def leg(seen: Presence | None, gap_us: int, pair: tuple[str, str]) -> _Leg | None:
        if seen is None:
            return None
        gap_s = gap_us / 1e6
        doubt_s = (seen.uncertainty_s or 0.0) + (match.uncertainty_s or 0.0)
        return _Leg(seen, gap_s, doubt_s, times.get(pair) if gap_s <= HORIZON_S else None)

    here = match.camera or ""
    return (
        leg(last, first_us - (last.last_us or 0), (last.camera or "", here)) if last else None,
        leg(after, (after.first_us or 0) - last_us, (here, after.camera or "")) if after else None,
    )


def _compared(
    match: Presence, last: _Leg | None, after: _Leg | None, around: Surroundings
) -> tuple[Values, tuple[Values, float, int]]:
    """Return the density of the match's time if it shows the person, and that of passers.

    Seconds count from the match's beginning; (DRAWS,) each: the density per second; the share of
    the passers who passed within `NEAR_S`, with the seconds analysed meanwhile and their number.
    """
    low_s, high_s = _window(last, after)
    points = [low_s, high_s]
    if last is not None:
        points += list(_STEPS - last.gap_s)
    if after is not None:
        points += list(after.gap_s - _STEPS)
    at_us = match.first_us or 0
    camera = match.camera or ""
    stretches = [
        ((first - at_us) / 1e6, (until - at_us) / 1e6)
        for first, until in around.analysed.get(camera, ())
    ]
    stretches = [one for one in stretches if one[1] > low_s and one[0] < high_s]
    if not any(first <= 0 <= until for first, until in stretches):
        stretches = [(low_s, high_s)]  # its footage is not known as analysed: no hole is, then
    edges = [edge for one in stretches for edge in one]
    grid = np.unique(np.clip([*points, *edges, 0.0], low_s, high_s))
    middles, widths = (grid[1:] + grid[:-1]) / 2, np.diff(grid)
    inside = np.zeros(len(middles), bool)
    for first, until in stretches:
        inside |= (middles > first) & (middles < until)
    middles, widths = middles[inside], widths[inside]
    whole = (_fit(middles, last, after) * widths).sum(1)
    same = _fit(np.zeros(1), last, after, doubted=True)[:, 0] / np.maximum(whole, 1e-300)
    # Who was away and came again may be here at any time that leaves enough for both ways.
    possible_s = float(widths[_possible(middles, last, after)].sum())
    random = np.random.RandomState(21)  # the same draws every time; its stream is promised
    anew = random.beta(around.anew + 0.5, around.stays - around.anew + 0.5, DRAWS)
    at_any_time = float(_possible(np.zeros(1), last, after)[0]) / max(possible_s, 1.0)
    same = (1 - anew) * same + anew * at_any_time
    passed = (around.passers_us.get(camera, np.zeros(0, np.int64)) - at_us) / 1e6
    passed = passed[(passed >= low_s) & (passed <= high_s)]
    near = max(int((np.abs(passed) <= NEAR_S).sum()), 1)  # the match itself is one
    all_s = float(widths.sum())
    near_s = float(widths[np.abs(middles) <= NEAR_S].sum()) or min(all_s, 2 * NEAR_S)
    return same, (_share(near, max(len(passed), near), near_s, all_s), near_s, near)


def _window(last: _Leg | None, after: _Leg | None) -> tuple[float, float]:
    """Return the stretch of time in which the match could lie, in seconds from its beginning."""
    # One of both is near, so that what is not known of the other is bounded by it.
    near_last = last is not None and last.gap_s <= HORIZON_S
    near_after = after is not None and after.gap_s <= HORIZON_S
    before_s = last.gap_s if last is not None else 0.0
    after_s = after.gap_s if after is not None else 0.0
    low_s = EARLIEST_S - before_s if near_last else after_s - HORIZON_S
    high_s = after_s - EARLIEST_S if near_after else HORIZON_S - before_s
    return min(low_s, -1.0), max(high_s, 1.0)


def _fit(at_s: Values, last: _Leg | None, after: _Leg | None, *, doubted: bool = False) -> Values:
    """Return how well times fit both ways, as far as they are known: (DRAWS, n)."""
    found = np.ones((DRAWS, len(at_s)))
    for leg, sign in ((last, 1.0), (after, -1.0)):
        if leg is not None and leg.time is not None:
            gaps = np.clip(leg.gap_s + sign * at_s, EARLIEST_S, HORIZON_S)
            found *= density(leg.time, gaps, leg.doubt_s if doubted else 0.0)
    return found


def _possible(at_s: Values, last: _Leg | None, after: _Leg | None) -> NDArray[np.bool_]:
    """Tell at which times both ways take no less than the fastest twentieth take: (n,)."""
    found = np.ones(len(at_s), bool)
    for leg, sign in ((last, 1.0), (after, -1.0)):
        if leg is not None and leg.time is not None:
            found &= leg.gap_s + sign * at_s + leg.doubt_s >= leg.time.low_s
    return found


def _share(near: int, passed: int, near_s: float, all_s: float) -> Values:
    """Return the share of passers that is near, (DRAWS,): what so many passers leave possible."""
    far_s = all_s - near_s
    if far_s <= 0 and passed == near:
        return np.ones(DRAWS)
    far = passed - near + 0.5 * max(far_s, 1.0) / near_s
    # The same draws every time and everywhere: of this generator NumPy promises the stream.
    return np.asarray(np.random.RandomState(18).beta(near + 0.5, far, DRAWS))
