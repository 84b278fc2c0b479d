"""One box a person: of boxes that overlap much, or lie within another, the surest stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reidsearch.sightings import Detections

OVERLAP = 0.5  # intersection over union
# Of the smaller box: a head-and-shoulders box inside the whole person's. Two people so deep in each
# other are one box to any detector of this size.
CONTAINED = 0.8


def suppress(found: Detections) -> Detections:
    """Non-maximum suppression, with containment.

    Returns:
        What stays, surest first; equal confidences in the order given.
    """
    order = np.argsort(-found.confidence, kind="stable")
    found = found[order]
    if len(found) < 2:
        return found
    shared = _shared(found.xyxy)
    area = np.diagonal(shared)
    union = area[:, None] + area[None, :] - shared
    alike = shared > OVERLAP * union
    inside = shared > CONTAINED * np.minimum(area[:, None], area[None, :])
    same = alike | inside
    stays = np.ones(len(found), bool)
    for row in range(len(found)):
        if stays[row]:
            stays[row + 1 :] &= ~same[row, row + 1 :]
    return found[stays]


def _shared(xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
    low = np.maximum(xyxy[:, None, :2], xyxy[None, :, :2])
    high = np.minimum(xyxy[:, None, 2:], xyxy[None, :, 2:])
    sides = np.clip(high - low, 0, None)
    shared: NDArray[np.float32] = sides[..., 0] * sides[..., 1]
    return shared
