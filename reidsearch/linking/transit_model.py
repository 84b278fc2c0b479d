"""Transit times from confirmed journeys, robustly, and how far so few journeys can be trusted.

Times are looked at on an axis that is straight near zero and logarithmic beyond some seconds, so
that ways of ten seconds and of ten minutes are modelled alike, and cameras that see one place
(times below zero) as well. On it who goes directly is normal, and who does not is spread evenly
from their median on, since no detour is shorter; which is which is estimated (expectation
maximisation). A few of these may be anything, at any time alike: wrong decisions and wrong clocks.
What the journeys leave possible is kept as draws of the parameters, so that everything computed
from them has an interval.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reidsearch.domain.decisions import Presence
from reidsearch.domain.transit_times import (
    FEWEST_JOURNEYS,
    HORIZON_S,
    ONE_WAY_S,
    SAME_STAY_S,
    LeftOut,
    Leg,
    TransitModel,
    TransitTime,
)

DRAWS = 200
STRAIGHT_S = 5.0
"""Up to about here the axis is straight, beyond it is logarithmic."""
EARLIEST_S = -60.0
"""No journey begins earlier before the end of the sighting that it starts from."""
# What is believed before there are journeys, as few of them: a way takes one time within a third
# or so; one in ten does not go directly.
SPREAD, SPREAD_WEIGHT = 0.35, 2.0
INDIRECT, DIRECT = 0.5, 4.5
ROUNDS = 60

Values = NDArray[np.float64]


def axis(seconds: ArrayLike) -> Values:
    """Return where times lie on the axis."""
    return np.asarray(np.arcsinh(np.asarray(seconds, np.float64) / STRAIGHT_S))


def seconds_at(places: ArrayLike) -> Values:
    """Return the times of places on the axis."""
    return np.asarray(STRAIGHT_S * np.sinh(np.asarray(places, np.float64)))


ANYTHING = 0.05
"""Of who does not go directly: the share that comes at any time alike."""
_HIGHEST = float(axis(HORIZON_S))


def usable(seen: Iterable[Presence]) -> tuple[list[Presence], LeftOut]:
    """Return sightings with camera, time and a known uncertainty, and how many are without."""
    kept, lacking = [], Counter[str]()
    for one in seen:
        if one.camera is None:
            lacking["no_camera"] += 1
        elif one.first_us is None or one.last_us is None:
            lacking["no_time"] += 1
        elif one.uncertainty_s is None:
            lacking["no_doubt"] += 1
        else:
            kept.append(one)
    return kept, LeftOut(**lacking)


def legs_of(identity_id: int, seen: Sequence[Presence], within_s: float = HORIZON_S) -> list[Leg]:
    """Return the journeys of one person from camera to camera.

    Sightings by one camera that follow each other closely are one stay, and no journey.

    Args:
        seen: `usable` ones, in any order.
        within_s: sightings farther apart are no journey.
    """
    found = []
    for before, after, gap_s in in_turn(seen):
        if not EARLIEST_S <= gap_s <= within_s:
            continue
        found.append(
            Leg(
                identity_id,
                before.camera or "",
                after.camera or "",
                gap_s,
                doubt_s=(before.uncertainty_s or 0.0) + (after.uncertainty_s or 0.0),
                corrected=bool(before.correction_s or after.correction_s),
            )
        )
    return found


def in_turn(seen: Sequence[Presence]) -> Iterable[tuple[Presence, Presence, float]]:
    """Give each stay, its first sighting alone, the next one and the seconds between them."""
    ordered = sorted(seen, key=lambda one: (one.first_us or 0, one.last_us or 0))
    before, end_us = None, 0
    for one in ordered:
        first_us, last_us = one.first_us or 0, one.last_us or 0
        gap_s = (first_us - end_us) / 1e6
        if before is not None and one.camera == before.camera and gap_s <= SAME_STAY_S:
            end_us = max(end_us, last_us)
            continue
        if before is not None:
            yield before, one, gap_s
        before, end_us = one, last_us


def transit_model(
    people: Mapping[int, Sequence[Presence]], within_s: float = HORIZON_S
) -> TransitModel:
    """Return what the journeys of these identities say of the ways between cameras.

    Args:
        people: confirmed sightings by identity, usable or not.
        within_s: sightings farther apart are no journey.
    """
    lacking = Counter[str]()
    legs: dict[tuple[str, str], list[Leg]] = defaultdict(list)
    last, stays = Counter[str](), defaultdict(list)
    sightings = used = anew = all_stays = 0
    for identity_id, seen in people.items():
        kept, without = usable(seen)
        lacking.update(
            no_camera=without.no_camera, no_time=without.no_time, no_doubt=without.no_doubt
        )
        if not kept:
            continue
        used, sightings = used + 1, sightings + len(kept)
        for one in kept:
            stays[one.camera or ""].append(one.seen_s)
        for leg in legs_of(identity_id, kept, within_s):
            legs[leg.first, leg.second].append(leg)
        anew, all_stays = anew + 1, all_stays + 1
        for before, _, gap_s in in_turn(kept):
            anew, all_stays = anew + (gap_s > ONE_WAY_S), all_stays + 1
            if gap_s > HORIZON_S:
                last[before.camera or ""] += 1
        last[max(kept, key=lambda one: one.last_us or 0).camera or ""] += 1
    return TransitModel(
        cameras=tuple(sorted(stays)),
        times={
            pair: fitted(found)
            for pair, found in sorted(legs.items())
            if len(found) >= FEWEST_JOURNEYS
        },
        counts={pair: len(found) for pair, found in sorted(legs.items())},
        last=dict(last),
        stays_s={camera: float(np.median(found)) for camera, found in stays.items()},
        people=used,
        sightings=sightings,
        left_out=LeftOut(**lacking),
        anew=anew,
        stays=all_stays,
    )


def fitted(legs: Sequence[Leg]) -> TransitTime:
    """Return the transit time that journeys between the same two cameras show."""
    gaps = np.array([leg.gap_s for leg in legs], np.float64)
    places = axis(gaps)
    centre = float(np.median(places))
    spread = max(1.4826 * float(np.median(np.abs(places - centre))), SPREAD / 2)
    share = INDIRECT / (INDIRECT + DIRECT)
    direct = np.ones(len(places))
    for _ in range(ROUNDS):
        near = (1 - share) * _going(gaps, centre, spread)
        direct = near / (near + share * _elsewhere(gaps, centre))
        weight = float(direct.sum())
        centre = float(direct @ places) / weight
        apart = float(direct @ (places - centre) ** 2)
        spread = float(np.sqrt((apart + SPREAD_WEIGHT * SPREAD**2) / (weight + SPREAD_WEIGHT)))
        share = (len(places) - weight + INDIRECT) / (len(places) + INDIRECT + DIRECT)
    return _drawn(legs, centre, spread, float(direct.sum()))


def _drawn(legs: Sequence[Leg], centre: float, spread: float, weight: float) -> TransitTime:
    """Return the parameters that so many journeys leave possible."""
    # The same draws every time and everywhere: of this generator NumPy promises the stream.
    random = np.random.RandomState(17)
    freedom = weight + SPREAD_WEIGHT
    spreads = spread * np.sqrt(freedom / random.chisquare(freedom, DRAWS))
    centres = centre + random.standard_normal(DRAWS) * spreads / np.sqrt(weight)
    shares = random.beta(len(legs) - weight + INDIRECT, weight + DIRECT, DRAWS)
    going = seconds_at(
        (centres[:, None] + spreads[:, None] * random.standard_normal((DRAWS, 50))).ravel()
    )
    low, high = np.quantile(going, [0.05, 0.95])
    return TransitTime(
        first=legs[0].first,
        second=legs[0].second,
        journeys=len(legs),
        people=len({leg.identity_id for leg in legs}),
        corrected=sum(leg.corrected for leg in legs),
        doubt_s=float(np.median([leg.doubt_s for leg in legs])),
        median_s=float(seconds_at(centre)),
        median_interval_s=_interval(seconds_at(centres)),
        low_s=float(low),
        high_s=float(high),
        indirect=float(shares.mean()),
        indirect_interval=_interval(shares),
        centre=centres,
        spread=spreads,
        share=shares,
    )


def _interval(values: Values) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def density(transit: TransitTime, gaps_s: ArrayLike, doubt_s: float = 0.0) -> Values:
    """Return the density of transit times, per second: (DRAWS, n).

    Args:
        gaps_s: (n,) seconds.
        doubt_s: by how much each may be off because of the clocks: the density is its mean over
            that interval, with the sum of two uniform errors as weights.
    """
    gaps = np.atleast_1d(np.asarray(gaps_s, np.float64))
    if doubt_s <= 0:
        return _density(transit, gaps)
    steps = np.linspace(-0.9, 0.9, 7)
    weights = (1 - np.abs(steps)) / (1 - np.abs(steps)).sum()
    return np.asarray(
        sum(
            weight * _density(transit, gaps + step * doubt_s)
            for step, weight in zip(steps, weights, strict=True)
        )
    )


def _density(transit: TransitTime, gaps: Values) -> Values:
    centre, spread, share = (
        one[:, None] for one in (transit.centre, transit.spread, transit.share)
    )
    known = (1 - share) * _going(gaps, centre, spread) + share * _elsewhere(gaps, centre)
    # So many journeys cannot show that the next one is not of another kind (rule of succession).
    other = 1 / (transit.journeys + 2)
    return np.asarray((1 - other) * known + other * _any_time(gaps))


def _going(gaps: Values, centre: ArrayLike, spread: ArrayLike) -> Values:
    """Return the density, per second, of who goes there directly."""
    away = (axis(gaps) - np.asarray(centre)) / np.asarray(spread)
    on_axis = np.exp(-0.5 * away**2) / (np.asarray(spread) * np.sqrt(2 * np.pi))
    return np.asarray(on_axis / np.hypot(gaps, STRAIGHT_S))


def _elsewhere(gaps: Values, centre: ArrayLike) -> Values:
    """Return the density, per second, of who goes somewhere else in between."""
    places, begin = axis(gaps), np.asarray(centre)
    later = (places >= begin) & (places <= _HIGHEST)
    on_axis = later / np.maximum(_HIGHEST - begin, 0.1)
    return np.asarray(
        (1 - ANYTHING) * on_axis / np.hypot(gaps, STRAIGHT_S) + ANYTHING * _any_time(gaps)
    )


def _any_time(gaps: Values) -> Values:
    within = (gaps >= EARLIEST_S) & (gaps <= HORIZON_S)
    return np.asarray(within / (HORIZON_S - EARLIEST_S))
