"""The people in one full frame, numbered, so that a user can say who is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from reidsearch.base.boxes import Box
from reidsearch.base.errors import UsageError
from reidsearch.base.settings import FootageSettings, Tiles
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Detections

if TYPE_CHECKING:
    from reidsearch.vision.detection.detector import Detector

CLOSER = (1, 2, 3)
"""Tiles a side, one after the other."""
MIN_CONFIDENCE = 0.5
"""Of people that a user may choose from, also those that indexing would only keep tracking."""
WIDE, MARGIN = 16 / 9, 0.25
"""Of the picture that a tall one is set into. Of 96 crops of tracklets none is detected as it is,
53 in 100 in a wide picture, 77 in 100 in one with this margin."""
GREY = 114
TALLEST_PX = 1080
"""Of what is set: phones make pictures of 4000 pixels, which detectors shrink anyway."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """The people in one full frame, numbered from 1 in the order of `detections`.

    Args:
        pixels: (h, w, 3) uint8 BGR.
    """

    pixels: Pixels
    detections: Detections

    def __len__(self) -> int:
        return len(self.detections)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The people's boxes within the frame, in their order."""
        height_px, width_px = self.pixels.shape[:2]
        boxes = []
        for x1, y1, x2, y2 in self.detections.xyxy.round().astype(int).tolist():
            left, top = min(max(x1, 0), width_px - 1), min(max(y1, 0), height_px - 1)
            boxes.append(
                Box(left, top, max(min(x2, width_px), left + 1), max(min(y2, height_px), top + 1))
            )
        return tuple(boxes)

    def crop(self, number: int) -> Pixels:
        """Return the picture of one of them.

        Raises:
            UsageError: there is no such number.
        """
        if not 1 <= number <= len(self):
            raise UsageError(
                f"there is no person {number} in the frame, the detector found {len(self)}"
            )
        box = self.boxes[number - 1]
        return self.pixels[box.y1 : box.y2, box.x1 : box.x2]


def people_in(pixels: Pixels, detector: Detector, tiles: Tiles = "auto") -> People:
    """Return who is to be seen in a full frame or picture, (h, w, 3) uint8 BGR, from left to right.

    Detectors are made for wide frames, which are stretched to their square: in a tall picture as it
    is everybody would be too wide for them, and whoever fills it too near. So it is set into a wide
    one, and where nobody is found any picture is set into one with a margin.

    Args:
        tiles: a side, that are looked at beside the whole; `auto`: 2, then 3, while nobody is seen.
    """
    height_px, width_px = pixels.shape[:2]
    aspect = WIDE if height_px > width_px else 0
    first, *closer = CLOSER if tiles == "auto" else (tiles,)
    found = _detected(pixels, detector, aspect, 0, first)
    if not len(found):
        found = _detected(pixels, detector, WIDE, MARGIN, first)
    for grid in closer:
        if len(found):
            break
        found = _detected(pixels, detector, aspect, 0, grid)
    return People(pixels, found[found.xyxy[:, 0].argsort(kind="stable")])


def _detected(
    pixels: Pixels, detector: Detector, aspect: float, margin: float, grid: int
) -> Detections:
    """Detect in a picture that is set into a grey one.

    Args:
        aspect: the least width over height of that.
        margin: around the picture, in its sides.
        grid: tiles a side that are looked at beside the whole.
    """
    height_px, width_px = pixels.shape[:2]
    scale = min(1.0, TALLEST_PX / height_px)
    small = pixels
    if scale < 1 and (aspect or margin):
        size = max(1, round(width_px * scale)), TALLEST_PX
        small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = small.shape[:2]
    above = round(height * margin)
    whole = max(width + 2 * round(width * margin), round((height + 2 * above) * aspect))
    left = (whole - width) // 2
    canvas = small
    if above or left:
        canvas = np.full((height + 2 * above, whole, 3), GREY, np.uint8)
        canvas[above : above + height, left : left + width] = small
    found = detector.detect(canvas, FootageSettings(tiles=grid))
    found = found[found.confidence >= MIN_CONFIDENCE]
    moved = (found.xyxy - np.array([left, above, left, above], np.float32)) * (width_px / width)
    clipped = np.clip(moved, 0, np.array([width_px, height_px] * 2, np.float32))
    seen = ((clipped[:, 2:] - clipped[:, :2]) >= 1).all(axis=1)
    return Detections(clipped[seen].astype(np.float32), found.confidence[seen])
