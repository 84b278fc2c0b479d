"""The contract of a tracker; `tests/contract_trackers.py` is the suite that every engine passes."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.footage import Detections

# A gated scene is looked at every two seconds (footage/motion.py): somebody who stands still is
# followed across that, and a miss of the detector on top of it is what joining is for.
LIFESPAN_US = 2_600_000
"""For so long after its last detection a tracker still knows somebody."""


class Tracker(Protocol):
    """Follows people from look to look. The same calls give the same answers, in any process."""

    def update(self, detections: Detections, time_us: int) -> NDArray[np.int64]:
        """Take in what was seen at a media time that is later than all before.

        Returns:
            (n,) int64: for each detection whose it is; -1: nobody's, it is too unsure to be
            somebody new. Ids count from 0 and are never reused.
        """
        ...
