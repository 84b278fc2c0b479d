"""What people look like to the tracker: embeddings, or clothes where no score is known."""

from dataclasses import replace

import numpy as np
import pytest

from reidsearch.vision.tracking.appearance import ByClothes, ByModel
from reidsearch.vision.tracking.best_shots import BestShotKeeper, candidates

SECOND_US = 1_000_000

RED, BLUE = (30, 30, 200), (190, 60, 30)
BOXES = np.array([[40, 20, 120, 260], [200, 20, 280, 260]], np.float32)


def picture(left, right):
    """Two people in one colour each before a grey wall."""
    frame = np.full((280, 320, 3), 120, np.uint8)
    frame[20:260, 40:120] = left
    frame[20:260, 200:280] = right
    return frame


def score(one, other):
    """Between the first of one picture and the first of another."""
    return float(looks(one, BOXES, [0])[0] @ looks(other, BOXES, [0])[0])


def looks(frame, boxes, rows):
    """What people look like by their clothes."""
    return ByClothes().looks(ByClothes().crops(frame, boxes, rows))


def test_clothes_tell_people_apart():
    likeness = ByClothes.likeness
    assert score(picture(RED, BLUE), picture(RED, RED)) >= likeness.alone
    assert score(picture(RED, BLUE), picture(BLUE, BLUE)) < likeness.least


def test_looks_are_of_unit_length_and_in_the_order_asked():
    both = looks(picture(RED, BLUE), BOXES, [1, 0])
    assert np.linalg.norm(both, axis=1) == pytest.approx([1, 1])
    assert np.array_equal(both[1], looks(picture(RED, BLUE), BOXES, [0])[0])


def test_the_clothes_of_who_is_covered_or_cut_off_are_not_seen():
    over = np.array([[40, 20, 120, 260], [70, 20, 150, 260]], np.float32)
    assert not looks(picture(RED, BLUE), over, [0, 1]).any()
    cut = np.array([[0, 20, 80, 260]], np.float32)
    assert not looks(picture(RED, BLUE), cut, [0]).any()


def test_a_model_sees_the_crops_that_would_be_best_shots():
    jpegs = []

    def embed(given):
        jpegs.extend(given)
        return np.tile(np.array([[1, 0]], np.float32), (len(given), 1))

    boxes = np.array([[40, 20, 120, 260], [-9, -9, 20, 30], [400, 400, 500, 500]], np.float32)
    frame, model = picture(RED, BLUE), ByModel(embed)
    found = model.looks(model.crops(frame, boxes, [0, 1, 2]))
    assert found.tolist() == [[1, 0], [1, 0], [0, 0]], "nothing of the last one is in the frame"
    shots = BestShotKeeper()
    sure = np.full(len(boxes), 0.9, np.float32)
    for number, one in enumerate(candidates(0, 0, boxes, sure, 320, 280)[:2]):
        shots.offer(replace(one, time_us=number * SECOND_US), lambda: frame)
    assert jpegs == [shot.jpeg for _, shot in shots.kept()]
