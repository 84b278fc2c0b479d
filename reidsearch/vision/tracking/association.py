"""Tracking by place and appearance: who in this frame is who in the frames before.

Detections of a frame are assigned to tracks as ByteTrack (Zhang et al. 2022) does it, confident
ones first, and in one assignment by overlap, distance and appearance together. Appearance is asked
only where it can decide something: a detection that lies where just one track should be, and
nobody else is near, continues that track by place alone. Constants: benchmarks/crossings.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.footage import Boxes, Detections
from reidsearch.vision.tracking.best_shots import NOBODY, covered_shares
from reidsearch.vision.tracking.tracker import LIFESPAN_US, Assigned, Looks, Picture, Track

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

REACH_HEIGHTS = 0.35  # how far from its place a person is found, in own heights,
REACH_HEIGHTS_A_S = 1.0  # and so much farther for every second that nobody saw them
HEIGHT_RATIO = (0.6, 1.7)
PREDICTED_US = 1_000_000
"""For so long somebody is taken to walk on as before."""
VELOCITY_US = 360_000  # the time in which a velocity is forgotten
OVERLAP = 0.05  # less is none
WEIGHTS = 0.5, 0.5, 0.1  # of overlap, of likeness, and against distance in heights

SURE_OVERLAP = 0.5  # a detection that overlaps so much with where a track should be,
SURE_MARGIN = 0.25  # while any other track or detection overlaps by so much less
RIVAL_OVERLAP = 0.35  # and never more than this,
HIDDEN = 0.6  # of which no more than this share is covered,
SURE_US = 600_000  # continues a track that was seen so lately: appearance is not asked

RENEWED_US = 2_000_000  # how often a look is renewed where appearance is not asked
SECOND_US = 500_000  # the first look may be of half a person: others follow soon
NEW_LOOK_US = 1_000_000  # a new look counts for no longer than this
LOOK_US = 2_370_000  # the time in which a look is forgotten (a tenth in a quarter of a second),
COVERED_LOOK_US = 12_400_000  # and where the person is covered
COVERED = 0.3

MARGIN = 0.1
"""Where another assignment would score nearly as well, a switch cannot be excluded."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What scores between two looks mean. The defaults are for the catalogue's models.

    Args:
        least: a track goes on with nobody who scores less. Consecutive detections of one person
            score 0.41 to 0.54 at the 1st percentile, of other people 0.06 to 0.19 at the median.
        alone: the least where nothing but appearance speaks for it: boxes do not overlap.
        doubtful: below this a switch cannot be excluded.
        renewed_us: how often a person's look is renewed where place decides; who is then found to
            look like somebody else begins a track.
    """

    least: float = 0.45
    alone: float = 0.6
    doubtful: float = 0.55
    renewed_us: int = RENEWED_US


class AppearanceTracker:
    """See `Tracker`.

    Args:
        min_confidence: of a detection that may start a track.
        likeness: how scores between looks are read.
        tracks: `state` of an earlier one.
    """

    def __init__(
        self,
        min_confidence: float,
        likeness: Likeness = Likeness(),
        tracks: Iterable[Track] = (),
    ) -> None:
        self._min_confidence = min_confidence
        self._likeness = likeness
        self._tracks = [track.copy() for track in tracks]
        self._next = max((track.number for track in self._tracks), default=-1) + 1

    def state(self) -> tuple[Track, ...]:
        """See `Tracker.state`."""
        return tuple(track.copy() for track in self._tracks)

    def update(self, detections: Detections, time_us: int, looks: Looks) -> Assigned:
        """See `Tracker.update`."""
        self._tracks = [one for one in self._tracks if time_us - one.time_us <= LIFESPAN_US]
        frame = _Frame(
            self._tracks, detections, time_us, looks, self._min_confidence, self._likeness
        )
        frame.assign()
        ids = np.full(len(detections), -1, np.int64)
        for position, row in frame.pairs:
            ids[row] = self._tracks[position].number
            self._tracks[position] = frame.continued(position, row)
        for row in np.flatnonzero((ids < 0) & frame.confident).tolist():
            ids[row] = self._next
            self._tracks.append(frame.begun(row, self._next))
            self._next += 1
        return Assigned(ids, frame.doubtful)


class _Frame:
    """One frame's detections against the tracks before it.

    Arrays have one row a track and one column a detection.
    """

    def __init__(
        self,
        tracks: list[Track],
        detections: Detections,
        time_us: int,
        looks: Looks,
        min_confidence: float,
        likeness: Likeness,
    ) -> None:
        self._tracks = tracks
        self._told_by = looks
        self._likeness = likeness
        self._xyxy = detections.xyxy
        self._time_us = time_us
        count = len(detections)
        self.confident: Flags = detections.confidence >= min_confidence
        self.doubtful: Flags = np.zeros(count, bool)
        self._covered = covered_shares(detections.xyxy, NOBODY)
        self._gap_us = np.array([time_us - one.time_us for one in tracks], np.int64)
        self._place()
        self.pairs = self._by_place_alone()
        self._looks: dict[int, NDArray[np.float32]] = {}
        self._crops: dict[int, Picture] = {}

    def _place(self) -> None:
        """Compute overlap, distance, and who can be whom at all."""
        last = np.array([one.xyxy for one in self._tracks], np.float64).reshape(-1, 4)
        ahead_s = np.minimum(self._gap_us, PREDICTED_US) / 1e6
        velocity = np.array([one.velocity for one in self._tracks], np.float64).reshape(-1, 2)
        there = last + np.tile(velocity * ahead_s[:, None], 2)
        found = self._xyxy.astype(np.float64)
        self._overlap = _overlaps(there, found)
        own, heights = _heights(last)[:, None], _heights(found)[None]
        apart = np.minimum(_apart(there, found), _apart(last, found))
        self._distance = apart / np.maximum(own, heights)
        reach = REACH_HEIGHTS + REACH_HEIGHTS_A_S * self._gap_us[:, None] / 1e6
        ratio = heights / own
        least, most = HEIGHT_RATIO
        self._possible: Flags = (self._distance <= reach) & (ratio >= least) & (ratio <= most)

    def _by_place_alone(self) -> list[tuple[int, int]]:
        """Return the pairs of track and detection that need no appearance."""
        overlap = np.where(self._possible, self._overlap, 0.0)
        pairs = []
        for position, row in zip(*np.nonzero(overlap >= SURE_OVERLAP), strict=True):
            own = overlap[position, row]
            rival = _others(overlap, position, row).max(initial=0.0)
            sure = rival <= min(RIVAL_OVERLAP, own - SURE_MARGIN) and self._covered[row] <= HIDDEN
            if sure and self._gap_us[position] <= SURE_US:
                pairs.append((int(position), int(row)))
        return pairs

    def assign(self) -> None:
        """Assign detections to tracks: by place alone, then the confident, then the others."""
        free = np.ones(len(self._tracks), bool)
        left = np.ones(len(self.confident), bool)
        due = [row for position, row in self.pairs if self._is_due(position, row)]
        if self._likeness.renewed_us:
            self._keep(due)
        else:
            self._ask(due, [])
        self.pairs = [pair for pair in self.pairs if not self._is_another(*pair)]
        for position, row in self.pairs:
            free[position] = left[row] = False
        for stage in (self.confident, ~self.confident):
            possible = self._possible & free[:, None] & (left & stage)[None]
            rows = np.flatnonzero(possible.any(axis=0)).tolist()
            self._ask(rows, np.flatnonzero(possible.any(axis=1)).tolist())
            for position, row in self._by_look(rows, free):
                free[position] = left[row] = False
                self.pairs.append((position, row))
        begun = left & self.confident
        self._keep([row for row in np.flatnonzero(begun).tolist() if row not in self._looks])

    def _is_due(self, position: int, row: int) -> bool:
        """Tell whether a look is to be renewed although place decides."""
        track = self._tracks[position]
        due_us = min(self._likeness.renewed_us, SECOND_US << min(track.looked - 1, 10))
        clear = bool(self.confident[row]) and float(self._covered[row]) <= COVERED
        return clear and self._time_us - track.look_us >= due_us

    def _is_another(self, position: int, row: int) -> bool:
        """Tell whether somebody else stands in a person's place, by a look that was renewed."""
        before, now = self._tracks[position].look, self._looks.get(row)
        if before is None or now is None or not before.any() or not now.any():
            return False
        return float(before @ now) < self._likeness.least

    def _keep(self, rows: list[int]) -> None:
        """Keep pictures of people whom nobody has to be told from yet."""
        if rows:
            self._crops |= dict(zip(rows, self._told_by.crops(rows), strict=True))

    def _ask(self, rows: list[int], positions: list[int]) -> None:
        """Ask what these detections look like, and tracks of which a picture was kept."""
        rows = [row for row in rows if row not in self._looks]
        kept = [(at, crop) for at in positions if (crop := self._tracks[at].crop) is not None]
        if not rows:
            return
        crops = self._told_by.crops(rows) + [crop for _, crop in kept]
        looks = self._told_by.of(crops)
        self._looks |= dict(zip(rows, looks[: len(rows)], strict=True))
        for (at, _), look in zip(kept, looks[len(rows) :], strict=True):
            track = self._tracks[at].copy()
            track.look, track.crop = _mixed(track.look, look, 0.5), None
            self._tracks[at] = track

    def _by_look(self, rows: list[int], free: Flags) -> list[tuple[int, int]]:
        """Return pairs of free tracks and these detections, and note which are doubtful."""
        if not rows or not free.any():
            return []
        scores, unlike = self._scores(rows)
        pairs = []
        for position, column in _best_pairs(np.where(free[:, None], scores, -np.inf)):
            rival = _others(scores, position, column).max(initial=-np.inf)
            near = scores[position, column] - rival < MARGIN
            row = rows[column]
            self.doubtful[row] = near or unlike[position, column]
            pairs.append((position, row))
        return pairs

    def _scores(self, rows: list[int]) -> tuple[Floats, Flags]:
        """Return the score of each track with each of these detections, and where they are unlike.

        A score of -inf: they cannot be one person.
        """
        likeness = self._likeness
        now = np.array([self._looks[row] for row in rows])
        untold = np.zeros(now.shape[1], np.float32)
        before = np.array([untold if one.look is None else one.look for one in self._tracks])
        told = np.logical_and.outer(before.any(axis=1), now.any(axis=1))
        alike = np.where(told, (before @ now.T).astype(np.float64), likeness.least)
        overlap, distance = self._overlap[:, rows], self._distance[:, rows]
        near = (overlap > OVERLAP) | (alike >= likeness.alone)
        possible = self._possible[:, rows] & near & (alike >= likeness.least)
        by_overlap, by_look, by_distance = WEIGHTS
        scores = by_overlap * overlap + by_look * alike - by_distance * distance
        unlike: Flags = told & (alike < likeness.doubtful)
        return np.where(possible, scores, -np.inf), unlike

    def begun(self, row: int, number: int) -> Track:
        """Return the track that begins with a detection."""
        nowhere = np.zeros(2, np.float64)
        look, crop = self._looks.get(row), self._crops.get(row)
        return Track(number, self._time_us, self._xyxy[row], nowhere, look, crop, self._time_us)

    def continued(self, position: int, row: int) -> Track:
        """Return a track with one more detection."""
        before = self._tracks[position]
        after = before.copy()
        after.time_us, after.xyxy, after.seen = self._time_us, self._xyxy[row], before.seen + 1
        after.velocity = self._velocity(before, row)
        if row in self._looks:
            after.look = _mixed(before.look, self._looks[row], self._kept(before, row))
        elif row in self._crops:
            after.crop = self._crops[row]
        if row in self._looks or row in self._crops:
            after.look_us, after.looked = self._time_us, before.looked + 1
        return after

    def _velocity(self, before: Track, row: int) -> Floats:
        elapsed_us = self._time_us - before.time_us
        if elapsed_us > PREDICTED_US:
            return np.zeros(2, np.float64)
        moved = _top(self._xyxy[row][None])[0] - _top(before.xyxy[None])[0]
        now: Floats = moved / (elapsed_us / 1e6)
        if before.seen == 1:
            return now
        kept = float(np.exp(-elapsed_us / VELOCITY_US))
        return before.velocity * kept + now * (1 - kept)

    def _kept(self, before: Track, row: int) -> float:
        """Return how much of a look stays beside a new one."""
        covered = float(self._covered[row]) > COVERED
        elapsed_us = min(self._time_us - before.look_us, NEW_LOOK_US)
        kept = float(np.exp(-elapsed_us / (COVERED_LOOK_US if covered else LOOK_US)))
        return min(kept, 0.5) if before.looked == 1 and not covered else kept


def _mixed(
    before: NDArray[np.float32] | None, now: NDArray[np.float32], kept: float
) -> NDArray[np.float32]:
    """Return the mean of two looks; of one that could not be told nothing."""
    if before is None or not before.any():
        return now
    if not now.any():
        return before
    mean = kept * before + (1 - kept) * now
    return (mean / max(float(np.linalg.norm(mean)), 1e-6)).astype(np.float32)


def _others(values: Floats, row: int, column: int) -> Floats:
    """Return what else stands in this row and this column."""
    return np.append(np.delete(values[row], column), np.delete(values[:, column], row))


def _best_pairs(scores: Floats) -> list[tuple[int, int]]:
    """Return pairs of row and column, the best score first, each at most once; -inf: never."""
    left, pairs = scores.copy(), []
    while left.size and np.isfinite(left.max()):
        row, column = divmod(int(left.argmax()), left.shape[1])
        pairs.append((row, column))
        left[row] = left[:, column] = -np.inf
    return pairs


def _top(xyxy: NDArray[np.float64] | Boxes) -> Floats:
    """Return the middle of the top: where a person is cut off, feet and centre move."""
    return np.stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 1]], axis=1).astype(np.float64)


def _apart(one: Floats, other: Floats) -> Floats:
    distances: Floats = np.linalg.norm(_top(one)[:, None] - _top(other)[None], axis=2)
    return distances


def _heights(xyxy: Floats) -> Floats:
    heights: Floats = np.maximum(xyxy[:, 3] - xyxy[:, 1], 1.0)
    return heights


def _overlaps(one: Floats, other: Floats) -> Floats:
    """Return intersection over union of each with each."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared: Floats = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = np.prod(one[:, 2:] - one[:, :2], axis=1), np.prod(other[:, 2:] - other[:, :2], axis=1)
    union: Floats = areas[0][:, None] + areas[1][None] - shared
    return shared / np.maximum(union, 1e-9)
