"""Tracklets of one source by frame numbers, as scorers and annotation tools take them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.footage import Boxes, SourceCoverage, Stamps

INTERPOLATED_S = Fraction(2)
"""Between detections further apart no box is interpolated: so far apart are the sampled frames of a
scene where nothing moves. Trackers bridge twice as much, but then nobody was seen for a while."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One tracklet in one source; each array has n rows, one a box.

    Args:
        pts: strictly increasing.
        frames: number of each frame in its source, from 0; None: not known.
        xyxy: float32, pixels of the upright frame.
        confidence: float32; of an interpolated box that of its neighbours, likewise interpolated.
        measured: whether the person was detected in this frame; else the box is interpolated.
        open_after: whether what lies between this box and the next was left open: too long to be
            interpolated.
    """

    tracklet_id: int
    pts: Stamps
    frames: Stamps | None
    xyxy: Boxes
    confidence: NDArray[np.float32]
    measured: NDArray[np.bool_]
    open_after: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SourceTracks:
    """All that one source shows of its tracklets.

    Args:
        frame_count: how many frames the source has; None: frames are not known.
        interpolated: boxes between two detections were added.
    """

    source: SourceCoverage
    tracks: tuple[Track, ...]
    frame_count: int | None
    interpolated: bool

    @property
    def boxes(self) -> int:
        """How many boxes there are, interpolated ones included."""
        return sum(len(one.pts) for one in self.tracks)

    @property
    def added(self) -> int:
        """How many of them are interpolated."""
        return sum(int(np.count_nonzero(~one.measured)) for one in self.tracks)

    @property
    def left_open(self) -> int:
        """How many gaps were too long to be interpolated."""
        return sum(int(np.count_nonzero(one.open_after)) for one in self.tracks)
