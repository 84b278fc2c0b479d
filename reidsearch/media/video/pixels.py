"""Pixels of decoded pictures, by FFmpeg's scaler, whose preparation is kept from frame to frame.

A scaler computes its filters when it first meets a kind of picture, and by default keeps threads
for its work: of a frame of 768 x 432 that costs twice as much as scaling it. `to_ndarray` and
`reformat` of a PyAV frame make a scaler for each frame.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

if TYPE_CHECKING:
    import av

KEPT = 8
"""Scalers a thread: of a picture to the sizes it is wanted in, for some kinds of pictures."""


class _Scalers(threading.local):
    """Those of one thread: a scaler must not be used by two at once."""

    def __init__(self) -> None:
        self.kept: dict[tuple[object, ...], VideoReformatter] = {}


_scalers = _Scalers()


def pixels(
    picture: av.VideoFrame, form: str, width_px: int | None = None, height_px: int | None = None
) -> NDArray[np.uint8]:
    """Return the pixels of a picture, (h, w) or (h, w, 3) uint8; the same as PyAV's own.

    Args:
        form: FFmpeg's name of a pixel format: `bgr24`, `gray`.
        width_px, height_px: to scale to, the aspect not kept; None: its own size.
    """
    kept = _scalers.kept
    key = (picture.format.name, picture.width, picture.height, form, width_px, height_px)
    scaler = kept.pop(key, None) or VideoReformatter()
    kept[key] = scaler  # the latest stands last
    if len(kept) > KEPT:
        del kept[next(iter(kept))]
    # One thread: the cores are busy with decoding and inference.
    scaled = scaler.reformat(picture, width=width_px, height=height_px, format=form, threads=1)
    return np.asarray(scaled.to_ndarray(), np.uint8)
