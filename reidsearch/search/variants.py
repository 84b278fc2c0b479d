"""Variants of a query picture: what a slightly other frame, box or recorder would have given."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np

from reidsearch.base.errors import absent
from reidsearch.domain.crops import Pixels

SHIFT = 0.06
"""Of width and height: by so much a box lies elsewhere, at most."""
SCALE = 0.1
"""By so much a box is larger or smaller, at most."""
BRIGHTNESS = 0.3
QUALITY = (30, 90)
"""Of JPEG: from a recorder that saves room to one that does not."""


def variants(pixels: Pixels, count: int) -> list[Pixels]:
    """Return variants of a picture, always the same of the same pixels.

    Each has another box (shifted and scaled; what lies beyond the picture is its border, repeated),
    another brightness, was compressed as JPEG, and is mirrored or not.

    Args:
        pixels: (h, w, 3) uint8 BGR; unchanged.

    Returns:
        `count` pictures of the same size.
    """
    digest = hashlib.sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes())
    rng = np.random.default_rng(int.from_bytes(digest.digest()[:8]))
    return [_variant(pixels, rng) for _ in range(count)]


def _variant(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    scale = 1 + rng.uniform(-SCALE, SCALE)
    across, down = (rng.uniform(-SHIFT, SHIFT) * side for side in (width, height))
    moved = np.array(
        [
            [scale, 0, across + (1 - scale) * width / 2],
            [0, scale, down + (1 - scale) * height / 2],
        ]
    )
    varied = cv2.warpAffine(
        pixels, moved, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    brightness = 1 + rng.uniform(-BRIGHTNESS, BRIGHTNESS)
    varied = np.clip(varied * brightness, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        varied = varied[:, ::-1]
    quality = int(rng.integers(*QUALITY))
    done, jpeg = cv2.imencode(".jpg", varied, [cv2.IMWRITE_JPEG_QUALITY, quality])
    again = cv2.imdecode(jpeg, cv2.IMREAD_COLOR) if done else None
    if again is None:
        raise absent("a picture that was just encoded")
    return np.asarray(again, np.uint8)
