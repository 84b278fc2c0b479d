"""Offsets of clocks from lags: both directions, one alone, at once, chains and circles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from reidsearch.base.timecode import from_us
from reidsearch.domain.clock_suggestion import (
    CameraOffset,
    CameraPair,
    ClockSuggestion,
    HowPaired,
)
from reidsearch.domain.decisions import Member, Presence
from reidsearch.linking.clock_checks import cycles, disagreements
from reidsearch.linking.clock_fit import PairOfLags, fit_clocks
from reidsearch.linking.lags import BACKWARD, FORWARD, Groups, Lags, grouped
from reidsearch.linking.mutual import mutual_best
from reidsearch.linking.seen_by_both import Sightings

WITHIN_S = 900.0


def ways(
    *,
    there: int,
    back: int,
    fast_s: float,
    way_s: float = 80.0,
    strangers: int = 0,
    drift: float = 0.0,
    hours: float = 1.0,
    seed: int = 1,
) -> Lags:
    """People who walk between a and b, whose clock is `fast_s` fast, and others by mistake."""
    rng = np.random.default_rng(seed)
    count = there + back + strangers
    at = rng.uniform(0, hours * 3600, count)
    took = way_s * rng.lognormal(0, 0.2, count)
    stays = rng.uniform(8, 16, (2, count))
    signs = np.repeat([1, -1, 0], [there, back, strangers])
    shift = fast_s + drift * at
    out = np.where(signs > 0, took, -took - stays.sum(axis=0)) + shift
    out = np.where(signs == 0, rng.uniform(-800, 800, count), out)
    return Lags(out, out + stays.sum(axis=0), at, np.arange(count))


@pytest.mark.parametrize("fast_s", [-200.0, 0.0, 37.0, 300.0])
def test_both_directions_tell_the_offset_among_mistakes(fast_s: float) -> None:
    lags = ways(there=40, back=25, fast_s=fast_s, strangers=20)
    groups = grouped(lags, WITHIN_S, at_once=False)
    assert groups.how is HowPaired.BOTH_WAYS
    assert (groups.group[:40] == FORWARD).sum() >= 38
    assert (groups.group[40:65] == BACKWARD).sum() >= 23
    fit = fit_clocks([PairOfLags(0, 1, lags, groups)], 0, WITHIN_S)
    assert fit is not None
    offset_s, deviation_s = fit.offsets[1]
    assert offset_s == pytest.approx(-fast_s, abs=4.5)
    assert 0.5 < deviation_s < 4
    assert fit.pairs[0] is not None
    assert fit.pairs[0].transit_s == pytest.approx(80, abs=6)


def test_a_few_lags_close_together_by_chance_move_no_clock() -> None:
    """Nine look like ways there and back of a second's width: no people walk so evenly."""
    rng = np.random.default_rng(5)
    middle = np.concatenate((rng.normal(290.5, 1, 4), rng.normal(275.5, 1, 5)))
    chance = Lags(middle - 5, middle + 5, rng.uniform(0, 3600, 9), np.arange(9))
    group = np.repeat([FORWARD, BACKWARD], [4, 5])
    pairs = [PairOfLags(0, 2, chance, Groups(HowPaired.BOTH_WAYS, group, 1.26))]
    for a, seed in ((0, 2), (1, 3)):
        lags = ways(there=30, back=25, fast_s=0, seed=seed)
        pairs.append(PairOfLags(a, a + 1, lags, grouped(lags, WITHIN_S, at_once=False)))
    fit = fit_clocks(pairs, 0, WITHIN_S)
    assert fit is not None
    assert [abs(fit.offsets[camera][0]) < 25 for camera in (1, 2)] == [True, True]
    assert fit.pairs[0] is not None
    assert abs(fit.pairs[0].residual_s) > 250, "and the pair is told to disagree"


@pytest.mark.parametrize(("there", "back"), [(40, 0), (0, 40), (40, 2)])
def test_one_direction_tells_no_offset(there: int, back: int) -> None:
    groups = grouped(ways(there=there, back=back, fast_s=90), WITHIN_S, at_once=False)
    assert groups.how is HowPaired.ONE_WAY
    assert not groups.group.any()
    assert fit_clocks([PairOfLags(0, 1, ways(there=9, back=0, fast_s=1), groups)], 0, 900) is None


def test_who_is_seen_at_once_tells_it_directly() -> None:
    lags = ways(there=30, back=0, fast_s=50, way_s=-12)  # b sees them while a does
    assert grouped(lags, WITHIN_S, at_once=False).how is HowPaired.ONE_WAY
    groups = grouped(lags, WITHIN_S, at_once=True)
    assert groups.how is HowPaired.AT_ONCE
    fit = fit_clocks([PairOfLags(0, 1, lags, groups)], 0, WITHIN_S)
    assert fit is not None
    assert fit.offsets[1][0] == pytest.approx(-50, abs=2)


def test_few_people_tell_nothing_however_often_they_walk() -> None:
    lags = ways(there=30, back=30, fast_s=0)
    same = Lags(lags.out, lags.back, lags.at, lags.people % 3)
    assert grouped(same, WITHIN_S, at_once=False).how is HowPaired.TOO_FEW


def test_a_drift_is_found_over_a_day_and_not_looked_for_in_an_hour() -> None:
    def fitted(hours: float) -> tuple[dict[int, object], dict[int, object]]:
        lags = ways(there=80, back=80, fast_s=10, drift=5e-4, hours=hours)
        pair = PairOfLags(0, 1, lags, grouped(lags, WITHIN_S, at_once=False))
        fit = fit_clocks([pair], 0, WITHIN_S)
        assert fit is not None
        return dict(fit.drifts), dict(fit.tried)

    drifts, _ = fitted(24)
    assert drifts[1][0] == pytest.approx(-5e-4, abs=1.5e-4)  # type: ignore[index]
    assert fitted(0.9) == ({}, {})


def told(a: str, b: str, residual_s: float) -> CameraPair:
    return CameraPair(a, b, HowPaired.BOTH_WAYS, 9, 5, 4, 0, 9, 60.0, residual_s, 0.5)


@pytest.mark.parametrize(("off_s", "contradicts"), [(0.3, False), (9.0, True), (-9.0, True)])
def test_a_circle_that_does_not_close_is_named(off_s: float, contradicts: bool) -> None:
    pairs = [told("a", "b", 0), told("b", "c", 0), told("c", "d", 0), told("a", "d", off_s)]
    (found,) = cycles(pairs, "a")
    assert set(found.cameras) == {"a", "b", "c", "d"}
    assert abs(found.open_s) == pytest.approx(abs(off_s))
    assert found.contradicts is contradicts
    assert list(cycles(pairs[:3], "a")) == []


def test_who_would_be_in_two_places_is_named_unless_both_show_one() -> None:
    seen = Sightings(
        names=("gate", "yard"),
        cameras=np.array([0, 1, 1]),
        first_s=np.array([0.0, 100, 400]),
        last_s=np.array([30.0, 130, 430]),
        vectors=rows([0, 0, 0]),
        identity=np.array([7, 7, 7]),
        presences=tuple(
            Presence(Member("tracklet", number), "", (), 0, 0, 1.0, ()) for number in (1, 2, 3)
        ),
        zero_us=5_000_000,
    )
    yard = CameraOffset("yard", -90.0, (-92.0, -88.0), 0.0, None, 9, 9, 1)
    found = ClockSuggestion("gate", from_us(5_000_000), 900, None, 0, 0, 9, (yard,), (), (), (), 0)
    (one,), count = disagreements(seen, found, {7: "anna"}, [])
    assert (one.identity, one.first.number, one.second.number, count) == ("anna", 1, 2, 1)
    assert one.overlap_s == pytest.approx(20)
    assert disagreements(seen, found, {7: "anna"}, [("yard", "gate")]) == ((), 0)


def rows(angles: Sequence[float]) -> np.ndarray:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_mutual_matches_are_those_of_both_sides_within_the_time() -> None:
    a, b = rows([0.0, 1.0, 2.0]), rows([0.05, 0.9, 0.02])
    a_s, b_s = np.array([0.0, 50, 100]), np.array([10.0, 60, 2000])
    # The third of b is nearest to the first of a, but half an hour away.
    assert mutual_best(a, a_s, b, b_s, 900, 0.9).tolist() == [[0, 0], [1, 1]]
    assert mutual_best(a, a_s, b, b_s, 900, 0.999).tolist() == []
