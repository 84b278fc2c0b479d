"""Which crops of a tracklet are kept."""

import cv2
import numpy as np
import pytest

from reidsearch.vision.tracking.best_shots import CANDIDATES, BestShotKeeper, candidates, choose

SIZE = (640, 360)


def frame(blur=0):
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (SIZE[1] // 4, SIZE[0] // 4, 3), dtype=np.uint8)
    picture = cv2.resize(noise, SIZE, interpolation=cv2.INTER_NEAREST)
    return cv2.GaussianBlur(picture, (0, 0), blur) if blur else picture


def one(x1, y1, x2, y2, confidence=0.9, at_us=0):
    rows = np.array([[x1, y1, x2, y2]], np.float32)
    (found,) = candidates(0, at_us, rows, np.array([confidence], np.float32), *SIZE)
    return found


WHOLE = (200, 60, 280, 300)


@pytest.mark.parametrize(
    ("why", "worse"),
    [
        ("cut off by the frame's edge", (560, 60, 640, 300)),
        ("far away", (200, 60, 230, 150)),
        ("half a body", (200, 60, 400, 300)),
        ("a sliver", (200, 60, 215, 300)),
    ],
)
def test_what_shows_less_is_worth_less(why, worse):
    assert one(*worse).worth < 0.8 * one(*WHOLE).worth, why


def test_unsure_and_covered_ones_are_worth_less():
    assert one(*WHOLE, confidence=0.5).worth < one(*WHOLE, confidence=0.9).worth
    rows = np.array([WHOLE, (240, 60, 320, 300), (500, 60, 580, 300)], np.float32)
    found = candidates(0, 0, rows, np.full(3, 0.9, np.float32), *SIZE)
    assert found[0].worth == pytest.approx(found[2].worth / 2)


def test_what_lies_outside_the_frame_is_no_candidate():
    assert one(650, 60, 700, 300) is None
    assert one(-50, 60, -1, 300) is None
    inside = one(-20, -20, 60, 400)
    assert inside.box.as_list() == [0, 0, 60, 360]


def test_of_a_stretch_of_time_the_sharpest_is_kept():
    keeper = BestShotKeeper()
    keeper.offer(one(*WHOLE, at_us=0), lambda: frame(3))
    keeper.offer(one(*WHOLE, at_us=100_000), frame)
    keeper.offer(one(*WHOLE, at_us=200_000), lambda: frame(3))
    ((at_us, view),) = keeper.kept()
    assert at_us == 100_000
    assert view.sharpness > 0.5
    decoded = cv2.imdecode(np.frombuffer(view.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == (240, 80, 3)


def test_pixels_are_not_asked_for_in_vain():
    keeper = BestShotKeeper()
    keeper.offer(one(*WHOLE), frame)

    def never():
        raise AssertionError

    keeper.offer(one(*WHOLE, confidence=0.3, at_us=1), never)


@pytest.mark.full
def test_a_long_tracklet_keeps_few_candidates_spread_over_its_time():
    keeper = BestShotKeeper()
    picture = frame()
    for second in range(600):
        keeper.offer(one(*WHOLE, at_us=second * 1_000_000), lambda: picture)
    times = [at_us for at_us, _ in keeper.kept()]
    assert CANDIDATES // 2 <= len(times) <= CANDIDATES
    assert max(times) - min(times) > 300e6
    again = BestShotKeeper.restored(keeper.stretch_us, keeper.kept())
    for each in (keeper, again):
        each.offer(one(*WHOLE, at_us=700_000_000), lambda: picture)
    assert [a for a, _ in again.kept()] == [a for a, _ in keeper.kept()]


def alike(count):
    """Views of one person: any two have a cosine of 0.7."""
    own = np.sqrt(0.3) * np.eye(count, dtype=np.float32)
    return np.hstack([np.full((count, 1), np.sqrt(0.7), np.float32), own])


def test_what_lies_over_somebody_hidden_is_worth_less():
    """Of two who cross a detector sees one: the box shows whoever is in front."""
    rows = np.array([WHOLE, (500, 60, 580, 300)], np.float32)
    behind = np.array([(240, 60, 320, 300)], np.float32)
    found = candidates(0, 0, rows, np.full(2, 0.9, np.float32), *SIZE, behind)
    assert found[0].worth == pytest.approx(found[1].worth / 2)


def test_a_view_of_somebody_else_is_not_chosen_even_if_it_is_the_best():
    keeper = BestShotKeeper(stretch_us=1)
    picture = frame()
    for number, confidence in enumerate([0.8, 0.95, 0.8, 0.8]):
        keeper.offer(one(*WHOLE, confidence=confidence, at_us=number), lambda: picture)
    views = [view for _, view in keeper.kept()]
    vectors = alike(4)
    vectors[1] = np.eye(5, dtype=np.float32)[2]  # somebody walks by in front
    assert sorted(choose(views, vectors, 9)) == [0, 2, 3]
    assert choose(views[:2], np.eye(2, dtype=np.float32), 2) == [1, 0], "nobody knows who is right"


def test_chosen_are_the_best_first_and_then_what_differs():
    keeper = BestShotKeeper(stretch_us=1)
    picture = frame()
    for number, confidence in enumerate([0.9, 0.95, 0.9, 0.9, 0.2]):
        keeper.offer(one(*WHOLE, confidence=confidence, at_us=number), lambda: picture)
    views = [view for _, view in keeper.kept()]
    vectors = alike(5)
    vectors[2] = vectors[1]  # looks just like the best
    assert choose(views, vectors, 1) == [1]
    assert choose(views, vectors, 3) == [1, 0, 3]
    assert choose(views, vectors, 9) == [1, 0, 3, 2], "the poor one is left out"
