"""Who goes on from one file of a recording to the next."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.vision.tracking.borders import continued
from reidsearch.vision.tracking.stitching import Sighting

REACH_US = 4_000_000


def unit(*values: float) -> np.ndarray:
    vector = np.array([*values, 0, 0, 0, 0][:4], np.float32)
    return vector / np.linalg.norm(vector)


ANNA, BERT, LIKE_BOTH = unit(1), unit(0, 1), unit(1, 1)


def seen(first_s: float, last_s: float, left_px: float, mean: np.ndarray) -> Sighting:
    times_us = np.round(np.arange(first_s, last_s + 0.01, 0.25) * 1e6).astype(np.int64)
    box = np.array([left_px, 20, left_px + 40, 120], np.float32)
    return Sighting(times_us, np.tile(box, (len(times_us), 1)), mean)


def test_people_go_on_where_they_stood():
    before = [seen(-5, 0, 10, ANNA), seen(-3, -0.25, 300, BERT)]
    after = [seen(0.25, 4, 305, BERT), seen(0.5, 4, 12, ANNA)]
    assert continued(before, after, REACH_US) == [(0, 1, False), (1, 0, False)]


@pytest.mark.parametrize(
    "after",
    [
        seen(0.25, 4, 10, BERT),  # another person at the same place
        seen(0.25, 4, 500, ANNA),  # nobody crosses the picture in a quarter of a second
        seen(4.5, 6, 10, ANNA),  # too late
    ],
)
def test_time_place_and_looks_have_to_agree(after):
    assert continued([seen(-5, 0, 10, ANNA)], [after], REACH_US) == []


def test_two_who_fit_as_well_are_a_guess():
    before = [seen(-5, 0, 10, ANNA), seen(-4, 0, 20, ANNA)]
    assert continued(before, [seen(0.25, 4, 15, ANNA)], REACH_US) == []
    after = [seen(0.25, 4, 10, ANNA), seen(0.25, 4, 20, LIKE_BOTH)]
    assert continued([seen(-5, 0, 10, ANNA)], after, REACH_US) == [(0, 0, False)]


def test_nobody_is_nobody():
    assert continued([], [seen(0, 1, 10, ANNA)], REACH_US) == []
