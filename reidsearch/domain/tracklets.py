"""Tracklets: one person in one camera without interruption, while indexed and as stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.boxes import Box
from reidsearch.domain.footage import Boxes


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Where one person was, frame by frame, within one source.

    Args:
        pts: (n,) int64, strictly increasing.
        xyxy: (n, 4) float32, pixels of the upright frame.
        confidence: (n,) float32.
    """

    pts: NDArray[np.int64]
    xyxy: Boxes
    confidence: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pts)


def box_at(trace: Trace, pts: int, longest: int) -> Box | None:
    """Where somebody was in a frame; None: not in it, or too long not detected around it.

    Args:
        longest: time, in units of `pts`, over which a box is interpolated.
    """
    after = int(np.searchsorted(trace.pts, pts))
    if after == len(trace) or (trace.pts[after] != pts and after == 0):
        return None
    before = after if trace.pts[after] == pts else after - 1
    if trace.pts[after] - trace.pts[before] > longest:
        return None
    sides = [np.interp(pts, trace.pts, side) for side in trace.xyxy.T.astype(np.float64)]
    left, top, right, bottom = (round(float(side)) for side in sides)
    return Box(max(left, 0), max(top, 0), max(right, left + 1), max(bottom, top + 1))


@dataclass(frozen=True, slots=True, eq=False)
class BestShot:
    """One crop of a tracklet that is worth keeping.

    Args:
        pts: of its frame.
        box: in the upright frame.
        frame_width_px, frame_height_px: of that frame.
        jpeg: the crop's picture; its embedding is made from exactly these bytes.
        quality: larger is better, in [0, 1]; see `vision/tracking/best_shots.py`.
        confidence: the detector's.
        sharpness: a part of quality, shown with it.
        picture: name of the picture file that is the frame; None: it is in a video.
    """

    pts: int
    box: Box
    frame_width_px: int
    frame_height_px: int
    jpeg: bytes
    quality: float
    confidence: float
    sharpness: float
    picture: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Tracklet:
    """One person in one camera without interruption, ready to be stored.

    Args:
        trace: every detection.
        views: the best views, best first, at least one.
        vectors: (len(views), d) float32, rows of unit length.
        vector: (d,) float32 of unit length: their robust mean.
        fragments: how many of the tracker's pieces were joined.
        doubts: the pts at which a switch to somebody else cannot be excluded.
    """

    trace: Trace
    views: tuple[BestShot, ...]
    vectors: NDArray[np.float32]
    vector: NDArray[np.float32]
    fragments: int = 1
    doubts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where in its footage a crop was taken.

    Args:
        tracklet_id: the tracklet that it is a view of.
        pts, media_s: of its frame; exact.
        uncertainty_s: of the wall-clock time; None: not known.
        quality: of the view, in [0, 1].
        correction_s: by how much its time differs from what the recorder said.
        picture: name of the picture file in a folder of frames; None: it was a frame of a video.
    """

    tracklet_id: int
    pts: int
    media_s: Fraction
    uncertainty_s: float | None
    quality: float
    correction_s: float = 0.0
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class SourceInterval:
    """A stretch of one source's media time, microseconds from its first frame."""

    source_id: int
    location: str
    first_us: int
    last_us: int

    @property
    def first_s(self) -> Fraction:
        """Return where it begins, in seconds."""
        return Fraction(self.first_us, 1_000_000)

    @property
    def last_s(self) -> Fraction:
        """Return where it ends, in seconds."""
        return Fraction(self.last_us, 1_000_000)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A moment at which a tracklet may have gone over from one person to another.

    Args:
        position: of the detection with which somebody else may begin, in the order of time.
        source_id, media_us: where that is.
    """

    position: int
    source_id: int
    media_us: int


@dataclass(frozen=True, slots=True)
class Purity:
    """How far a tracklet is known to show one person.

    Args:
        detections: of the tracklet.
        doubts: the moments at which a switch to somebody else could not be excluded, in the order
            of time.
    """

    detections: int
    doubts: tuple[Doubt, ...] = ()

    @property
    def share(self) -> float:
        """Share of the detections in the longest stretch without a doubt.

        At least so many show one person, unless the tracker erred there unnoticed.
        """
        ends = [0, *(doubt.position for doubt in self.doubts), self.detections]
        longest = max(until - since for since, until in pairwise(ends))
        return longest / self.detections if self.detections else 1.0


@dataclass(frozen=True, slots=True)
class TrackletSeen:
    """What the archive knows of one tracklet.

    Args:
        parts: where it was seen, in order of time: one stretch of each source, several where a
            recorder cuts one recording into files.
        first_time, last_time: wall clock; None when not known.
        crop_ids: its views, best first.
        correction_s: by how much its times differ from what the recorder said.
        purity: how far it is known to show one person; None: an earlier version indexed it, and
            nobody knows.
    """

    tracklet_id: int
    camera: str | None
    parts: tuple[SourceInterval, ...]
    first_time: dt.datetime | None
    last_time: dt.datetime | None
    uncertainty_s: float | None
    detections: int
    crop_ids: tuple[int, ...]
    fragments: int = 1
    correction_s: float = 0.0
    purity: Purity | None = None

    @property
    def duration_s(self) -> float:
        """From first to last detection: by media time, over several sources by the wall clock."""
        if len(self.parts) > 1 and self.first_time is not None and self.last_time is not None:
            return (self.last_time - self.first_time).total_seconds()
        return sum(float(part.last_s - part.first_s) for part in self.parts)

    def part_in(self, source_id: int) -> SourceInterval:
        """Return what one of its sources shows of it. Raises KeyError for any other source."""
        return {part.source_id: part for part in self.parts}[source_id]
