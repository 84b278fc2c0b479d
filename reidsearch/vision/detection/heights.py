"""From which height on people are seen: what was measured of each detector, for a source's frames.

Whether somebody is found depends above all on how tall they are in the picture that the model is
given, to which a frame or a tile is shrunk. `heights.toml` holds what `benchmarks/heights.py`
measured of the catalogue's detectors.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.footage import HARDLY, MOSTLY, HeightsSeen
from reidsearch.vision.detection.tiles import tiling_of
from reidsearch.vision.models.catalogue import catalogue

ASPECT = 16 / 9  # of the frames that the curves were measured in
ROUNDED_PX = 5
MEASURED_ON = 37
"""So many pictures of people of each height the curves were measured on."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What was measured of one detector.

    Args:
        width_px, height_px: of the picture that it takes.
        heights_px: of people in that picture, rising.
        recall: share of them that is found in one frame, never falling.
    """

    width_px: int
    height_px: int
    heights_px: tuple[float, ...]
    recall: tuple[float, ...]

    def height_for(self, recall: float) -> float:
        """Return the height from which on this share is found."""
        shares, first = np.unique(self.recall, return_index=True)
        return float(np.interp(recall, shares, np.array(self.heights_px)[first]))

    def recall_at(self, heights_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n,) the share of people of these heights that is found in one frame."""
        found: NDArray[np.float64] = np.interp(heights_px, self.heights_px, self.recall)
        return found

    def scale(self, width_px: int, height_px: int) -> float:
        """Return by what a frame's heights are multiplied, as far as a detector sees them.

        Frames of another aspect are squeezed otherwise than those measured; the area counts.
        """
        across, down = self.width_px / width_px, self.height_px / height_px
        measured = self.width_px / self.height_px / ASPECT
        return float(np.sqrt(across * down / measured))


@lru_cache(1024)
def heights_seen(
    detector: str, width_px: int, height_px: int, grid: int = 1, least_px: int = 0
) -> HeightsSeen | None:
    """Return from which height on people are seen in frames of a size.

    Args:
        detector: as `DetectorIdentity.text` names it.
        grid: tiles a side, beside the frame as a whole.
        least_px: lower detections are not kept.

    Returns:
        None where nobody measured it: of another model, or of precomputed detections.
    """
    curve = curves().get(detector)
    if curve is None or width_px <= 0 or height_px <= 0:
        return None
    scale = max(
        curve.scale(box.width_px, box.height_px)
        for box in tiling_of(width_px, height_px, grid).boxes
    )
    hardly, mostly = (_rounded(curve.height_for(share) / scale) for share in (HARDLY, MOSTLY))
    return HeightsSeen(max(hardly, least_px), max(mostly, least_px), height_px)


def recall_of(
    detector: str,
    width_px: int,
    height_px: int,
    grid: int,
    least_px: int,
    heights_px: NDArray[np.float64],
) -> NDArray[np.float64] | None:
    """Return (n,) which share of people of these heights is found in one frame of a size.

    Args:
        detector, width_px, height_px, grid, least_px: as `heights_seen` takes them.
        heights_px: (n,) of people, in pixels of these frames.

    Returns:
        None where nobody measured it.
    """
    curve = curves().get(detector)
    if curve is None or width_px <= 0 or height_px <= 0:
        return None
    scale = max(
        curve.scale(box.width_px, box.height_px)
        for box in tiling_of(width_px, height_px, grid).boxes
    )
    return np.where(heights_px < least_px, 0.0, curve.recall_at(heights_px * scale))


def _rounded(height_px: float) -> int:
    return max(ROUNDED_PX, ROUNDED_PX * round(height_px / ROUNDED_PX))


@cache
def curves() -> Mapping[str, Curve]:
    """The curves by `DetectorIdentity.text`: other bytes of the same name are another detector."""
    text = (
        resources.files("reidsearch.vision.detection").joinpath("heights.toml").read_text("utf-8")
    )
    measured = {table["detector"]: table for table in tomllib.loads(text)["curve"]}
    return {
        entry.text: Curve(
            entry.input.width_px,
            entry.input.height_px,
            tuple(measured[entry.name]["heights_px"]),
            tuple(measured[entry.name]["recall"]),
        )
        for entry in catalogue()
        if entry.name in measured
    }
