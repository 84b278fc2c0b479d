"""ByteTrack (Zhang et al. 2022) by edgefirst-tracker: Kalman filter and overlap.

Why this library: docs/architecture.md; figures: benchmarks/trackers.py.
"""

from __future__ import annotations

import numpy as np
from edgefirst.tracker import ByteTrack
from numpy.typing import NDArray

from reidsearch.domain.footage import Detections
from reidsearch.vision.tracking.tracker import LIFESPAN_US

# At two to five frames a second a walking person overlaps little with where they were, and has gone
# on further than a filter that trusts its own past would believe: with the library's defaults
# (0.25, 0.25) the synthetic footage falls into five times as many pieces (benchmarks/trackers.py).
MIN_OVERLAP = 0.05
UPDATE = 1.0


class ByteTracker:
    """See `Tracker`.

    Args:
        min_confidence: of a detection that may start a track.
    """

    def __init__(self, min_confidence: float) -> None:
        self._engine = ByteTrack(
            high_conf=min_confidence, iou=MIN_OVERLAP, update=UPDATE, lifespan_ns=LIFESPAN_US * 1000
        )
        self._ids: dict[str, int] = {}
        self._seen_us: dict[int, int] = {}
        self._next = 0

    def update(self, detections: Detections, time_us: int) -> NDArray[np.int64]:
        """See `Tracker.update`."""
        count = len(detections)
        tracks = self._engine.update(
            np.ascontiguousarray(detections.xyxy),
            np.ascontiguousarray(detections.confidence),
            np.zeros(count, np.uintp),
            # The engine takes 0 for "never": its clock starts at one.
            time_us * 1000 + 1,
        )
        ids = [-1 if track is None else self._id(track.uuid, time_us) for track in tracks]
        return np.array(ids, np.int64)

    def _id(self, uuid: str, time_us: int) -> int:
        """Return our id of a track.

        The engine ends tracks after it has associated: across a gap in the recording it would go
        on with somebody of long ago.
        """
        known = self._ids.get(uuid)
        if known is None or time_us - self._seen_us[known] > LIFESPAN_US:
            known = self._ids[uuid] = self._next
            self._next += 1
        self._seen_us[known] = time_us
        return known
