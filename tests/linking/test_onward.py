"""Which camera follows which, where footage of the one in between is missing."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.domain.analysed import Analysed
from reidsearch.domain.decisions import Member, Presence
from reidsearch.domain.next_footage import MISSED
from reidsearch.domain.tracklets import SourceInterval
from reidsearch.linking.onward import hidden_at, onward, unseen
from reidsearch.linking.transit_model import transit_model

HOUR_US = 3_600_000_000
A, B, C, AWAY = 0, 1, 2, 3


def seen(camera: str, at_s: float) -> Presence:
    first_us, last_us = round(at_s * 1e6), round((at_s + 10) * 1e6)
    part = SourceInterval(1, f"{camera}.mp4", first_us, last_us)
    return Presence(Member("crop", 1), camera, (part,), first_us, last_us, 1.0, (1,))


def walks(count: int, begin_s: float, cameras: str) -> dict[int, list[Presence]]:
    """Give people who pass cameras a hundred seconds apart, one each minute."""
    return {
        round(begin_s) + person: [
            seen(camera, begin_s + 60 * person + 110 * ord(camera) - 110 * ord("a"))
            for camera in cameras
        ]
        for person in range(count)
    }


@pytest.fixture(scope="module")
def looked() -> Analysed:
    """Give two hours of three cameras, `b` without its second one."""
    whole = [(-HOUR_US, 3 * HOUR_US)]
    return {"a": whole, "b": [(-HOUR_US, HOUR_US), (2 * HOUR_US, 3 * HOUR_US)], "c": whole}


def test_a_camera_without_footage_is_not_taken_to_be_passed_by(looked: Analysed) -> None:
    # Everybody goes from a by b to c; of half of them b has no footage.
    people = {**walks(30, 100, "abc"), **walks(30, 3700, "ac")}
    follows = onward(people, transit_model(people), looked)
    assert follows.forwards[A, B] > 50
    assert follows.forwards[B, C] > 50
    assert follows.forwards[A, C] < 5  # by what was seen it would be 30
    assert follows.backwards[C, B] > 50
    assert follows.backwards[C, A] < 5


def test_who_goes_past_a_camera_that_was_watched_went_another_way(looked: Analysed) -> None:
    people = {**walks(30, 100, "abc"), **walks(20, 100.5, "ac")}
    follows = onward(people, transit_model(people), looked)
    assert follows.forwards[A, C] > 10


def test_nobody_shows_who_goes_away_and_hardly_anybody_who_goes_on(looked: Analysed) -> None:
    people = walks(30, 100, "abc")
    follows = onward(people, transit_model(people), looked).forwards
    hidden = hidden_at(looked, ("a", "b", "c"), 0, HOUR_US)
    assert hidden == pytest.approx(MISSED)
    alone = unseen(follows, hidden)
    assert alone[C] > 0.9  # the last one: then they are away
    assert alone[A] < 0.15  # b and c would both have shown them
    missing = unseen(follows, hidden_at(looked, ("a", "b", "c"), HOUR_US, 2 * HOUR_US))
    assert missing[A] > alone[A]
    assert np.all((alone >= 0) & (alone <= 1))
