"""A stretch of footage as a file of its own: copied as it is, or encoded anew with a box drawn."""

from __future__ import annotations

import errno
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import av.error
import cv2
import numpy as np

from reidsearch.base import atomic
from reidsearch.base.errors import InputError, Kind, StorageError
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Trace
from reidsearch.media.video.frames import Footage, Frame
from reidsearch.media.video.video_file import open_container, video_stream

ENCODERS = ("libx264", "libopenh264", "mpeg4")  # the first that this build of FFmpeg has
CONTAINERS = {
    "": "mp4",
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".ts": "mpegts",
}
NOT_WRITABLE = {
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EROFS,
    errno.ENOSPC,
    errno.EIO,
}
BOX_BGR = (0, 220, 255)
NEAR_S = Fraction(1)  # a box is drawn on frames this close to one in which the person was detected


def cut(
    footage: Footage, from_s: Fraction, to_s: Fraction, out: Path, trace: Trace | None = None
) -> Fraction:
    """Encode the frames of a stretch anew, with their own times.

    Args:
        trace: the person to draw a box around; between detections the box is interpolated.

    Returns:
        Media time of the last frame, seconds.

    Raises:
        StorageError: the file cannot be written.
        InputError: there is no frame in the stretch, no encoder, or no container of this ending.
    """
    info = footage.info
    start_pts = info.first_pts + int(from_s / info.time_base)
    draw = _drawer(footage, trace)
    last_s: Fraction | None = None
    container = _container_of(out)
    try:
        with (
            atomic.replacing(out) as partial,
            av.open(str(partial), "w", format=container) as target,
        ):
            stream = None
            for item in footage.frames(after=start_pts - 1):
                if not isinstance(item, Frame):
                    continue
                if info.media_s(item.pts) > to_s:
                    break
                pixels = _even(draw(item))
                if stream is None:
                    stream = _stream(target, pixels, info.declared_fps)
                elif pixels.shape[:2] != (stream.height, stream.width):
                    pixels = cv2.resize(pixels, (stream.width, stream.height))
                picture = av.VideoFrame.from_ndarray(pixels, format="bgr24")
                picture.pts = round((item.pts - start_pts) * info.time_base * 90_000)
                picture.time_base = Fraction(1, 90_000)
                target.mux(stream.encode(picture))
                last_s = info.media_s(item.pts)
            if stream is not None:
                target.mux(stream.encode())
            if last_s is None:
                raise InputError(
                    f"there is no frame between {float(from_s):.1f} and {float(to_s):.1f} s"
                )
    except (OSError, av.error.FFmpegError) as error:
        raise StorageError(f"{out} cannot be written: {error}") from error
    return last_s


def copy(path: Path, footage: Footage, from_s: Fraction, to_s: Fraction, out: Path) -> None:
    """Copy the packets of a stretch, from the key frame before it; nothing is encoded.

    Raises:
        StorageError: the file cannot be written.
        InputError: the stream cannot be copied into this container, or its packets cannot be told
            by their time.
    """
    info = footage.info
    if info.kind != "video":
        raise InputError(
            "a folder of frames has no stream to copy", kind=Kind.STREAM_COPY_IMPOSSIBLE
        )
    if not footage.seekable:
        raise InputError(
            "timestamps are not monotonic; the stream cannot be copied",
            kind=Kind.STREAM_COPY_IMPOSSIBLE,
        )
    container = _container_of(out)
    try:
        with (
            atomic.replacing(out) as partial,
            open_container(path) as source,
            av.open(str(partial), "w", format=container) as target,
        ):
            stream = video_stream(source)
            copied = target.add_stream_from_template(stream)
            end_pts = info.first_pts + int(to_s / info.time_base)
            source.seek(info.first_pts + int(from_s / info.time_base), stream=stream)
            first: int | None = None
            for packet in source.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                if packet.dts > end_pts:
                    break
                first = packet.dts if first is None else first
                packet.pts -= first
                packet.dts -= first
                packet.stream = copied
                target.mux(packet)
    except (OSError, ValueError, av.error.FFmpegError) as error:
        if getattr(error, "errno", None) in NOT_WRITABLE:
            raise StorageError(f"{out} cannot be written: {error}") from error
        raise InputError(
            f"{path} cannot be copied into {out.name}: {error}",
            "encode it anew, or give another ending, e.g. .mkv",
            kind=Kind.STREAM_COPY_FAILED,
        ) from error


def _container_of(out: Path) -> str:
    """FFmpeg's name of the container that an ending stands for; none: MP4.

    Raises:
        InputError: there is none.
    """
    found = CONTAINERS.get(out.suffix.lower())
    if found is None:
        raise InputError(
            f"{out.name}: clips are not written with this ending",
            f"give one of {' '.join(filter(None, CONTAINERS))}",
        )
    return found


def _stream(
    target: av.container.OutputContainer, pixels: Pixels, fps: float | None
) -> av.VideoStream:
    name = next((each for each in ENCODERS if each in av.codecs_available), None)
    if name is None:
        raise InputError("this build of FFmpeg has no video encoder", kind=Kind.NO_VIDEO_ENCODER)
    rate = Fraction(fps).limit_denominator(1001) if fps and fps <= 240 else Fraction(25)
    stream = target.add_stream(name, rate=rate)
    assert isinstance(stream, av.VideoStream)
    stream.height, stream.width = pixels.shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.time_base = Fraction(1, 90_000)
    if name == "libx264":
        stream.options = {"crf": "20", "preset": "veryfast"}
    else:
        stream.bit_rate = 8_000_000
    return stream


def _even(pixels: Pixels) -> Pixels:
    """Encoders with halved colour take even sizes only."""
    height_px, width_px = pixels.shape[:2]
    return np.ascontiguousarray(pixels[: height_px // 2 * 2, : width_px // 2 * 2])


def _drawer(footage: Footage, trace: Trace | None) -> Callable[[Frame], Pixels]:
    if trace is None:
        return lambda frame: frame.bgr()
    times = np.array([float(footage.info.media_s(int(pts))) for pts in trace.pts])

    def draw(frame: Frame) -> Pixels:
        pixels = frame.bgr().copy()
        at = float(footage.info.media_s(frame.pts))
        if np.abs(times - at).min() <= NEAR_S:
            box = [float(np.interp(at, times, trace.xyxy[:, side])) for side in range(4)]
            x1, y1, x2, y2 = (round(value) for value in box)
            thickness = max(2, pixels.shape[0] // 270)
            cv2.rectangle(pixels, (x1, y1), (x2, y2), BOX_BGR, thickness)
        return pixels

    return draw
