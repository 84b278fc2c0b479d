"""Non-maximum suppression: of boxes that overlap, or lie within another, one is kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.footage import Boxes, Detections


def suppress(found: Detections, max_overlap: float, max_inside: float) -> Detections:
    """Non-maximum suppression, with containment.

    Two people so deep in each other that containment takes one of them are one box to any
    detector of this size.

    Args:
        max_overlap, max_inside: see `FootageSettings`.

    Returns:
        What is kept, most confident first; equal confidences in the order given.
    """
    order = np.argsort(-found.confidence, kind="stable")
    found = found[order]
    if len(found) < 2:
        return found
    shared = shared_areas(found.xyxy)
    area = np.diagonal(shared)
    union = area[:, None] + area[None, :] - shared
    alike = shared > max_overlap * union
    inside = shared > max_inside * np.minimum(area[:, None], area[None, :])
    same = alike | inside
    stays = np.ones(len(found), bool)
    for row in range(len(found)):
        if stays[row]:
            stays[row + 1 :] &= ~same[row, row + 1 :]
    return found[stays]


def shared_areas(xyxy: Boxes) -> NDArray[np.float32]:
    """Return (n, n), the area that each two boxes share; on the diagonal their own."""
    low = np.maximum(xyxy[:, None, :2], xyxy[None, :, :2])
    high = np.minimum(xyxy[:, None, 2:], xyxy[None, :, 2:])
    sides = np.clip(high - low, 0, None)
    shared: NDArray[np.float32] = sides[..., 0] * sides[..., 1]
    return shared
