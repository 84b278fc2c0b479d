"""ByteTrack (Zhang et al. 2022) by edgefirst-tracker: Kalman filter and overlap, surest first.

Why this library: docs/architecture.md; figures: benchmarks/trackers.py.
"""

from __future__ import annotations

import numpy as np
from edgefirst.tracker import ByteTrack
from numpy.typing import NDArray

from reidsearch.detection.tracker import LIFESPAN_US
from reidsearch.sightings import Detections

# At two to five looks a second a walking person overlaps little with where they were, and has gone
# on further than a filter that trusts its own past would believe: with the library's defaults
# (0.25, 0.25) the drawn footage falls into five times as many pieces (benchmarks/trackers.py).
MIN_OVERLAP = 0.05
UPDATE = 1.0


class ByteTracker:
    """See `Tracker`.

    Args:
        min_confidence: of a detection that may be somebody new.
    """

    def __init__(self, min_confidence: float) -> None:
        self._engine = ByteTrack(
            high_conf=min_confidence, iou=MIN_OVERLAP, update=UPDATE, lifespan_ns=LIFESPAN_US * 1000
        )
        self._ids: dict[str, int] = {}

    def update(self, detections: Detections, time_us: int) -> NDArray[np.int64]:
        """See `Tracker.update`."""
        count = len(detections)
        told = self._engine.update(
            np.ascontiguousarray(detections.xyxy),
            np.ascontiguousarray(detections.confidence),
            np.zeros(count, np.uintp),
            # The engine takes 0 for "never": its clock starts at one.
            time_us * 1000 + 1,
        )
        ids = [
            -1 if track is None else self._ids.setdefault(track.uuid, len(self._ids))
            for track in told
        ]
        return np.array(ids, np.int64)
