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


def write_streams(path: Path, *sizes: tuple[int, int], seconds: int = 2) -> Path:
    """Several streams of pictures in one file."""
    with av.open(str(path), "w") as target:
        streams = []
        for size_px in sizes:
            stream = target.add_stream("libx264", rate=25)
            stream.width, stream.height = size_px
            streams.append(stream)
        for number in range(25 * seconds):
            for stream, size_px in zip(streams, sizes, strict=True):
                frame = av.VideoFrame.from_ndarray(picture(number, size_px), format="bgr24")
                frame.pts = number
                frame.time_base = Fraction(1, 25)
                target.mux(stream.encode(frame))
        for stream in streams:
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


def write_late(path: Path, late_s: int = 30, frames: int = 50) -> Path:
    """A file whose sound begins at zero, and whose pictures begin later; 25 a second."""
    with av.open(str(path), "w") as target:
        sound = target.add_stream("aac", rate=8000)
        video = target.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        video.options = {"threads": "1", "g": "10", "bf": "0"}
        for number in range((late_s * 25 + frames) * 320 // 1024):
            silence = np.zeros((1, 1024), np.float32)
            part = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
            part.sample_rate, part.pts = 8000, number * 1024
            target.mux(sound.encode(part))
        target.mux(sound.encode())
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
            frame.pts, frame.time_base = late_s * 25 + number, Fraction(1, 25)
            target.mux(video.encode(frame))
        target.mux(video.encode())
    return path


def write_dav(path: Path, video: Path) -> Path:
    """The H.264 stream of an MP4 in frames as recorders of Dahua write them (.dav)."""
    with av.open(str(video)) as source:
        stream = source.streams.video[0]
        annexb = av.BitStreamFilterContext("h264_mp4toannexb", stream)
        packets = [
            one for packet in source.demux(stream) if packet.size for one in annexb.filter(packet)
        ]
        width, height = stream.width, stream.height
        rate = round(stream.average_rate)
    with path.open("wb") as out:
        for number, packet in enumerate(packets):
            data = bytes(packet)
            at_ms = number * 1000 // rate
            day = (24 << 26) | (5 << 22) | (31 << 17) | (12 << 12)
            date = day | (at_ms // 60_000 << 6) | (at_ms // 1000 % 60)
            more = bytes([0x80, 0, width // 8, height // 8, 0x81, 0, 2, rate])
            length = 24 + len(more) + len(data) + 8
            head = b"DHAV" + bytes([0xFD if packet.is_keyframe else 0xFC, 0, 0, 0])
            head += number.to_bytes(4, "little") + length.to_bytes(4, "little")
            head += date.to_bytes(4, "little") + (at_ms % 65536).to_bytes(2, "little")
            head += bytes([len(more), 0]) + more
            out.write(head + data + b"dhav" + length.to_bytes(4, "little"))
    return path
