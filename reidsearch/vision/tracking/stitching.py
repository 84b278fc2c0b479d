"""Tracklet stitching: join the tracker's pieces across short occlusions.

A piece that ends behind a pillar and another that begins on its far side are one person when time,
place and appearance say so. Two people who were seen at the same time are never stitched: a piece
only continues one that has ended before it begins, and a chain of pieces likewise. Nothing is
stitched across a break of the recording's time or view: place and time mean nothing there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.embeddings import robust_mean
from reidsearch.domain.tracklets import BestShot, Trace, Tracklet
from reidsearch.vision.tracking.best_shots import (
    CANDIDATES,
    FIRST_STRETCH_US,
    choose,
    like_the_rest,
)

# With Open Model Zoo's re-ID models 1 pair of different people in 100 scores above 0.36, 1 in 1000
# above 0.48, 1 in 10 000 above 0.61; one person's crops within a tracklet score 0.65 to 0.85
# (docs/architecture.md). The tracker has refused to go on already, so more is asked than there: on
# drawn crowds a lower limit joined more people than pieces (benchmarks/crossings.py). Somebody who
# reappears at once where they vanished needs less proof than somebody who reappears anywhere.
LIKE = 0.65
LIKE_WHEN_NEAR = 0.55
NEAR_US = 1_500_000
NEAR_HEIGHTS = 0.75
SPEED_HEIGHTS = 1.2  # a walking person covers about one own height a second, a runner more
UNLIKE = 0.3  # two stretches of one piece that are less alike show two people
APART = 0.25  # and by so much less than each is like itself
SHOWN = 0.5  # of the best shot's quality: half a body is unlike its own whole
MARGIN = 0.08  # between two that could be continued; closer is a guess, and stays two tracklets
LONGEST_US = 1 << 62
"""No time between frames is known."""
SPARSE_US = 1_500_000
"""Between sampled frames of slow footage: most of who passes is seen once or not at all."""
SPARSE_GAPS = 2.5
"""In slow footage pieces are stitched across so many frames: one may miss somebody."""
SPARSE_REACH_US = 30_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Where somebody was, and what they look like.

    Args:
        times_us: (n,) int64, increasing.
        xyxy: (n, 4) float32, where they were at these times.
        mean: (d,) float32 of unit length.
    """

    times_us: NDArray[np.int64]
    xyxy: NDArray[np.float32]
    mean: NDArray[np.float32]


def likeness(before: Sighting, after: Sighting, reach_us: int) -> float | None:
    """Return how alike two sightings are; None when time, place or looks say: not one person.

    Args:
        reach_us: for how long after it ends the first may be continued.
    """
    gap_us = int(after.times_us[0] - before.times_us[-1])
    if not 0 < gap_us <= reach_us:
        return None
    heights = _distance_heights(before, after.xyxy[0], gap_us)
    near = gap_us <= NEAR_US and heights <= NEAR_HEIGHTS
    if not near and heights > NEAR_HEIGHTS + SPEED_HEIGHTS * gap_us / 1e6:
        return None
    score = float(before.mean @ after.mean)
    return score if score >= (LIKE_WHEN_NEAR if near else LIKE) else None


def reach_us(interval_us: int, max_gap_us: int) -> int:
    """Return for how long after it ends a sighting may be continued.

    Args:
        interval_us: the shortest time between sampled frames meanwhile.
        max_gap_us: at the usual rates; 0: never.
    """
    if not SPARSE_US <= interval_us < LONGEST_US or not max_gap_us:
        return max_gap_us
    return max(max_gap_us, min(round(SPARSE_GAPS * interval_us), SPARSE_REACH_US))


@dataclass(frozen=True, slots=True, eq=False)
class TrackletPiece:
    """One piece of a tracklet, or several that were stitched.

    Args:
        times_us: (n,) int64, media times of the trace's rows.
        shots: candidates, by time.
        vectors: (len(shots), d) float32, rows of unit length.
        pieces: how many of the tracker's pieces it is made of.
        stretch: of the recording; see above.
        interval_us: the shortest time between sampled frames meanwhile.
        order_us: when the tracker's piece that it is a part of was last seen; None: that is all of
            it. Pieces come in this order.
        doubts: the pts at which a switch to somebody else cannot be excluded.
    """

    trace: Trace
    times_us: NDArray[np.int64]
    shots: tuple[BestShot, ...]
    vectors: NDArray[np.float32]
    pieces: int = 1
    stretch: int = 0
    interval_us: int = LONGEST_US
    order_us: int | None = None
    doubts: tuple[int, ...] = ()

    @property
    def first_us(self) -> int:
        """Return when it was first seen."""
        return int(self.times_us[0])

    @property
    def last_us(self) -> int:
        """Return when it was last seen."""
        return int(self.times_us[-1])

    @property
    def unlike(self) -> int:
        """Return how many of its shots are unlike the rest, and so are never a view of it."""
        belongs = like_the_rest(self.vectors)
        return int(np.count_nonzero(~belongs)) if belongs.any() else 0

    def reach_us(self, max_gap_us: int) -> int:
        """Return for how long after it ends it may be continued."""
        return reach_us(self.interval_us, max_gap_us)

    def sighting(self) -> Sighting:
        """Return where it was, and its mean embedding. It has at least one shot."""
        mean = robust_mean(self.vectors, np.array([shot.quality for shot in self.shots]))
        return Sighting(self.times_us, self.trace.xyxy, mean)

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
            doubts=self.doubts,
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

    def add(self, piece: TrackletPiece) -> int:
        """Add a piece that has ended; those that ended earlier came earlier.

        What a piece is divided into after its first part stands for itself: what it could continue
        may have been taken out by now, or not.

        Returns:
            How many times the piece was divided, because it showed several people.
        """
        piece, *others = divided(piece) if self._max_gap_us else (piece,)
        self.pending += others
        before, score = self._continued_by(piece)
        if before is None:
            self.pending.append(piece)
        else:
            doubtful = score < LIKE
            self.pending[before] = _stitched(self.pending[before], piece, doubtful=doubtful)
        return len(others)

    def ready(self, now_us: int, open_since_us: Iterable[int]) -> list[TrackletPiece]:
        """Take out what is complete, in order of the last time seen, whenever this is asked.

        Args:
            now_us: media time that has been worked through.
            open_since_us: when each piece that has not ended yet began.
        """
        begun = list(open_since_us)

        def complete(piece: TrackletPiece) -> bool:
            until = piece.last_us + piece.reach_us(self._max_gap_us)
            return now_us > until and not any(piece.last_us < at <= until for at in begun)

        self.pending.sort(key=_order)
        done = list(takewhile(complete, self.pending))
        self.pending = self.pending[len(done) :]
        return done

    def _continued_by(self, piece: TrackletPiece) -> tuple[int | None, float]:
        """Return the pending piece that this one continues, and how alike they are.

        None when none does, or unclear.
        """
        found = sorted(
            (score, -number)
            for number, before in enumerate(self.pending)
            if (score := self._likeness(before, piece)) is not None
        )
        if not found or (len(found) > 1 and found[-1][0] - found[-2][0] < MARGIN):
            return None, 0.0
        score, number = found[-1]
        return -number, score

    def _likeness(self, before: TrackletPiece, after: TrackletPiece) -> float | None:
        """Return how alike two pieces look; None when they cannot be one person."""
        reach = before.reach_us(self._max_gap_us)
        if before.stretch != after.stretch or not before.shots or not after.shots:
            return None
        if not 0 < after.first_us - before.last_us <= reach:
            return None  # a mean costs more than this
        return likeness(before.sighting(), after.sighting(), reach)


def _distance_heights(before: Sighting, box: NDArray[np.float32], gap_us: int) -> float:
    """Return how far a box is from where it should be, in heights of the person.

    The person may have gone on as before, or stopped: the nearer of the two counts. Feet and
    middle of a box move differently when it is cut off by the frame's edge, so tops are compared.
    """
    recent = before.times_us >= before.times_us[-1] - 1_000_000
    xyxy, times_us = before.xyxy[recent], before.times_us[recent]
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


def _stitched(before: TrackletPiece, after: TrackletPiece, *, doubtful: bool) -> TrackletPiece:
    joint = (int(after.trace.pts[0]),) if doubtful else ()
    whole = TrackletPiece(
        trace=Trace(
            np.concatenate([before.trace.pts, after.trace.pts]),
            np.concatenate([before.trace.xyxy, after.trace.xyxy]),
            np.concatenate([before.trace.confidence, after.trace.confidence]),
        ),
        times_us=np.concatenate([before.times_us, after.times_us]),
        shots=(*before.shots, *after.shots),
        vectors=np.concatenate([before.vectors, after.vectors]),
        pieces=before.pieces + after.pieces,
        stretch=before.stretch,
        interval_us=min(before.interval_us, after.interval_us),
        order_us=after.order_us,
        doubts=(*before.doubts, *joint, *after.doubts),
    )
    return _thinned(whole)


def _thinned(piece: TrackletPiece) -> TrackletPiece:
    """Keep as many shots of stitched pieces as of one: the best of every stretch of time."""
    stretch_us = FIRST_STRETCH_US
    rows = np.searchsorted(piece.trace.pts, [shot.pts for shot in piece.shots])
    times_us = piece.times_us[np.minimum(rows, len(piece.times_us) - 1)]
    kept = list(range(len(piece.shots)))
    while len(kept) > CANDIDATES:
        best: dict[int, int] = {}
        for row in kept:
            slot = int(times_us[row]) // stretch_us
            if slot not in best or piece.shots[row].quality > piece.shots[best[slot]].quality:
                best[slot] = row
        kept, stretch_us = sorted(best.values()), 2 * stretch_us
    shots = tuple(piece.shots[row] for row in kept)
    return replace(piece, shots=shots, vectors=piece.vectors[kept])


def _order(piece: TrackletPiece) -> tuple[int, int, int]:
    last_us = piece.last_us if piece.order_us is None else piece.order_us
    return last_us, piece.last_us, piece.first_us


def divided(piece: TrackletPiece) -> list[TrackletPiece]:
    """Divide a piece that shows several people, one after the other.

    A tracker may go over to somebody else without any sign of it. Shots that follow each other and
    are alike make a group; where two groups are unlike, and each like itself, these are two people.
    The piece is divided where it was lost longest, or leapt farthest, between their shots. One shot
    of somebody else between two groups of one person is of whoever went by in front.
    """
    scores = piece.vectors @ piece.vectors.T
    quality = np.array([shot.quality for shot in piece.shots])
    parts, rest = [], piece
    for at in reversed(_changes(scores, quality)):
        row = _break_between(rest, rest.shots[at - 1].pts, rest.shots[at].pts)
        parts.append(_part(rest, slice(row, None), slice(at, None)))
        rest = _part(rest, slice(None, row), slice(None, at))
    return [rest, *reversed(parts)] if parts else [piece]


def _changes(scores: NDArray[np.float32], quality: NDArray[np.float64]) -> list[int]:
    """Return the shots with which somebody else begins."""
    groups = [range(row, row + 1) for row in range(len(quality))]
    while len(groups) > 1:
        across = [_across(scores, one, other) for one, other in pairwise(groups)]
        at = int(np.argmax(across))
        if across[at] < UNLIKE:
            at = _doubtful(groups, across, scores, quality)
        if at < 0:
            break
        groups[at : at + 2] = [range(groups[at].start, groups[at + 1].stop)]
    return [group.start for group in groups[1:]]


def _doubtful(
    groups: Sequence[range],
    across: Sequence[float],
    scores: NDArray[np.float32],
    quality: NDArray[np.float64],
) -> int:
    """Return a group that is no other person than the next one for sure; -1: there is none."""
    least = SHOWN * float(quality.max())
    for at, (one, other) in enumerate(pairwise(groups)):
        own = min(_within(scores, one), _within(scores, other))
        shown = min(float(quality[list(group)].max()) for group in (one, other))
        if own - across[at] < APART or shown < least:
            return at
    for at, (one, between, other) in enumerate(zip(groups, groups[1:], groups[2:], strict=False)):
        if len(between) == 1 and _across(scores, one, other) >= UNLIKE:
            return at
    return -1


def _across(scores: NDArray[np.float32], one: range, other: range) -> float:
    return float(scores[one.start : one.stop, other.start : other.stop].mean())


def _within(scores: NDArray[np.float32], group: range) -> float:
    """Return how alike the shots of one group are: the mean of all pairs; 1 for a single shot."""
    own = scores[group.start : group.stop, group.start : group.stop]
    count = len(group)
    return 1.0 if count < 2 else float((own.sum() - np.trace(own)) / (count * (count - 1)))


def _break_between(piece: TrackletPiece, first_pts: int, last_pts: int) -> int:
    """Return the row of the trace with which another person begins."""
    begin, end = np.searchsorted(piece.trace.pts, (first_pts, last_pts))
    rows = np.arange(begin + 1, end + 1)
    waited_s = np.diff(piece.times_us[begin : end + 1]) / 1e6
    boxes = piece.trace.xyxy[begin : end + 1]
    heights = np.maximum(boxes[1:, 3] - boxes[1:, 1], 1.0)
    leapt = np.linalg.norm(np.diff(_anchor(boxes), axis=0), axis=1) / heights
    return int(rows[np.argmax(waited_s * SPEED_HEIGHTS + leapt)])


def _part(piece: TrackletPiece, rows: slice, shots: slice) -> TrackletPiece:
    trace = piece.trace
    pts = trace.pts[rows]
    return replace(
        piece,
        trace=Trace(pts, trace.xyxy[rows], trace.confidence[rows]),
        doubts=tuple(one for one in piece.doubts if pts[0] < one <= pts[-1]),
        times_us=piece.times_us[rows],
        shots=piece.shots[shots],
        vectors=piece.vectors[shots],
        order_us=piece.last_us if piece.order_us is None else piece.order_us,
    )
