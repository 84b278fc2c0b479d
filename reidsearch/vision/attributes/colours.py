"""The named colours of a patch of clothes: each pixel votes for one.

A vote per pixel instead of one mean keeps stripes apart from their mixture, and lets a hand or a
strap count for what it covers only.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.attributes import COLOURS
from reidsearch.domain.crops import Pixels

METHOD = "votes-lab/1"
"""Changes whenever the same pixels would get other names."""

# Half the width and height of the patch around a colour point, pixels of an 80 x 160 picture: the
# best of five sizes on synthetic people (benchmarks/attributes.py).
HALF_WIDTH_PX, HALF_HEIGHT_PX = 6, 10

# CIE Lab, lightness 0 to 100: below this chroma a colour has no hue to speak of; a dark pixel needs
# more of it, as noise and compression tint the dark ones first.
_GREYISH_AT = (0.0, 20.0, 50.0, 100.0)
_GREYISH = (14.0, 12.0, 10.0, 8.0)
_BLACK_BELOW, _WHITE_FROM = 26.0, 78.0
_PITCH_BLACK_BELOW = 12.0  # whatever its hue

# First row that fits gives the name: hue from and below (degrees), lightness from and below, least
# chroma. Neighbouring rows share their bounds, so that no colour falls between.
# docs/explanation/attributes.md shows the same table.
HUES: tuple[tuple[str, float, float, float, float, float], ...] = (
    ("pink", 0, 25, 60, 101, 0),
    ("red", 0, 25, 0, 60, 0),
    ("red", 25, 38, 0, 60, 0),
    ("orange", 25, 38, 60, 101, 0),
    ("red", 38, 46, 0, 60, 50),
    ("orange", 38, 77, 50, 75, 35),
    ("orange", 38, 77, 75, 101, 0),
    ("brown", 38, 77, 0, 101, 0),
    ("yellow", 77, 105, 45, 101, 30),
    ("brown", 77, 105, 0, 101, 0),
    ("green", 105, 190, 0, 101, 0),
    ("blue", 190, 309, 0, 101, 0),
    ("pink", 309, 345, 65, 101, 0),
    ("purple", 309, 345, 0, 65, 0),
    ("pink", 345, 361, 60, 101, 0),
    ("red", 345, 361, 0, 60, 0),
)


def shares(picture: Pixels, x: float, y: float) -> NDArray[np.float32]:
    """Which part of a patch has which colour.

    Args:
        picture: (160, 80, 3) uint8, BGR.
        x, y: the patch's centre, as shares of width and height.

    Returns:
        (len(COLOURS),) float32 that sum to 1.
    """
    height_px, width_px = picture.shape[:2]
    column = min(max(int(x * width_px), 0), width_px - 1)
    row = min(max(int(y * height_px), 0), height_px - 1)
    patch = picture[
        max(row - HALF_HEIGHT_PX, 0) : row + HALF_HEIGHT_PX + 1,
        max(column - HALF_WIDTH_PX, 0) : column + HALF_WIDTH_PX + 1,
    ]
    votes = np.bincount(named(patch.reshape(-1, 3)), minlength=len(COLOURS))
    found: NDArray[np.float32] = (votes / votes.sum()).astype(np.float32)
    return found


def named(pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """The colour of each pixel: (n, 3) uint8 BGR -> (n,) places in `COLOURS`."""
    scaled = (pixels.reshape(1, -1, 3) / 255).astype(np.float32)
    light, a, b = cv2.cvtColor(scaled, cv2.COLOR_BGR2LAB)[0].T
    chroma = np.hypot(a, b)
    hue = np.degrees(np.arctan2(b, a)) % 360
    names = np.full(len(light), -1, np.intp)
    greyish = chroma < np.interp(light, _GREYISH_AT, _GREYISH)
    names[greyish] = COLOURS.index("grey")
    names[greyish & (light >= _WHITE_FROM)] = COLOURS.index("white")
    names[greyish & (light < _BLACK_BELOW)] = COLOURS.index("black")
    names[light < _PITCH_BLACK_BELOW] = COLOURS.index("black")
    for name, begins, ends, darkest, lightest, least_chroma in HUES:
        fits = (hue >= begins) & (hue < ends) & (light >= darkest) & (light < lightest)
        names[(names < 0) & fits & (chroma >= least_chroma)] = COLOURS.index(name)
    return names
