"""Cameras that were turned, have gone dark or fell silent, and those that had a quiet night."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.calibration.scene import darkened, silent_since, turned
from reidsearch.domain.audit import Alarms, Threshold

HOUR_S, DAY_S = 3600.0, 86_400.0


def people(count: int, seed: int, *, slope: float = 0.5, middle: float = 0.5, feet: float = 0.7):
    """Feet, middle and height of people whom one unmoved camera shows."""
    rng = np.random.default_rng(seed)
    where = np.clip(rng.normal(feet, 0.12, count), 0.2, 1)
    across = np.clip(rng.normal(middle, 0.2, count), 0, 1)
    return np.stack([where, across, 0.05 + slope * where + rng.normal(0, 0.02, count)])


@pytest.mark.parametrize("seed", range(5))
def test_a_camera_that_stays_is_not_turned_however_its_people_walk(seed: int) -> None:
    morning, evening = people(120, seed, middle=0.4), people(90, seed + 50, middle=0.6, feet=0.8)
    assert turned(*np.hstack([morning, evening])) is None
    assert turned(*people(40, seed)) is None  # too few to tell


@pytest.mark.parametrize(
    ("after", "what"),
    [
        ({"slope": 0.3}, "height"),  # tilted, or zoomed out: smaller at the same place
        ({"middle": 0.05, "feet": 0.7}, "across"),
        ({"feet": 0.35}, "feet"),
    ],
)
def test_a_turned_camera_is_noticed_with_the_time(after: dict[str, float], what: str) -> None:
    found = turned(*np.hstack([people(150, 1), people(100, 2, **after)]))
    assert found is not None
    cut, shows, much = found
    assert shows == what
    assert abs(cut - 150) <= 8
    assert much > 0.5


def test_a_dark_camera_is_noticed_and_a_night_that_every_day_has_is_not() -> None:
    at_s = np.arange(0, 5 * DAY_S, 900.0)
    night = (at_s % DAY_S >= 20 * HOUR_S) | (at_s % DAY_S < 6 * HOUR_S)
    level = np.where(night, 30.0, 120.0)
    evening = at_s < 4 * DAY_S + 23 * HOUR_S
    assert darkened(level[evening], at_s[evening]) is None  # it ends in its fifth night
    level[at_s >= 4 * DAY_S + 10 * HOUR_S] = 20.0  # by day
    found = darkened(level[evening], at_s[evening])
    assert found is not None
    cut, _, after = found
    assert at_s[cut] == 4 * DAY_S + 10 * HOUR_S
    assert after == 20
    assert darkened(np.full(200, 25.0), np.arange(200) * 60.0) is None  # it was never bright


def seen(until_s: float) -> np.ndarray:
    """Ten people an hour by day, nobody at night."""
    at_s = np.arange(0, until_s, 360.0)
    return at_s[(at_s % DAY_S >= 7 * HOUR_S) & (at_s % DAY_S < 21 * HOUR_S)]


def test_a_silent_camera_is_noticed_and_a_quiet_night_is_not() -> None:
    covered = [(0.0, 3 * DAY_S)]
    assert silent_since(seen(3 * DAY_S), covered) is None  # it ends with a night
    stopped = 2 * DAY_S + 12 * HOUR_S
    found = silent_since(seen(stopped), covered)
    assert found is not None
    last_s, expected = found
    assert stopped - 360 <= last_s < stopped
    assert expected == pytest.approx(90, abs=3)  # nine hours of the day before
    # No footage since, or no day before: nothing is told.
    assert silent_since(seen(stopped), [(0.0, stopped)]) is None
    assert silent_since(seen(12 * HOUR_S), [(0.0, DAY_S)]) is None


def test_an_interval_is_wilsons() -> None:
    # Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for alarms, pairs, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert Alarms(pairs, alarms).interval == pytest.approx((low, high), abs=1e-4)
    assert Alarms(0, 0).rate is None


@pytest.mark.parametrize(
    ("alarms", "pairs", "broken"),
    [(4, 10, False), (12, 300, False), (30, 300, True), (0, 300, False)],
)
def test_a_promise_is_broken_by_many_alarms_beyond_chance(alarms, pairs, broken) -> None:
    assert Threshold(0.5, 0.01, 0.015).broken_by(Alarms(pairs, alarms)) is broken
