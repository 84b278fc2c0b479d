"""The tracker behind the contract, and detections that say themselves whose they are."""

import numpy as np
import pytest
from contract_trackers import TrackerContract, person, seen

from reidsearch.domain.footage import Detections
from reidsearch.vision.detection.precomputed import PrecomputedIds
from reidsearch.vision.detection.suppress import suppress
from reidsearch.vision.tracking.bytetrack import ByteTracker


class TestByteTracker(TrackerContract):
    @pytest.fixture
    def tracker(self):
        return self.fresh()

    def fresh(self):
        return ByteTracker(0.6)


def test_given_ids_are_taken_as_they_are():
    found = seen(person(0), person(500))
    with_ids = Detections(found.xyxy, found.confidence, np.array([7, 3]))
    assert PrecomputedIds().update(with_ids, 0).tolist() == [7, 3]
    assert PrecomputedIds().update(found, 0).tolist() == [-1, -1]


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
