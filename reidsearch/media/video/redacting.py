"""Pixelate people in frames: the boxes that are stored of them, and those between and beside.

Stored detections are sparse. Between two of them a box moves in a straight line by time; before the
first and after the last it goes on for a little, as it moved. What is known less well is padded
more (`domain/redaction.py` has the numbers). Of some, only the head part is pixelated: the upper
part of the same boxes, since no face is looked for. Whatever else lies in a padded box is pixelated
too, also the person whom a copy is about: who stands in front is not known, so leaving that person
out could show a piece of somebody else.

The blocks of a person are not taken from every frame. Boxes jitter, so each frame would give the
means of slightly other places, and many such means together can be solved for what lies under them.
So colours are taken once, and once more at the first frame in which the person was detected; then
these blocks go with the person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import VideoInfo
from reidsearch.domain.redaction import PIXELATION, Pixelation
from reidsearch.domain.tracklets import Trace

VELOCITY_S = 0.5
"""A box goes on as it moved in this time: over less, the detector's jitter would decide."""


@dataclass(frozen=True, slots=True)
class Region:
    """What is pixelated of one person in one frame: a padded box, within the picture.

    Args:
        measured: the person was detected in this frame.
        gap_s: between the two detections around the frame; 0 where there are none on both sides.
        x1, y1, x2, y2: pixels; right and bottom exclusive.
        block_px: no block is smaller in the frame that its colours are taken from.
    """

    tracklet_id: int
    measured: bool
    gap_s: float
    x1: int
    y1: int
    x2: int
    y2: int
    block_px: float


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where a person is at some time: (4,) pixels before padding, and how far to pad."""

    xyxy: NDArray[np.float64]
    head: NDArray[np.float64]
    padding: float
    gap_s: float = 0.0


class Redactor:
    """Pixelates people of one source, frame by frame, and remembers what it did.

    Args:
        info: of the source.
        traces: with the id of each tracklet.
        heads: ids of tracklets of whom only the head part is pixelated.

    Example:
        >>> redactor = Redactor(info, [(3, trace)])
        >>> hidden = redactor(frame.bgr(), frame.pts)
    """

    def __init__(
        self,
        info: VideoInfo,
        traces: Sequence[tuple[int, Trace]],
        heads: Collection[int] = (),
        how: Pixelation = PIXELATION,
    ) -> None:
        self._info, self._how = info, how
        self.heads = frozenset(heads)
        self._paths = [
            (tracklet_id, path)
            for tracklet_id, trace in traces
            for path in _paths(info, trace, how)
        ]
        self._blocks: dict[int, tuple[Pixels, bool]] = {}
        self.covered: dict[int, tuple[Region, ...]] = {}

    def begin_again(self) -> None:
        """Forget all frames: the footage is read once more."""
        self._blocks.clear()
        self.covered.clear()

    def __call__(self, pixels: Pixels, pts: int) -> Pixels:
        """A copy of a frame with everybody pixelated.

        Args:
            pixels: (h, w, 3) uint8 BGR, upright.
        """
        hidden = pixels.copy()
        regions = self.regions(pts, pixels.shape[1], pixels.shape[0])
        for one in regions:
            part = hidden[one.y1 : one.y2, one.x1 : one.x2]
            blocks, detected = self._blocks.get(one.tracklet_id, (None, False))
            if blocks is None or (one.measured and not detected):
                blocks = _blocks_of(part, one.block_px)
                self._blocks[one.tracklet_id] = blocks, one.measured
            size = part.shape[1::-1]
            part[:] = cv2.resize(blocks, size, interpolation=cv2.INTER_NEAREST)
        self.covered[pts] = regions
        return hidden

    def regions(self, pts: int, width_px: int, height_px: int) -> tuple[Region, ...]:
        """What is pixelated in a frame of some size."""
        at_s = float(self._info.media_s(pts))
        found = []
        for tracklet_id, path in self._paths:
            place = path.at(at_s)
            if place is None:
                continue
            sides = place.xyxy[2:] - place.xyxy[:2]
            pad = place.padding * float(sides.max())
            part = place.head if tracklet_id in self.heads else place.xyxy
            x1, y1 = np.floor(np.maximum(part[:2] - pad, 0)).astype(int).tolist()
            x2, y2 = np.ceil(np.minimum(part[2:] + pad, (width_px, height_px)))
            if x1 < x2 and y1 < y2:
                measured, block_px = path.measured(pts), self._how.block_px(*sides.tolist())
                box = x1, y1, int(x2), int(y2)
                found.append(Region(tracklet_id, measured, place.gap_s, *box, block_px))
        return tuple(found)


def _paths(info: VideoInfo, trace: Trace, how: Pixelation) -> list[_Path]:
    """Return a trace as paths, parted where nobody knows for too long where the person was."""
    times = np.asarray((trace.pts - info.first_pts) * float(info.time_base), np.float64)
    xyxy = trace.xyxy.astype(np.float64)
    begins = (np.flatnonzero(np.diff(times) > how.bridged_s) + 1).tolist()
    return [
        _Path(trace.pts[begin:end], times[begin:end], xyxy[begin:end], how)
        for begin, end in pairwise([0, *begins, len(times)])
    ]


class _Path:
    """Where one person was, at any time; the arrays have a row a detection."""

    def __init__(
        self,
        pts: NDArray[np.int64],
        times: NDArray[np.float64],
        xyxy: NDArray[np.float64],
        how: Pixelation,
    ) -> None:
        self._how, self._times = how, times
        self._boxes = np.stack([xyxy, _heads_of(xyxy, how)])
        """(2, n, 4): whole, and the head part."""
        self._pts = frozenset(pts.tolist())
        usual_s = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
        self._extended_s = how.extended_s + usual_s

    def measured(self, pts: int) -> bool:
        return pts in self._pts

    def at(self, at_s: float) -> _Place | None:
        first_s, last_s = self._times[0], self._times[-1]
        if not first_s - self._extended_s <= at_s <= last_s + self._extended_s:
            return None
        if at_s < first_s:
            return self._gone_on(first_s - at_s, self._times - first_s, self._boxes)
        if at_s > last_s:
            away_s = (last_s - self._times)[::-1]
            return self._gone_on(at_s - last_s, away_s, self._boxes[:, ::-1])
        after = max(1, int(np.searchsorted(self._times, at_s)))
        between = self._times[after - 1 : after + 1]
        gap_s = float(between[-1] - between[0])
        whole, head = (
            np.array([np.interp(at_s, self._times, side) for side in boxes.T])
            for boxes in self._boxes
        )
        padding = self._how.padding + self._how.padding_per_gap_s * gap_s
        return _Place(whole, head, padding, gap_s)

    def _gone_on(
        self, since_s: float, away_s: NDArray[np.float64], boxes: NDArray[np.float64]
    ) -> _Place:
        """Return where a person is before the first box, or after the last, and where they were.

        Args:
            since_s: since that box.
            away_s: of each box from it, increasing.
            boxes: (2, n, 4), in the same order.
        """
        xyxy = boxes[0]
        inner = min(int(np.searchsorted(away_s, VELOCITY_S)), len(away_s) - 1)
        moved = np.zeros(2)
        if away_s[inner] > 0:
            middles = (xyxy[:, :2] + xyxy[:, 2:]) / 2
            moved = (middles[0] - middles[inner]) / away_s[inner] * since_s
        ends = boxes[:, 0]
        ahead = ends + np.tile(moved, 2)
        reached = np.hstack((np.minimum(ends, ahead)[:, :2], np.maximum(ends, ahead)[:, 2:]))
        padding = self._how.padding + self._how.padding_per_extended_s * since_s
        return _Place(reached[0], reached[1], padding)


def _heads_of(xyxy: NDArray[np.float64], how: Pixelation) -> NDArray[np.float64]:
    """Return the head parts of boxes, (n, 4) as they are."""
    heads = xyxy.copy()
    for head, (x1, y1, x2, y2) in zip(heads, xyxy, strict=True):
        head[3] = y1 + how.head_px(x2 - x1, y2 - y1)
    return heads


def _blocks_of(part: Pixels, block_px: float) -> Pixels:
    """Return the mean colours of a part's blocks; each is at least so large, or there is one."""
    height, width = part.shape[:2]
    counts = max(1, int(width / block_px)), max(1, int(height / block_px))
    means: Pixels = cv2.resize(part, counts, interpolation=cv2.INTER_AREA)
    return means
