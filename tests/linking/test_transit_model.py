"""Transit times: what journeys are, what the model recovers, how it widens, what it leaves out."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.domain.decisions import Member, Presence
from reidsearch.domain.tracklets import SourceInterval
from reidsearch.domain.transit_times import HORIZON_S, LeftOut, Leg
from reidsearch.linking.transit_model import (
    density,
    fitted,
    legs_of,
    seconds_at,
    transit_model,
)


def seen(
    number: int,
    camera: str | None,
    from_s: float | None,
    to_s: float | None,
    *,
    doubt_s: float | None = 1.0,
    correction_s: float = 0.0,
) -> Presence:
    first, last = (None if at is None else round(at * 1e6) for at in (from_s, to_s))
    part = SourceInterval(1, "v.mp4", first or 0, last or 0)
    return Presence(
        Member("tracklet", number), camera, (part,), first, last, doubt_s, (number,), correction_s
    )


def legs(gaps: list[float]) -> list[Leg]:
    return [Leg(person, "gate", "yard", gap, 2.0) for person, gap in enumerate(gaps)]


def walked(count: int, detours: int = 0, seed: int = 1) -> list[Leg]:
    random = np.random.default_rng(seed)
    gaps = [*(40 * random.lognormal(0, 0.25, count)), *random.uniform(300, 7200, detours)]
    return legs([float(gap) for gap in gaps])


def test_a_stay_in_pieces_is_no_journey_and_what_lies_too_far_apart_is_none():
    found = legs_of(
        7,
        [
            seen(3, "yard", 100, 110),
            seen(1, "gate", 0, 10),
            seen(2, "gate", 30, 60),  # the same stay
            seen(4, "yard", 300, 310),  # went away and came back
            seen(5, "gate", 310 + HORIZON_S + 1, 310 + HORIZON_S + 9),
            seen(6, "hall", 310 + HORIZON_S + 7, 310 + HORIZON_S + 20, correction_s=3.0),
        ],
    )
    assert found == [
        Leg(7, "gate", "yard", 40.0, 2.0),
        Leg(7, "yard", "yard", 190.0, 2.0),
        Leg(7, "gate", "hall", -2.0, 2.0, corrected=True),  # both show the person at once
    ]


def test_the_median_is_found_beside_people_who_went_elsewhere():
    found = fitted(walked(60, detours=15))
    low, high = found.median_interval_s
    assert low < 40 < high
    assert high - low < 8
    assert found.indirect_interval[0] < 0.2 < found.indirect_interval[1]
    # Nine in ten of a log-normal of 0.25: from 26.5 to 60.3 s.
    assert (found.low_s, found.high_s) == (pytest.approx(26.5, abs=4), pytest.approx(60.3, abs=8))
    assert (found.journeys, found.people, found.doubt_s) == (75, 75, 2.0)


def test_few_journeys_say_less():
    few, many = fitted(walked(5)), fitted(walked(80))
    few_s, many_s = (one.median_interval_s[1] - one.median_interval_s[0] for one in (few, many))
    assert few_s > 2 * many_s
    assert few.high_s - few.low_s > many.high_s - many.low_s


def test_a_density_is_one_in_sum_and_wider_where_clocks_are_in_doubt():
    found = fitted(walked(30, detours=3))
    gaps = seconds_at(np.linspace(-3.18, 9.75, 4000))
    sure, unsure = (density(found, gaps, doubt_s).mean(0) for doubt_s in (0.0, 60.0))
    assert np.trapezoid(sure, gaps) == pytest.approx(1.0, abs=0.02)
    assert np.trapezoid(unsure, gaps) == pytest.approx(1.0, abs=0.02)
    at = density(found, [40.0, 90.0]).mean(0), density(found, [40.0, 90.0], 60.0).mean(0)
    assert at[0][0] > 2 * at[1][0]  # the peak falls
    assert at[0][1] < at[1][1]  # and its foot rises


def test_a_model_tells_what_it_rests_on_and_what_it_could_not_use():
    people = {
        person: [seen(2 * person, "gate", 0, 10), seen(2 * person + 1, "yard", 50 + person, 60)]
        for person in range(5)
    }
    people[9] = [
        seen(90, None, 0, 1),
        seen(91, "gate", None, None),
        seen(92, "gate", 5, 6, doubt_s=None),
        seen(93, "yard", 7, 27),
    ]
    model = transit_model(people)
    assert model.counts == {("gate", "yard"): 5}
    assert list(model.times) == [("gate", "yard")]
    assert model.left_out == LeftOut(no_camera=1, no_time=1, no_doubt=1)
    assert (model.people, model.sightings) == (6, 11)
    assert model.last == {"yard": 6}
    assert transit_model({1: people[1]}).times == {}  # one journey is no model
    assert transit_model({}).counts == {}
