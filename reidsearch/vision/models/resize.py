"""The resize that the models were trained and measured with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np

from reidsearch.domain.crops import Pixels

Resize: TypeAlias = Callable[[Pixels, int, int], Pixels]
"""(h, w, 3) uint8 crop, width, height -> (height, width, 3) uint8."""


def resize(crop: Pixels, width_px: int, height_px: int) -> Pixels:
    """Bilinear, with antialiasing where an axis shrinks, as Pillow's BILINEAR; aspect not kept.

    Where no axis shrinks there is nothing to antialias and OpenCV's INTER_LINEAR gives the same
    to within one grey level, 4 to 8 times as fast; tests hold the two together. Thread-safe.

    Args:
        crop: (h, w, 3) uint8, BGR; h and w at least 1.

    Returns:
        (height_px, width_px, 3) uint8, BGR, contiguous; may be `crop` itself.
    """
    height, width = crop.shape[:2]
    if (height, width) == (height_px, width_px):
        return np.ascontiguousarray(crop)
    if height <= height_px and width <= width_px:
        import cv2

        enlarged: Pixels = cv2.resize(crop, (width_px, height_px), interpolation=cv2.INTER_LINEAR)
        return enlarged
    return pillow_bilinear(crop, width_px, height_px)


def other_resizes() -> dict[str, Resize]:
    """Resizes that the models were not trained with, to tell what they cost and find mistakes."""
    import cv2

    def by(flag: int) -> Resize:
        return lambda p, w, h: np.asarray(cv2.resize(p, (w, h), interpolation=flag), np.uint8)

    def aspect_kept(picture: Pixels, width: int, height: int) -> Pixels:
        scale = min(width / picture.shape[1], height / picture.shape[0])
        w, h = (max(1, round(size * scale)) for size in (picture.shape[1], picture.shape[0]))
        canvas = np.zeros((height, width, 3), np.uint8)
        top, left = (height - h) // 2, (width - w) // 2
        canvas[top : top + h, left : left + w] = by(cv2.INTER_LINEAR)(picture, w, h)
        return canvas

    return {
        "nearest neighbour": by(cv2.INTER_NEAREST),
        "bilinear without antialiasing": by(cv2.INTER_LINEAR),
        "area": by(cv2.INTER_AREA),
        "bicubic": by(cv2.INTER_CUBIC),
        "aspect kept": aspect_kept,
    }


def pillow_bilinear(crop: Pixels, width_px: int, height_px: int) -> Pixels:
    """Pillow's own, also where `resize` takes OpenCV's; the reference for both."""
    return pillow(crop, width_px, height_px, "bilinear")


def pillow(
    crop: Pixels, width_px: int, height_px: int, by: Literal["bilinear", "bicubic"]
) -> Pixels:
    """Pillow's resize, with antialiasing where an axis shrinks; aspect not kept."""
    from PIL import Image

    ways = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
    # Each channel is resized by itself, so that Pillow takes BGR for RGB does not matter.
    picture = Image.fromarray(np.ascontiguousarray(crop))
    return np.asarray(picture.resize((width_px, height_px), ways[by]))


def unsmoothed(
    crop: Pixels, width_px: int, height_px: int, by: Literal["bilinear", "area"]
) -> Pixels:
    """OpenCV's INTER_LINEAR or INTER_AREA; aspect not kept."""
    import cv2

    ways = {"bilinear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}
    made = cv2.resize(np.ascontiguousarray(crop), (width_px, height_px), interpolation=ways[by])
    return np.asarray(made, np.uint8)
