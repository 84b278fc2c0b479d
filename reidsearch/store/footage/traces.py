"""Traces compared, cut and put together: of one person or not, and which stretch is whose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.decisions import TraceStretch
from reidsearch.domain.tracklets import Trace

Doubts: TypeAlias = list[list[int]] | None
"""Where a switch to somebody else cannot be excluded: position and media time; None: not known."""
SAME_PX = 1.0
"""Boxes of one person found twice in one frame differ by less, in pixels."""
SAME_SHARE = 0.5
"""Two traces that share more of the shorter one's detections are one person's."""


def one_person(stored: Trace, found: Trace) -> bool:
    """Tell whether two traces of one source are of the same detections."""
    _, in_stored, in_found = np.intersect1d(stored.pts, found.pts, return_indices=True)
    if not len(in_stored):
        return False
    apart = np.abs(stored.xyxy[in_stored] - found.xyxy[in_found]).max(axis=1)
    shared = int(np.count_nonzero(apart < SAME_PX))
    return shared > SAME_SHARE * min(len(stored), len(found))


def some_of(trace: Trace, rows: NDArray[np.bool_] | slice) -> Trace:
    """Return the detections that a mask or a slice chooses."""
    return Trace(trace.pts[rows], trace.xyxy[rows], trace.confidence[rows])


def together(first: Trace, *others: Trace) -> Trace:
    """Return all detections in order of time; of two in one frame that of the earlier trace."""
    every = (first, *others)
    pts = np.concatenate([one.pts for one in every])
    _, rows = np.unique(pts, return_index=True)
    return Trace(
        pts[rows],
        np.concatenate([one.xyxy for one in every])[rows],
        np.concatenate([one.confidence for one in every])[rows],
    )


def within(pts: NDArray[np.int64], stretches: Iterable[TraceStretch]) -> NDArray[np.bool_]:
    """Return (n,) which time stamps lie in one of these stretches of their source."""
    found = np.zeros(len(pts), np.bool_)
    for stretch in stretches:
        inside = np.ones(len(pts), np.bool_)
        if stretch.from_pts is not None:
            inside &= pts >= stretch.from_pts
        if stretch.until_pts is not None:
            inside &= pts < stretch.until_pts
        found |= inside
    return found


def stretches_of(
    source_id: int, own: NDArray[np.int64], others: NDArray[np.int64], fragments: int
) -> tuple[TraceStretch, ...]:
    """Return the stretches of a source in which one tracklet is seen between others.

    Each goes on to where another begins, so that it stays the same when more is found.

    Args:
        own, others: time stamps of detections; none is in both.
        fragments: of the tracklet in this source.
    """
    pts = np.concatenate((own, others))
    order = np.argsort(pts, kind="stable")
    mine, pts = (order < len(own)).tolist(), pts[order].tolist()
    starts = [row for row in range(len(pts)) if row == 0 or mine[row] != mine[row - 1]]
    ends: Sequence[int | None] = [*starts[1:], None]
    return tuple(
        TraceStretch(
            source_id,
            pts[start] if start else None,
            None if end is None else pts[end],
            fragments if start == next(row for row in starts if mine[row]) else 0,
        )
        for start, end in zip(starts, ends, strict=True)
        if mine[start]
    )


def carried(doubts: Doubts, of: Trace, into: Trace) -> Doubts:
    """Return those doubts whose detections another trace holds, by their positions there.

    One at the first detection of a trace stays: it counts again where somebody precedes it.

    Args:
        of: the trace that they are about.
    """
    if doubts is None:
        return None
    found = []
    for position, media_us in doubts:
        pts = of.pts[position]
        row = int(np.searchsorted(into.pts, pts))
        if row < len(into) and into.pts[row] == pts:
            found.append([row, media_us])
    return found


def doubts_of_both(into: Trace, *held: tuple[Doubts, Trace]) -> Doubts:
    """Return all doubts of some traces that one is put together of; None: not known of all."""
    found = [carried(doubts, trace, into) for doubts, trace in held]
    if any(doubts is None for doubts in found):
        return None
    return sorted({tuple(one): one for doubts in found for one in doubts or ()}.values())
