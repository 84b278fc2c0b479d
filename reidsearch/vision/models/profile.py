"""How a picture becomes what a model takes: size, colours, numbers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from reidsearch.domain.crops import Pixels
from reidsearch.domain.models import FLIPPED, ModelIdentity
from reidsearch.vision.models.resize import pillow, resize, unsmoothed

Colour = Literal["BGR", "RGB"]
Fit = Literal["stretch", "letterbox"]
Interpolation = Literal["bilinear-antialias", "bicubic-antialias", "bilinear", "area"]
Three = tuple[float, float, float]

COLOURS, FITS = get_args(Colour), get_args(Fit)
INTERPOLATIONS = get_args(Interpolation)


@dataclass(frozen=True, slots=True)
class Profile:
    """The way from a crop, (h, w, 3) uint8 BGR, to the numbers that a model takes.

    A channel's number is (grey level of 0 to 255 - mean) / scale.

    Args:
        colour: the order of the channels that the model takes, and of `mean` and `scale`.
        fit: `stretch`: the aspect is not kept; `letterbox`: it is, in the middle of the picture.
        fill: grey level beside a letterboxed crop.
    """

    colour: Colour = "BGR"
    mean: Three = (0.0, 0.0, 0.0)
    scale: Three = (1.0, 1.0, 1.0)
    fit: Fit = "stretch"
    interpolation: Interpolation = "bilinear-antialias"
    fill: int = 0

    def name(self, width_px: int, height_px: int) -> str:
        """Return the name under which archives record it, for a model of this input size."""
        size = f"{self.colour.lower()}-{height_px}x{width_px}"
        if self == ZOO:
            return f"bilinear-antialias-{size}/1"
        told = repr((self.mean, self.scale, self.fill)).encode("ascii")
        digest = hashlib.sha256(told).hexdigest()[:12]
        return f"{self.fit}-{self.interpolation}-{size}-{digest}/1"

    def resized(self, crop: Pixels, width_px: int, height_px: int) -> Pixels:
        """Return a crop in the size that the model takes, still uint8 BGR."""
        if self.fit == "stretch":
            return self._resize(crop, width_px, height_px)
        height, width = crop.shape[:2]
        share = min(width_px / width, height_px / height)
        within = max(1, round(width * share)), max(1, round(height * share))
        canvas = np.full((height_px, width_px, 3), self.fill, np.uint8)
        left, top = (width_px - within[0]) // 2, (height_px - within[1]) // 2
        canvas[top : top + within[1], left : left + within[0]] = self._resize(crop, *within)
        return canvas

    def _resize(self, crop: Pixels, width_px: int, height_px: int) -> Pixels:
        if self.interpolation == "bilinear-antialias":
            return resize(crop, width_px, height_px)
        if self.interpolation == "bicubic-antialias":
            return pillow(crop, width_px, height_px, "bicubic")
        return unsmoothed(crop, width_px, height_px, self.interpolation)


ZOO = Profile()
"""Of every model of the catalogue: BGR, 0 to 255."""

_IMAGENET_MEAN, _IMAGENET_SCALE = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
KNOWN = {
    "bgr-255": ZOO,
    "rgb-255": Profile("RGB"),
    "rgb-unit": Profile("RGB", scale=(255.0, 255.0, 255.0)),
    "rgb-half": Profile("RGB", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "rgb-imagenet": Profile("RGB", _IMAGENET_MEAN, _IMAGENET_SCALE),
}
"""Usual ways by name: 0 to 255; 0 to 1; -1 to 1; ImageNet's mean and deviation. All stretch,
bilinear with antialiasing."""


def recorded_profile(model: ModelIdentity, width_px: int, height_px: int) -> Profile | None:
    """Return the profile that an archive records, where its name alone tells it.

    That is so of every model file that was used before there were manifests.
    """
    name = model.preprocessing.removesuffix(FLIPPED)
    return ZOO if name == ZOO.name(width_px, height_px) else None
