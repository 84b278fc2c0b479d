"""Tracklet stitching: join the tracker's pieces across short occlusions.

A piece that ends behind a pillar and another that begins on its far side are one person when time,
place and appearance say so. Two people who were seen at the same time are never stitched: a piece
only continues one that has ended before it begins, and a chain of pieces likewise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.embeddings import robust_mean
from reidsearch.domain.footage import BestShot, Trace, Tracklet
from reidsearch.vision.tracking.best_shots import choose

# With Open Model Zoo's re-ID models 1 pair of different people in 100 scores above 0.36, 1 in 1000
# above 0.48, 1 in 10 000 above 0.61; one person's crops within a tracklet score 0.65 to 0.85
# (docs/architecture.md). Somebody who reappears at once where they vanished needs less proof than
# somebody who reappears anywhere.
LIKE = 0.55
LIKE_WHEN_NEAR = 0.35
NEAR_US = 1_500_000
NEAR_HEIGHTS = 0.75
SPEED_HEIGHTS = 1.2  # a walking person covers about one own height a second, a runner more
MARGIN = 0.08  # between two that could be continued; closer is a guess, and stays two tracklets


@dataclass(frozen=True, slots=True, eq=False)
class TrackletPiece:
    """One piece of a tracklet, or several that were stitched.

    Args:
        times_us: (n,) int64, media times of the trace's rows.
        shots: candidates, by time.
        vectors: (len(shots), d) float32, rows of unit length.
        pieces: how many of the tracker's pieces it is made of.
    """

    trace: Trace
    times_us: NDArray[np.int64]
    shots: tuple[BestShot, ...]
    vectors: NDArray[np.float32]
    pieces: int = 1

    @property
    def first_us(self) -> int:
        """Return when it was first seen."""
        return int(self.times_us[0])

    @property
    def last_us(self) -> int:
        """Return when it was last seen."""
        return int(self.times_us[-1])

    def mean(self) -> NDArray[np.float32]:
        """Return its mean embedding, (d,); zeros without shots."""
        if not self.shots:
            return np.zeros(self.vectors.shape[1], np.float32)
        return robust_mean(self.vectors, np.array([shot.quality for shot in self.shots]))

    def tracklet(self, count: int) -> Tracklet:
        """Make the tracklet of its best shots and their robust mean. It has at least one shot."""
        rows = choose(self.shots, self.vectors, count)
        vectors = self.vectors[rows]
        shots = tuple(self.shots[row] for row in rows)
        return Tracklet(
            trace=self.trace,
            views=shots,
            vectors=vectors,
            vector=robust_mean(vectors, np.array([shot.quality for shot in shots])),
            fragments=self.pieces,
        )


class Stitcher:
    """Holds pieces back until nothing that is still to come can continue them.

    Args:
        max_gap_us: pieces further apart are not stitched; 0: none are.
        pending: what an earlier `Stitcher` held back; its whole state.
    """

    def __init__(self, max_gap_us: int, pending: Iterable[TrackletPiece] = ()) -> None:
        self._max_gap_us = max_gap_us
        self.pending = list(pending)

    def add(self, piece: TrackletPiece) -> None:
        """Add a piece that has ended; those that ended earlier came earlier."""
        before = self._continued_by(piece)
        if before is None:
            self.pending.append(piece)
        else:
            self.pending[before] = _stitched(self.pending[before], piece)

    def ready(self, now_us: int, open_since_us: Iterable[int]) -> list[TrackletPiece]:
        """Take out what is complete, in order of the last time seen, whenever this is asked.

        Args:
            now_us: media time that has been worked through.
            open_since_us: when each piece that has not ended yet began.
        """
        begun = list(open_since_us)

        def complete(piece: TrackletPiece) -> bool:
            until = piece.last_us + self._max_gap_us
            return now_us > until and not any(piece.last_us < at <= until for at in begun)

        self.pending.sort(key=lambda piece: (piece.last_us, piece.first_us))
        done = list(takewhile(complete, self.pending))
        self.pending = self.pending[len(done) :]
        return done

    def _continued_by(self, piece: TrackletPiece) -> int | None:
        """Return the pending piece that this one continues; None when none does, or unclear."""
        found = sorted(
            (likeness, -number)
            for number, before in enumerate(self.pending)
            if (likeness := self._likeness(before, piece)) is not None
        )
        if not found or (len(found) > 1 and found[-1][0] - found[-2][0] < MARGIN):
            return None
        return -found[-1][1]

    def _likeness(self, before: TrackletPiece, after: TrackletPiece) -> float | None:
        """Return how alike two pieces look; None when they cannot be one person."""
        gap_us = after.first_us - before.last_us
        if not 0 < gap_us <= self._max_gap_us or not before.shots or not after.shots:
            return None
        heights = _distance_heights(before, after.trace.xyxy[0], gap_us)
        near = gap_us <= NEAR_US and heights <= NEAR_HEIGHTS
        if not near and heights > NEAR_HEIGHTS + SPEED_HEIGHTS * gap_us / 1e6:
            return None
        likeness = float(before.mean() @ after.mean())
        return likeness if likeness >= (LIKE_WHEN_NEAR if near else LIKE) else None


def _distance_heights(before: TrackletPiece, box: NDArray[np.float32], gap_us: int) -> float:
    """Return how far a box is from where it should be, in heights of the person.

    The person may have gone on as before, or stopped: the nearer of the two counts. Feet and
    middle of a box move differently when it is cut off by the frame's edge, so tops are compared.
    """
    recent = before.times_us >= before.last_us - 1_000_000
    xyxy, times_us = before.trace.xyxy[recent], before.times_us[recent]
    centre = _anchor(xyxy)
    elapsed = float(times_us[-1] - times_us[0])
    velocity = (centre[-1] - centre[0]) / elapsed if elapsed > 0 else np.zeros(2)
    height = float(max(xyxy[-1, 3] - xyxy[-1, 1], box[3] - box[1], 1.0))
    there = _anchor(box[None])[0]
    gone_on = np.linalg.norm(there - (centre[-1] + velocity * gap_us))
    stopped = np.linalg.norm(there - centre[-1])
    return float(min(gone_on, stopped)) / height


def _anchor(xyxy: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 1]], axis=1).astype(np.float64)


def _stitched(before: TrackletPiece, after: TrackletPiece) -> TrackletPiece:
    return TrackletPiece(
        trace=Trace(
            np.concatenate([before.trace.pts, after.trace.pts]),
            np.concatenate([before.trace.xyxy, after.trace.xyxy]),
            np.concatenate([before.trace.confidence, after.trace.confidence]),
        ),
        times_us=np.concatenate([before.times_us, after.times_us]),
        shots=(*before.shots, *after.shots),
        vectors=np.concatenate([before.vectors, after.vectors]),
        pieces=before.pieces + after.pieces,
    )
