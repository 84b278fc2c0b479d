"""Best shots: of all detections of a tracklet, the few crops that are worth embedding.

A crop is worth much when it is confident, large, whole, alone and sharp. Of every stretch of time
one is kept, the best, so that what is kept shows the person in different poses. The stretches
grow with the tracklet, so a tracklet of an hour keeps as many candidates as one of two seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from reidsearch.base.boxes import Box
from reidsearch.domain.crops import Pixels
from reidsearch.domain.embeddings import OUTLIER_SCORE
from reidsearch.domain.footage import Boxes
from reidsearch.domain.tracklets import BestShot

CANDIDATES = 8
FIRST_STRETCH_US = 500_000
JPEG_QUALITY = 95
# What a 256 x 128 crop needs; larger ones are shrunk to it before they are embedded.
FULL_HEIGHT_PX = 256
# Half of a crop's worth is reached at this variance of the Laplacian of its 64 x 128 grey picture:
# about the median over the tracklets of the sample clip.
SHARP_VARIANCE = 300.0
NOBODY = np.zeros((0, 4), np.float32)
CUT_OFF = 0.4  # a box at the frame's edge shows a part of a person


@dataclass(frozen=True, slots=True)
class Candidate:
    """One detection as a possible best shot: `worth` in [0, 1] before its sharpness is known."""

    pts: int
    time_us: int
    box: Box
    confidence: float
    worth: float


def candidates(
    pts: int,
    time_us: int,
    xyxy: Boxes,
    confidence: NDArray[np.float32],
    width_px: int,
    height_px: int,
    hidden: Boxes = NOBODY,
) -> list[Candidate | None]:
    """Rate each detection of a frame before its pixels are read.

    Args:
        xyxy: (n, 4), all detections of the frame: who covers whom matters.
        width_px, height_px: of the frame.
        hidden: (m, 4), where people were a moment ago of whom this frame has no detection. Of two
            who cross, a detector source one; the box shows both, and whoever is in front.

    Returns:
        One candidate a detection; None where nothing of the box is inside the frame.
    """
    found: list[Candidate | None] = []
    covered = covered_shares(xyxy, hidden)
    for row, (x1, y1, x2, y2) in enumerate(xyxy.tolist()):
        left, top = max(0, int(x1)), max(0, int(y1))
        right, bottom = min(width_px, round(x2)), min(height_px, round(y2))
        if right <= left or bottom <= top:
            found.append(None)
            continue
        box = Box(left, top, right, bottom)
        margin_px = 0.005 * height_px
        inside = (
            x1 >= margin_px
            and y1 >= margin_px
            and x2 <= width_px - margin_px
            and y2 <= height_px - margin_px
        )
        worth = (
            float(confidence[row])
            * min(1.0, box.height_px / FULL_HEIGHT_PX) ** 0.5
            * (1.0 if inside else CUT_OFF)
            * (1.0 - float(covered[row]))
            * _upright(box)
        )
        found.append(Candidate(pts, time_us, box, float(confidence[row]), worth))
    return found


def _upright(box: Box) -> float:
    """Return 1 for the proportions of a standing or walking person, less for half a body or two."""
    aspect = box.width_px / box.height_px
    if aspect < 0.2:
        return aspect / 0.2
    return 1.0 if aspect <= 0.6 else max(0.2, 1.0 - (aspect - 0.6) / 0.8)


def covered_shares(xyxy: Boxes, hidden: Boxes) -> NDArray[np.float32]:
    """Return which part of each box lies under another one, or under one that is hidden."""
    everybody = np.concatenate([xyxy, hidden])
    if len(everybody) < 2:
        return np.zeros(len(xyxy), np.float32)
    low = np.maximum(xyxy[:, None, :2], everybody[None, :, :2])
    high = np.minimum(xyxy[:, None, 2:], everybody[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    np.fill_diagonal(shared, 0)
    own = np.prod(xyxy[:, 2:] - xyxy[:, :2], axis=1)
    covered: NDArray[np.float32] = np.clip(shared.max(axis=1) / np.maximum(own, 1e-6), 0, 1)
    return covered


class BestShotKeeper:
    """The candidates of one piece; `stretch_us` and `kept` are all of its state."""

    def __init__(self, stretch_us: int = FIRST_STRETCH_US) -> None:
        self.stretch_us = stretch_us
        self._best: dict[int, tuple[int, BestShot]] = {}

    def offer(self, candidate: Candidate, frame: Callable[[], Pixels]) -> None:
        """Keep the candidate if it is the best of its stretch of time.

        Args:
            frame: gives the (h, w, 3) uint8 BGR pixels; only called when the worth allows it.
        """
        slot = candidate.time_us // self.stretch_us
        best = self._best.get(slot)
        if best is not None and candidate.worth <= best[1].quality:
            return  # sharpness can only lower it
        box, picture = candidate.box, frame()
        crop = np.ascontiguousarray(picture[box.y1 : box.y2, box.x1 : box.x2])
        sharpness = _sharpness(crop)
        quality = candidate.worth * (0.5 + 0.5 * sharpness)
        if best is not None and quality <= best[1].quality:
            return
        height_px, width_px = picture.shape[:2]
        shot = BestShot(
            pts=candidate.pts,
            box=box,
            frame_width_px=width_px,
            frame_height_px=height_px,
            jpeg=coded(crop),
            quality=quality,
            confidence=candidate.confidence,
            sharpness=sharpness,
        )
        self._best[slot] = candidate.time_us, shot
        while len(self._best) > CANDIDATES:
            self._widen()

    def _widen(self) -> None:
        self.stretch_us *= 2
        kept, self._best = list(self._best.values()), {}
        for time_us, shot in kept:
            slot = time_us // self.stretch_us
            if slot not in self._best or shot.quality > self._best[slot][1].quality:
                self._best[slot] = time_us, shot

    def kept(self) -> list[tuple[int, BestShot]]:
        """Return media time (microseconds) and shot of every candidate, by time."""
        return [self._best[slot] for slot in sorted(self._best)]

    @classmethod
    def restored(cls, stretch_us: int, kept: Sequence[tuple[int, BestShot]]) -> BestShotKeeper:
        """Return the keeper that `stretch_us` and `kept` describe."""
        keeper = cls(stretch_us)
        keeper._best = {time_us // stretch_us: (time_us, shot) for time_us, shot in kept}
        return keeper


def _sharpness(crop: Pixels) -> float:
    grey = cv2.resize(
        cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), (64, 128), interpolation=cv2.INTER_AREA
    )
    variance = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return variance / (variance + SHARP_VARIANCE)


def coded(crop: Pixels) -> bytes:
    """Return the JPEG of a crop, (h, w, 3) uint8 BGR, contiguous, as it is stored and embedded."""
    _, jpeg = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(jpeg)


def choose(shots: Sequence[BestShot], vectors: NDArray[np.float32], count: int) -> list[int]:
    """Choose the best shots of a whole tracklet: good ones first, each unlike those chosen.

    Args:
        vectors: (n, d) float32, their embeddings, rows of unit length.
        count: how many at most.

    Returns:
        Rows of `shots`, best first. A shot of less than a third of the best one's quality is
        left out: it would rather blur the tracklet than add a pose. So is one that is unlike the
        rest: it shows whoever went by in front, and would be found as them.
    """
    quality = np.array([shot.quality for shot in shots])
    belongs = like_the_rest(vectors)
    quality = np.where(belongs, quality, 0.0) if belongs.any() else quality
    usable = quality >= quality.max() / 3
    chosen = [int(np.argmax(quality))]
    while len(chosen) < count:
        likeness = (vectors @ vectors[chosen].T).max(axis=1)
        worth = np.where(usable, quality * (1.5 - np.clip(likeness, 0, 1)), -1.0)
        worth[chosen] = -1.0
        best = int(np.argmax(worth))
        if worth[best] < 0:
            break
        chosen.append(best)
    return chosen


def like_the_rest(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return (n,) which shots are like at least half of the others; a single one is."""
    count = len(vectors)
    if count < 2:
        return np.ones(count, bool)
    others = (vectors @ vectors.T)[~np.eye(count, dtype=bool)].reshape(count, count - 1)
    belongs: NDArray[np.bool_] = np.median(others, axis=1) >= OUTLIER_SCORE
    return belongs
