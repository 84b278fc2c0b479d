"""What every tracker does, whichever library is behind it; engines subclass `TrackerContract`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors
from reidsearch.domain.footage import Detections
from reidsearch.vision.tracking.tracker import LIFESPAN_US, Assigned, Looks, Picture, Track, Tracker

SECOND = 1_000_000


def seen(*rows: Sequence[float]) -> Detections:
    """Detections from rows of x1, y1, x2, y2, confidence."""
    values = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(values[:, :4].copy(), values[:, 4].copy())


def person(x: float, confidence: float = 0.9, y: float = 100) -> list[float]:
    """Somebody 60 x 180 whose box begins at x."""
    return [x, y, x + 60, y + 180, confidence]


class Told:
    """What the detections of a frame look like, by number of person; -1: it cannot be told.

    A picture is one number. `asked` has those that somebody wanted to be told.
    """

    def __init__(self, people: Sequence[int]) -> None:
        self._people = people
        self.asked: list[int] = []

    def crops(self, rows: Sequence[int]) -> list[Picture]:
        return [np.array([self._people[row]]) for row in rows]  # type: ignore[misc]

    def of(self, crops: Sequence[Picture]) -> Vectors:
        people = [int(crop[0]) for crop in crops]
        self.asked += people
        looks = np.concatenate([np.eye(4), np.zeros((1, 4))]).astype(np.float32)
        return looks[people]


def told(*people: int) -> Told:
    """What the detections of a frame look like, by number of person."""
    return Told(people)


def untold() -> Looks:
    """What nobody looks like: only place decides."""
    return Told([-1] * 99)


def update(
    tracker: Tracker, detections: Detections, time_us: int, looks: Looks | None = None
) -> list[int]:
    """The track of each detection."""
    return tracker.update(detections, time_us, looks or untold()).tracks.tolist()


class TrackerContract:
    """Give a `tracker` fixture: a fresh tracker whose new tracks need a confidence of 0.6."""

    @pytest.fixture
    def tracker(self) -> Tracker:
        raise NotImplementedError

    def test_nobody_gives_nobody(self, tracker: Tracker) -> None:
        for step in range(3):
            assert update(tracker, Detections.none(), step * SECOND) == []

    def test_a_walk_is_one_id_at_any_rate_of_looks(self, tracker: Tracker) -> None:
        at_us, ids = 0, set()
        for step in range(40):  # 100 px a second, looked at 10 to 2.5 times a second
            ids.update(update(tracker, seen(person(at_us / SECOND * 100)), at_us))
            at_us += (100_000, 200_000, 400_000)[step % 3]
        assert ids == {0}

    def test_two_people_keep_their_ids(self, tracker: Tracker) -> None:
        first = None
        for step in range(20):
            ids = update(
                tracker,
                seen(person(50 + 10 * step), person(600 - 10 * step, y=300)),
                step * 200_000,
            )
            assert sorted(ids) == [0, 1]
            first = first or ids
            assert ids == first

    def test_every_id_is_given_once_in_a_frame(self, tracker: Tracker) -> None:
        for step in range(10):
            ids = update(tracker, seen(person(100), person(104), person(108)), step * 200_000)
            mine = [one for one in ids if one >= 0]
            assert len(mine) == len(set(mine))

    def test_unsure_detections_start_nobody_and_keep_somebody(self, tracker: Tracker) -> None:
        assert update(tracker, seen(person(400, 0.4)), 0) == [-1]
        assert update(tracker, seen(person(100, 0.9)), 200_000) == [0]
        assert update(tracker, seen(person(104, 0.4)), 400_000) == [0]

    def test_a_short_miss_is_bridged(self, tracker: Tracker) -> None:
        for step in range(5):
            update(tracker, seen(person(100 + 4 * step)), step * 250_000)
        for step in range(5, 8):
            update(tracker, Detections.none(), step * 250_000)
        assert update(tracker, seen(person(132)), 8 * 250_000) == [0]

    def test_ids_are_never_used_again(self, tracker: Tracker) -> None:
        given: list[int] = []
        for visit in range(5):
            begins = visit * (LIFESPAN_US + SECOND)
            ids = {
                update(tracker, seen(person(100)), begins + step * 250_000)[0] for step in range(3)
            }
            assert len(ids) == 1
            update(tracker, Detections.none(), begins + LIFESPAN_US + SECOND // 2)
            given.extend(ids)
        assert given == [0, 1, 2, 3, 4]

    def test_it_goes_on_from_its_state(self, tracker: Tracker) -> None:
        """What a checkpoint rests on: the state is all there is."""
        rng = np.random.default_rng(5)
        frames = [
            (
                seen(*(person(x, c) for x, c in rng.uniform([0, 0.3], [900, 1], (n, 2)))),
                k * 300_000,
                told(*rng.integers(0, 4, n)),
            )
            for k, n in enumerate(rng.integers(0, 6, 60))
        ]
        answers = []
        for frame in frames:
            answers.append(update(tracker, *frame))
            # Whatever happened before, another process goes on with it.
            again = self.fresh(tracker.state())
            assert _alike(again.state(), tracker.state())
            tracker = again
        assert max(max(ids, default=-1) for ids in answers) > 5
        other = self.fresh(())
        uninterrupted = [other.update(*frame) for frame in frames]
        doubts = [one.doubtful.tolist() for one in uninterrupted]
        assert _paths([one.tracks.tolist() for one in uninterrupted]) == _paths(answers)
        assert doubts == [one.doubtful.tolist() for one in _run(self.fresh(()), frames)]

    def fresh(self, tracks: Sequence[Track]) -> Tracker:
        """Another one like `tracker`, which goes on from a state."""
        raise NotImplementedError


def _run(tracker: Tracker, frames: Sequence[tuple[Detections, int, Looks]]) -> list[Assigned]:
    return [tracker.update(*frame) for frame in frames]


def _paths(answers: Sequence[Sequence[int]]) -> set[tuple[tuple[int, int], ...]]:
    """Tracks as sets of frame and row: which number they have does not matter."""
    paths: dict[int, list[tuple[int, int]]] = {}
    for frame, ids in enumerate(answers):
        for row, number in enumerate(ids):
            if number >= 0:
                paths.setdefault(number, []).append((frame, row))
    return {tuple(path) for path in paths.values()}


def _alike(one: Sequence[Track], other: Sequence[Track]) -> bool:
    return all(
        (a.number, a.time_us, a.seen, a.looked, a.look_us)
        == (b.number, b.time_us, b.seen, b.looked, b.look_us)
        and _same(a.look, b.look)
        and _same(a.crop, b.crop)
        and np.array_equal(a.xyxy, b.xyxy)
        and np.array_equal(a.velocity, b.velocity)
        for a, b in zip(one, other, strict=True)
    )


def _same(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
