"""The people in one full frame, numbered, so that a user can say who is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    """Return who is to be seen in a full frame, (h, w, 3) uint8 BGR, from left to right.

    Args:
        tiles: a side, that are looked at beside the whole; `auto`: 2, then 3, while nobody is seen.
    """
    for grid in CLOSER if tiles == "auto" else (tiles,):
        found = detector.detect(pixels, FootageSettings(tiles=grid))
        found = found[found.confidence >= MIN_CONFIDENCE]
        if len(found):
            break
    return People(pixels, found[found.xyxy[:, 0].argsort(kind="stable")])
