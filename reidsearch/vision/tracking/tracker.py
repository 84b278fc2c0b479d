"""The contract of a tracker; `tests/contract_trackers.py` is the suite that every engine passes."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.footage import Detections

# Of a gated scene one frame in two seconds is analysed (media/video/motion.py): somebody who stands
# still is tracked across that; stitching bridges a miss of the detector on top of it.
LIFESPAN_US = 2_600_000
"""For so long after its last detection a tracker keeps a track."""


class Tracker(Protocol):
    """Tracks people across frames. The same calls give the same answers, in any process."""

    def update(self, detections: Detections, time_us: int) -> NDArray[np.int64]:
        """Add the detections at a media time that is later than all before.

        Returns:
            (n,) int64: the track of each detection; -1: none, its confidence is too low to start
            one. Ids count from 0 and are never reused.
        """
        ...
