"""Doubts: signs that a track may have gone over from one person to another.

A tracker knows places only. Where the picture changes under it - a cut within one view, frames that
are missing, one person leaving as another comes - it goes on with whoever stands there next. A
doubt ends the piece; whether the next piece is the same person is then decided by appearance
(`stitching.py`), as behind any occlusion. So a doubt too many costs some embeddings, a doubt too
few makes one tracklet of two people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Pixels

Clothes: TypeAlias = NDArray[np.float32]
"""(2, 216) float32: colour histograms of the upper and the lower half of a person."""

LOST_US = 600_000
"""A track that frames were analysed without, for longer than this, is not resumed by place alone.
At four sampled frames a second the detector may miss one."""
COVERED = 0.2
"""Where more than this share of a box lies under another one, its clothes are not seen."""
EDGE = 0.01  # of the frame's width
REMEMBERED = 3
"""Clothes are compared with so many of the last detections: a turn of the body lasts less."""
_BINS = 6
_PARTS = ((0.15, 0.5), (0.5, 0.9))  # shares of the height: without head and feet
_WIDTH = 0.5  # of the box's width: more than that is ground


@dataclass(frozen=True, slots=True)
class Doubts:
    """How much has to change between two detections of one track.

    Args:
        unlike: distance of the clothes, 0 to 1. Of one person, 0.25 s apart, 99 in 100 lie below
            0.33 and all of the sample clip below 0.49; of two people 95 in 100 lie above 0.27.
        unlike_when_lost: the same, after the track was lost for a while.
        leap_heights, leap_heights_a_s: how far a person may go, in own heights.
    """

    unlike: float = 0.3
    unlike_when_lost: float = -1.0  # always a doubt
    leap_heights: float = 0.2
    leap_heights_a_s: float = 1.2


WHERE_APPEARANCE_DECIDES = Doubts()
WHERE_NOTHING_DECIDES = Doubts(
    unlike=0.55, unlike_when_lost=0.3, leap_heights=0.4, leap_heights_a_s=2.4
)
"""The piece that ends stays a tracklet of its own: only what can hardly be one person ends one."""


def clothes_of(picture: Pixels, box: NDArray[np.float32], width_px: int, height_px: int) -> Clothes:
    """Return the colours that somebody wears.

    Args:
        picture: (h, w, 3) uint8 BGR, the frame at any size and aspect.
        box: xyxy in pixels of the frame, which is of `width_px` x `height_px`.
    """
    rows, columns = picture.shape[:2]
    x1, y1, x2, y2 = (float(value) for value in box)
    middle, half = (x1 + x2) / 2, (x2 - x1) * _WIDTH / 2
    left = _within((middle - half) / width_px * columns, columns)
    right = max(left + 1, round((middle + half) / width_px * columns))
    found = np.zeros((len(_PARTS), _BINS**3), np.float32)
    for row, (begin, end) in enumerate(_PARTS):
        top = _within((y1 + (y2 - y1) * begin) / height_px * rows, rows)
        bottom = max(top + 1, round((y1 + (y2 - y1) * end) / height_px * rows))
        part = np.ascontiguousarray(picture[top:bottom, left:right])
        counts = cv2.calcHist([part], [0, 1, 2], None, [_BINS] * 3, [0, 256] * 3)
        found[row] = counts.ravel() / counts.sum()
    return found


def _within(value: float, size: int) -> int:
    return min(max(0, int(value)), size - 1)


def leaves(box: NDArray[np.float32], width_px: int) -> bool:
    """Tell whether somebody is cut off by the left or right edge of a frame: half a body is in
    other colours than the whole.
    """
    margin_px = EDGE * width_px
    return bool(box[0] < margin_px or box[2] > width_px - margin_px)


def distance(one: Clothes, other: Clothes) -> float:
    """Return how unlike two people's clothes are: Hellinger distance, 0 to 1."""
    shared = np.clip(np.sqrt(one * other).sum(axis=1), 0, 1)
    return float(np.sqrt(1 - shared).mean())


def other_clothes(
    before: Sequence[Clothes], now: Clothes | None, doubts: Doubts, *, lost: bool = False
) -> bool:
    """Tell whether clothes are others than in any of the last detections, where they are seen."""
    limit = doubts.unlike_when_lost if lost else doubts.unlike
    if now is None or not before:
        return limit < 0
    return min(distance(one, now) for one in before) > limit


def leaps(
    before: NDArray[np.float32], now: NDArray[np.float32], elapsed_us: int, doubts: Doubts
) -> bool:
    """Tell whether a box is farther from the last one than a person may have gone."""
    height = max(float(before[3] - before[1]), float(now[3] - now[1]), 1.0)
    # Feet and middle move when a box is cut off by the frame's edge: the nearer end counts.
    sideways = abs(float(now[0] + now[2] - before[0] - before[2])) / 2
    upright = min(abs(float(now[1] - before[1])), abs(float(now[3] - before[3])))
    allowed = doubts.leap_heights + doubts.leap_heights_a_s * elapsed_us / 1e6
    return float(np.hypot(sideways, upright)) / height > allowed
