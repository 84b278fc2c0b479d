"""The tracker behind the contract, and detections that say themselves whose they are."""

import numpy as np
import pytest
from contract_trackers import TrackerContract, person, seen, told, untold, update

from reidsearch.domain.footage import Detections
from reidsearch.vision.detection.precomputed import PrecomputedIds
from reidsearch.vision.detection.suppress import suppress
from reidsearch.vision.tracking.association import AppearanceTracker, Likeness


class TestAppearanceTracker(TrackerContract):
    @pytest.fixture
    def tracker(self):
        return self.fresh()

    def fresh(self, tracks=()):
        return AppearanceTracker(0.6, tracks=tracks)


ANNA, BERT = 0, 1


def walked(tracker, steps, looks):
    """Two people cross, seen four times a second; returns the ids frame by frame."""
    return [
        update(tracker, seen(person(60 * step), person(600 - 60 * step)), step * 250_000, looks)
        for step in steps
    ]


def test_people_who_cross_stay_who_they_are():
    tracker = AppearanceTracker(0.6)
    ids = walked(tracker, range(11), told(ANNA, BERT))
    assert all(one == ids[0] for one in ids)


def test_somebody_else_in_the_same_place_is_somebody_else():
    tracker = AppearanceTracker(0.6)
    assert update(tracker, seen(person(100)), 0, told(ANNA)) == [0]
    assert update(tracker, seen(person(110)), 1_000_000, told(BERT)) == [1]
    assert update(tracker, seen(person(105)), 1_250_000, told(ANNA)) != [0, 0]


def test_who_reappears_elsewhere_is_known_by_appearance_alone():
    for looks, wanted in ((told(ANNA), [0]), (told(BERT), [1]), (untold(), [1])):
        tracker = AppearanceTracker(0.6)
        update(tracker, seen(person(100)), 0, told(ANNA))
        assert update(tracker, seen(person(300)), 2_000_000, looks) == wanted
    tracker = AppearanceTracker(0.6)
    update(tracker, seen(person(100)), 0, told(ANNA))
    assert update(tracker, seen(person(900)), 2_000_000, told(ANNA)) == [1], "too far to walk"


def test_appearance_is_not_asked_where_place_decides():
    looks = told(ANNA, BERT)
    tracker = AppearanceTracker(0.6)
    for step in range(40):
        update(tracker, seen(person(100 + step), person(700 - step)), step * 250_000, looks)
    assert looks.asked == [], "pictures are kept, and nobody had to be told"
    assert [track.looked for track in tracker.state()] == [3 + 4, 3 + 4]
    # They meet: now both are told, by the pictures that were kept, and nobody is mixed up.
    together = seen(person(395), person(400))
    assert update(tracker, together, 39 * 250_000 + 3_000_000, told(BERT, ANNA)) == [1, 0]


def test_a_switch_that_cannot_be_excluded_is_doubtful():
    twins = told(ANNA, ANNA)
    tracker = AppearanceTracker(0.6)
    tracker.update(seen(person(100), person(190)), 0, twins)
    apart = tracker.update(seen(person(102), person(188)), 250_000, twins)
    assert not apart.doubtful.any()
    together = tracker.update(seen(person(140), person(150)), 500_000, twins)
    assert together.doubtful.all()
    known = AppearanceTracker(0.6)
    known.update(seen(person(100), person(190)), 0, told(ANNA, BERT))
    assert not known.update(
        seen(person(140), person(150)), 250_000, told(ANNA, BERT)
    ).doubtful.any()


def test_given_ids_are_taken_as_they_are():
    found = seen(person(0), person(500))
    with_ids = Detections(found.xyxy, found.confidence, np.array([7, 3]))
    assert update(PrecomputedIds(), with_ids, 0) == [7, 3]
    assert update(PrecomputedIds(), found, 0) == [-1, -1]
    assert PrecomputedIds().state() == ()


def test_of_boxes_that_overlap_much_the_surest_stays():
    found = suppress(seen(person(100, 0.7), person(110, 0.9), person(400, 0.5)), 0.5, 0.8)
    assert found.xyxy[:, 0].tolist() == [110, 400]
    assert found.confidence.tolist() == pytest.approx([0.9, 0.5])


def test_a_head_within_the_person_goes():
    head = [110, 100, 150, 150, 0.8]
    assert suppress(seen(head, person(100, 0.9)), 0.5, 0.8).xyxy[:, 0].tolist() == [100]


def test_two_people_side_by_side_both_stay_and_equals_keep_their_order():
    beside = suppress(seen(person(100), person(150), person(200)), 0.5, 0.8)
    assert beside.xyxy[:, 0].tolist() == [100, 150, 200]
    assert len(suppress(Detections.none(), 0.5, 0.8)) == 0


def test_detections_are_of_one_kind():
    with pytest.raises(ValueError, match="float32"):
        Detections(np.zeros((1, 4)), np.zeros(1))
    with pytest.raises(ValueError, match="boxes with"):
        Detections(np.zeros((1, 4), np.float32), np.zeros(2, np.float32))


def test_colours_that_cost_nothing_are_compared_at_every_detection():
    tracker = AppearanceTracker(0.6, Likeness(renewed_us=0))
    ids = [
        update(tracker, seen(person(100)), step * 250_000, told(ANNA if step < 9 else BERT))
        for step in range(12)
    ]
    assert ids == [[0]] * 9 + [[1]] * 3
