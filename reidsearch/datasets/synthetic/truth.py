"""Which tracklet shows which visit: what was found of a known truth, and what was made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from reidsearch.datasets.synthetic.footage import Visit
from reidsearch.domain.footage import Boxes

SAME_PLACE = 0.4  # mean overlap of the boxes where both are there


def match_visits(
    visits: Sequence[Visit], tracklets: Mapping[int, tuple[NDArray[np.int64], Boxes]]
) -> dict[int, int]:
    """Tracklet id -> row of `visits`, one to one, best overlaps first.

    Args:
        tracklets: frame numbers and boxes, (n,) and (n, 4), by tracklet id.

    Returns:
        Only tracklets that show a visit: in its place wherever both are, and for at least half of
        their own length.
    """
    pairs = sorted(
        (
            (overlap, tracklet_id, row)
            for tracklet_id, (frames, xyxy) in tracklets.items()
            for row, visit in enumerate(visits)
            if (overlap := _overlap(visit, frames, xyxy)) > 0
        ),
        key=lambda pair: (-pair[0], pair[1]),
    )
    found: dict[int, int] = {}
    for _, tracklet_id, row in pairs:
        if tracklet_id not in found and row not in found.values():
            found[tracklet_id] = row
    return found


def _overlap(visit: Visit, frames: NDArray[np.int64], xyxy: Boxes) -> float:
    """Temporal intersection over union where the boxes agree, else 0."""
    both, here, there = np.intersect1d(frames, visit.frames, return_indices=True)
    if 2 * len(both) < len(frames):
        return 0.0
    if float(np.mean(_iou(xyxy[here], visit.xyxy[there]))) < SAME_PLACE:
        return 0.0
    first, last = int(frames[0]), int(frames[-1])
    begins, ends = int(visit.frames[0]), int(visit.frames[-1])
    shared = min(last, ends) - max(first, begins)
    return max(shared, 0) / max(max(last, ends) - min(first, begins), 1)


def _iou(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (a, b)]
    iou: NDArray[np.float32] = shared / np.maximum(areas[0] + areas[1] - shared, 1e-6)
    return iou
