"""What place and time of a sighting say: on the way, too early, at any time, and when nothing."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.domain.decisions import Member, Presence
from reidsearch.domain.space_time import Unread
from reidsearch.domain.tracklets import SourceInterval
from reidsearch.domain.transit_times import HORIZON_S, Leg
from reidsearch.linking.space_time import Surroundings, space_time
from reidsearch.linking.transit_model import fitted

DAY_S = 24 * 3600


def at(
    number: int, camera: str | None, from_s: float | None, doubt_s: float | None = 1.0
) -> Presence:
    first = None if from_s is None else round(from_s * 1e6)
    last = None if first is None else first + 10_000_000
    part = SourceInterval(1, "v.mp4", first or 0, last or 0)
    return Presence(Member("tracklet", number), camera, (part,), first, last, doubt_s, (number,))


def surroundings(journeys: int = 40, every_s: float = 120.0, anew: int = 5) -> Surroundings:
    """Gate to yard takes 40 s, yard to hall 60 s; somebody passes the yard every two minutes."""
    random = np.random.default_rng(3)
    times = {}
    for first, second, median_s in (("gate", "yard", 40), ("yard", "hall", 60)):
        gaps = median_s * random.lognormal(0, 0.25, journeys)
        legs = [Leg(one, first, second, float(gap), 2.0) for one, gap in enumerate(gaps)]
        times[first, second] = fitted(legs)
    passers = {"yard": np.arange(0, DAY_S, every_s).astype(np.int64) * 1_000_000}
    analysed = {"yard": [(0, DAY_S * 1_000_000)]}
    return Surroundings(times, passers, analysed, anew, 100)


GATE, HALL = at(1, "gate", 36_000), at(2, "hall", 36_125)


def ratio(match: Presence, *confirmed: Presence, around: Surroundings | None = None) -> float:
    told = space_time(match, confirmed, around or surroundings())
    assert told.log10_lr is not None
    assert told.log10_lr_interval is not None
    low, high = told.log10_lr_interval
    assert low <= told.log10_lr <= high
    return told.log10_lr


def test_on_the_way_speaks_for_it_too_early_against_it_and_late_a_little_against_it():
    on_the_way, too_early = at(9, "yard", 36_050), at(9, "yard", 36_012)
    hours_later = at(9, "yard", 36_000 + 5 * 3600)
    assert 2.0 < ratio(on_the_way, GATE) < 3.5  # 12 hours against some 40 seconds
    assert ratio(too_early, GATE) < 0
    assert -3.0 < ratio(hours_later, GATE) < -0.5
    assert ratio(at(9, "yard", 36_045), HALL) > 1.5  # what comes after counts as well
    # Where people often come anew, being late says little; being too early still does.
    often = surroundings(anew=50)
    assert -0.5 < ratio(hours_later, GATE, around=often) < 0
    assert ratio(too_early, GATE, around=often) < -0.5
    # Between two sightings two minutes apart hardly any time is left to be anywhere.
    assert 0 < ratio(on_the_way, GATE, HALL) < 1.0


def test_a_busy_camera_says_less_and_unsure_clocks_as_well():
    match = at(9, "yard", 36_050)
    busy = surroundings()
    rush = np.repeat(np.arange(35_400, 36_600, 2), 4).astype(np.int64) * 1_000_000
    busy.passers_us["yard"] = np.sort(np.concatenate([busy.passers_us["yard"], rush]))  # type: ignore[index]
    assert ratio(match, GATE, around=busy) < ratio(match, GATE) - 0.3
    unsure = at(9, "yard", 36_050, doubt_s=300.0)
    assert ratio(unsure, GATE) < ratio(match, GATE) - 0.5


def test_few_journeys_leave_a_wider_interval():
    def width(journeys: int) -> float:
        told = space_time(at(9, "yard", 36_080), [GATE], surroundings(journeys))
        assert told.log10_lr_interval is not None
        return told.log10_lr_interval[1] - told.log10_lr_interval[0]

    assert width(6) > 1.5 * width(80)


@pytest.mark.parametrize(
    ("match", "confirmed", "why"),
    [
        (at(9, None, 36_050), [GATE], Unread.NO_CAMERA),
        (at(9, "yard", None), [GATE], Unread.NO_TIME),
        (at(9, "yard", 36_050, None), [GATE], Unread.NO_UNCERTAINTY),
        (at(9, "yard", 36_050), [], Unread.ALONE),
        (GATE, [GATE], Unread.ALONE),  # it is no evidence for itself
        (at(9, "yard", 36_011 + HORIZON_S), [GATE], Unread.FAR),
        (at(9, "gate", 36_020), [GATE], Unread.SAME_STAY),
        (at(9, "roof", 36_050), [GATE], Unread.NO_MODEL),
    ],
)
def test_where_nothing_is_known_nothing_is_said(
    match: Presence, confirmed: list[Presence], why: Unread
):
    told = space_time(match, confirmed, surroundings())
    assert (told.log10_lr, told.log10_lr_interval, told.why_not) == (None, None, why)
