"""What a no means: products of what was measured, shares of time, hours of a wall clock."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from present_samples import answer, footage_answer, statement

from reidsearch.domain.absence import (
    HOUR_US,
    Chance,
    Covered,
    Factor,
    cells_of,
    confident,
    covered,
    merged,
    product,
)
from reidsearch.domain.answers import Own
from reidsearch.domain.decisions import Named
from reidsearch.domain.scores import Origin, Provenance, Reading

COUNTED = math.inf


def test_a_product_has_an_interval_of_what_each_factor_was_measured_on() -> None:
    assert product([]) == Chance(1.0, 1.0, 1.0)
    assert product([Factor(0.5, COUNTED, ""), Factor(0.8, COUNTED, "")]).low == pytest.approx(0.4)
    # Jeffreys' interval of 34 of 34 and of 17 of 34, as tables have it.
    all_found, half = product([Factor(1.0, 34, "")]), product([Factor(0.5, 34, "")])
    assert (all_found.value, all_found.high) == (1.0, 1.0)
    assert all_found.low == pytest.approx(0.930, abs=0.006)
    assert (half.low, half.high) == pytest.approx((0.338, 0.662), abs=0.01)
    both = product([Factor(0.5, 34, ""), Factor(0.5, 34, "")])
    assert both.value == 0.25
    assert both.low < 0.25 < both.high
    assert product([Factor(0.5, 34, "")]) == half  # the same draws each time


def test_what_nobody_measured_bounds_the_chance_from_above_alone() -> None:
    found = product([Factor(0.5, COUNTED, ""), Factor(None, 0, "")])
    assert (found.value, found.low, found.high) == (None, 0.0, pytest.approx(0.5))
    assert Covered(0.0, 0.0, 0.0).times(found) == Chance(0.0, 0.0, 0.0)
    assert Covered(0.5, 0.5, 0.5).times(found) == Chance(None, 0.0, pytest.approx(0.25))


def test_share_of_a_time_that_was_analysed() -> None:
    analysed = merged([(0, 10), (5, 20), (30, 40), (50, 50)])
    assert analysed == [(0, 20), (30, 40)]
    assert covered(analysed, [(10, 50)]) == Covered(0.5, 0.5, 0.5)
    assert covered(analysed, [(100, 200)]) == Covered(0.0, 0.0, 0.0)
    # A clock that may be off by 5 either way: the end may have been missed.
    assert covered([(0, 20)], [(10, 30)], 5) == Covered(0.5, 0.25, 0.75)


def test_hours_are_those_of_the_clocks_on_the_wall() -> None:
    half = HOUR_US // 2
    step, cells = cells_of([(0, 2 * HOUR_US)], half)
    assert step == HOUR_US
    assert [cell for cell, _ in cells] == [
        (-half, half),
        (half, half + HOUR_US),
        (half + HOUR_US, half + 2 * HOUR_US),
    ]
    assert next(parts for _, parts in cells) == [(0, half)]
    year, weeks = cells_of([(0, 24 * 365 * 4 * HOUR_US)])
    assert year == 7 * 24 * HOUR_US
    assert len(weeks) < 1000
    assert cells_of([]) == (HOUR_US, [])


def reading(low: float) -> Reading:
    return Reading(2.0, (1.0, 3.0), 0.9, (low, 0.95), 1e-3, (1e-4, 1e-2), False, 0.1, False)


def by(origin: Origin) -> Provenance:
    (found,) = [footage_answer().statement.asked_at]
    return Provenance(origin, "labels", None, 20, 3, 90, 100, 900, 190, 1, 200, "1", found)


def test_only_a_calibration_of_the_archive_or_a_person_makes_a_match_confident() -> None:
    (match,) = footage_answer().matches
    told = answer()
    sure, unsure = (replace(match, reading=reading(low), own=None) for low in (0.6, 0.4))
    own = replace(sure, own=Own.TRACKLET)
    calibrated = statement(calibrated_by=by(Origin.LABELS), prior=0.01)
    reference = statement(calibrated_by=by(Origin.REFERENCE), prior=0.01)
    for said, matches, expected in (
        (calibrated, (sure, unsure), True),
        (calibrated, (unsure, own), False),
        (reference, (sure,), None),
        (statement(), (sure,), None),
        (statement(), (own,), False),
        (statement(), (), False),
    ):
        assert confident(replace(told, statement=said, matches=matches)) is expected
    known = replace(unsure, identity=Named(3, "anna"))  # as the crop searched with is
    shown = replace(told, statement=calibrated, matches=(known,))
    assert [confident(shown, number) for number in (3, 4, None)] == [True, False, False]
