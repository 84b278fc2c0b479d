"""What a stream of frames gives: people, each seen without interruption by one camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.footage import Boxes
from reidsearch.domain.tracklets import BestShot, Tracklet

PTS_A_SECOND = 1_000_000
"""Times of a stream are kept in microseconds."""


@dataclass(frozen=True, slots=True, eq=False)
class StreamedTracklet:
    """One person without interruption in a stream of frames.

    Args:
        number: from 1, in the order in which they are given out.
        times_s: (n,) float64, the times of the frames that show them, as they were pushed.
        xyxy: (n, 4) float32, where they are, in pixels of the frame.
        confidence: (n,) float32, the detector's.
        shots: the best pictures of them, best first, at least one; see `BestShot`.
        shot_times_s: (len(shots),) float64.
        vectors: (len(shots), d) float32, embeddings of the shots, of unit length.
        vector: (d,) float32 of unit length: their robust mean.
        fragments: how many pieces were joined across occlusions.
        doubts_s: times at which a switch to somebody else cannot be excluded.
    """

    number: int
    times_s: NDArray[np.float64]
    xyxy: Boxes
    confidence: NDArray[np.float32]
    shots: tuple[BestShot, ...]
    shot_times_s: NDArray[np.float64]
    vectors: NDArray[np.float32]
    vector: NDArray[np.float32]
    fragments: int
    doubts_s: tuple[float, ...]

    @property
    def first_s(self) -> float:
        """When they are first seen."""
        return float(self.times_s[0])

    @property
    def last_s(self) -> float:
        """When they are last seen."""
        return float(self.times_s[-1])

    @classmethod
    def of(cls, number: int, tracklet: Tracklet) -> StreamedTracklet:
        """Make it of a tracklet whose pts are microseconds."""
        shot_pts = np.array([shot.pts for shot in tracklet.views], np.int64)
        return cls(
            number=number,
            times_s=tracklet.trace.pts / PTS_A_SECOND,
            xyxy=tracklet.trace.xyxy,
            confidence=tracklet.trace.confidence,
            shots=tracklet.views,
            shot_times_s=shot_pts / PTS_A_SECOND,
            vectors=tracklet.vectors,
            vector=tracklet.vector,
            fragments=tracklet.fragments,
            doubts_s=tuple(pts / PTS_A_SECOND for pts in tracklet.doubts),
        )
