"""What every tracker does, whichever library is behind it; engines subclass `TrackerContract`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from reidsearch.domain.footage import Detections
from reidsearch.vision.tracking.tracker import LIFESPAN_US, Tracker

SECOND = 1_000_000


def seen(*rows: Sequence[float]) -> Detections:
    """Detections from rows of x1, y1, x2, y2, confidence."""
    values = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(values[:, :4].copy(), values[:, 4].copy())


def person(x: float, confidence: float = 0.9, y: float = 100) -> list[float]:
    """Somebody 60 x 180 whose box begins at x."""
    return [x, y, x + 60, y + 180, confidence]


class TrackerContract:
    """Give a `tracker` fixture: a fresh tracker whose new tracks need a confidence of 0.6."""

    @pytest.fixture
    def tracker(self) -> Tracker:
        raise NotImplementedError

    def test_nobody_gives_nobody(self, tracker: Tracker) -> None:
        for step in range(3):
            assert tracker.update(Detections.none(), step * SECOND).tolist() == []

    def test_a_walk_is_one_id_at_any_rate_of_looks(self, tracker: Tracker) -> None:
        at_us, ids = 0, set()
        for step in range(40):  # 100 px a second, looked at 10 to 2.5 times a second
            ids.update(tracker.update(seen(person(at_us / SECOND * 100)), at_us).tolist())
            at_us += (100_000, 200_000, 400_000)[step % 3]
        assert ids == {0}

    def test_two_people_keep_their_ids(self, tracker: Tracker) -> None:
        first = None
        for step in range(20):
            ids = tracker.update(
                seen(person(50 + 10 * step), person(600 - 10 * step, y=300)), step * 200_000
            )
            assert sorted(ids.tolist()) == [0, 1]
            first = first or ids.tolist()
            assert ids.tolist() == first

    def test_every_id_is_given_once_in_a_frame(self, tracker: Tracker) -> None:
        for step in range(10):
            ids = tracker.update(seen(person(100), person(104), person(108)), step * 200_000)
            mine = ids[ids >= 0]
            assert len(mine) == len(set(mine.tolist()))

    def test_unsure_detections_start_nobody_and_keep_somebody(self, tracker: Tracker) -> None:
        assert tracker.update(seen(person(400, 0.4)), 0).tolist() == [-1]
        assert tracker.update(seen(person(100, 0.9)), 200_000).tolist() == [0]
        assert tracker.update(seen(person(104, 0.4)), 400_000).tolist() == [0]

    def test_a_short_miss_is_bridged(self, tracker: Tracker) -> None:
        for step in range(5):
            tracker.update(seen(person(100 + 4 * step)), step * 250_000)
        for step in range(5, 8):
            tracker.update(Detections.none(), step * 250_000)
        assert tracker.update(seen(person(132)), 8 * 250_000).tolist() == [0]

    def test_ids_are_never_used_again(self, tracker: Tracker) -> None:
        given: list[int] = []
        for visit in range(5):
            begins = visit * (LIFESPAN_US + SECOND)
            ids = {
                int(tracker.update(seen(person(100)), begins + step * 250_000)[0])
                for step in range(3)
            }
            assert len(ids) == 1
            tracker.update(Detections.none(), begins + LIFESPAN_US + SECOND // 2)
            given.extend(ids)
        assert given == [0, 1, 2, 3, 4]

    def test_the_same_calls_give_the_same_answers(self, tracker: Tracker) -> None:
        """What a checkpoint rests on: a tracker's state is what it was told."""
        rng = np.random.default_rng(5)
        told = [
            (seen(*(person(x, c) for x, c in rng.uniform([0, 0.3], [900, 1], (n, 2)))), k * 300_000)
            for k, n in enumerate(rng.integers(0, 6, 60))
        ]
        answers = [tracker.update(*call).tolist() for call in told]
        assert max(max(ids, default=-1) for ids in answers) > 5
        other = self.fresh()
        assert [other.update(*call).tolist() for call in told] == answers

    def fresh(self) -> Tracker:
        """Another one like `tracker`."""
        raise NotImplementedError
