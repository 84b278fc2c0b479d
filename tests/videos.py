"""Videos for tests, written by PyAV: every frame can be told from every other."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np


def picture(number: int, size_px: tuple[int, int] = (160, 96)) -> np.ndarray:
    """A textured ground and a square that moves a little with each frame."""
    width, height = size_px
    ground = np.add.outer(np.arange(height) * 2, np.arange(width)) % 120 + 60
    frame = np.repeat(ground[..., None], 3, axis=2).astype(np.uint8)
    left = (number * 3) % (width - 20)
    cv2.rectangle(frame, (left, height // 3), (left + 18, height // 3 + 30), (40, 90, 230), -1)
    return frame


def write_video(
    path: Path,
    frames: int = 50,
    *,
    fps: int = 25,
    size_px: tuple[int, int] = (160, 96),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    pts: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
    container: str | None = None,
    container_options: dict[str, str] | None = None,
    draw: Any = picture,
) -> Path:
    """Write frames; `pts` in units of 1/1000 s where given, else frame by frame."""
    with av.open(str(path), "w", format=container, options=container_options or {}) as target:
        stream = target.add_stream(codec, rate=fps)
        stream.width, stream.height = size_px
        stream.pix_fmt = pix_fmt
        stream.options = {"threads": "1", **(options or {})}
        base = Fraction(1, 1000) if pts else Fraction(1, fps)
        stream.codec_context.time_base = base
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(draw(number, size_px), format="bgr24")
            frame.pts = pts[number] if pts else number
            frame.time_base = base
            target.mux(stream.encode(frame))
        target.mux(stream.encode())
    return path


def write_audio(path: Path) -> Path:
    """A file with a tone and nothing to see."""
    with av.open(str(path), "w") as target:
        stream = target.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 8000
        frame.pts = 0
        target.mux(stream.encode(frame))
        target.mux(stream.encode())
    return path


def rotate(path: Path, degrees: int) -> Path:
    """Write a display matrix into an MP4, as phones do: the pictures stay as they are."""
    data = path.read_bytes()
    one, zero, last = (1 << 16), 0, 1 << 30
    turned = {
        90: (zero, one, -one, zero),
        180: (-one, zero, zero, -one),
        270: (zero, -one, one, zero),
    }[degrees]
    values = (turned[0], turned[1], zero, turned[2], turned[3], zero, zero, zero, last)
    identity = b"".join(
        value.to_bytes(4, "big", signed=True)
        for value in (one, zero, zero, zero, one, zero, zero, zero, last)
    )
    at = data.index(identity, data.index(b"tkhd"))
    matrix = b"".join(value.to_bytes(4, "big", signed=True) for value in values)
    path.write_bytes(data[:at] + matrix + data[at + len(matrix) :])
    return path
