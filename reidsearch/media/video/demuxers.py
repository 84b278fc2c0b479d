"""How a file of footage is opened: as a known container, alone, within bounds of time and memory.

FFmpeg reads far more than footage: playlists that name other files, which it opens and waits for;
text, games, devices. It finds out what a file is by its first bytes, so the kinds that are read
are listed here and given to it; what is not listed is refused before any of its code runs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import av
import av.error

from reidsearch.base.errors import Reason, Refused
from reidsearch.media.video.hardware import acceleration

# By FFmpeg's names. None of them opens another file.
STREAMS_IN_HEADER = (
    *("mov", "matroska", "avi", "asf", "asf_o", "mxf", "gxf", "ogg", "nut", "rm", "ivf", "dv"),
    *("h261", "h263", "h264", "hevc", "vvc", "av1", "obu", "m4v", "mpegvideo", "vc1", "cavsvideo"),
    *("mjpeg", "mjpeg_2000", "mpjpeg", "smjpeg", "ingenient", "yuv4mpegpipe", "dirac", "dnxhd"),
)
"""Containers whose streams are known when their header was read."""
STREAMS_ON_THE_WAY = ("mpegts", "mpeg", "flv", "live_flv", "kux", "dhav", "ifv", "lvf", "hxvs",
                      "wtv", "pva", "nsv", "nuv")  # fmt: skip
"""Containers in which a stream may begin anywhere; several are of recorders."""
_READ = ",".join(STREAMS_IN_HEADER + STREAMS_ON_THE_WAY)
_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"<MPD", b"<smil", b"<?xml", b"<ASX", b"<asx")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_HEAD_BYTES = 64

MAX_PIXELS = 36_000_000
"""Of a frame: what the highest level of H.264, HEVC and AV1 allows (8192 x 4352). Decoders keep up
to 17 frames."""
OPEN_S, READ_S = 120.0, 60.0
"""Longer than that neither opening nor reading one packet may take."""
FRAMES_AT_ONCE_BYTES = 1 << 30
"""What frames may take that threads decode side by side."""
LARGE_PX = 1280 * 720
"""Of smaller pictures more threads cost as much as they gain."""
_MOST_THREADS = 16  # that FFmpeg decodes with


def open_container(
    path: Path,
    start: int = 0,
    end: int | None = None,
    *,
    ignore_index: bool = False,
    known: str | None = None,
    decoder: str | None = None,
) -> Any:
    """FFmpeg's view of a file, which is never taken for anything else.

    Args:
        start, end: bytes at which the container begins and ends; None: at the file's end.
        ignore_index: find the pictures of an AVI by reading it.
        known: FFmpeg's name of the container, from an earlier call; saves opening it twice.
        decoder: the kind of device that decodes its pictures; see `hardware`.

    Raises:
        av.error.FFmpegError, OSError, ValueError: it cannot be read, or is of no kind listed here.
    """
    # Absolute: FFmpeg takes what stands before a colon for a protocol.
    location = os.path.abspath(path)  # noqa: PTH100 - no resolve
    options = {"protocol_whitelist": "file", "format_whitelist": _READ}
    if start or end is not None:
        end = path.stat().st_size if end is None else end
        location = f"subfile,,start,{start},end,{end},,:{location}"
        options["protocol_whitelist"] = "file,subfile"
    if ignore_index:
        options["fflags"] = "+ignidx"
    # FFmpeg decodes some frames to find out about streams, without a bound for those that it finds
    # on the way. So it first looks without any decoder.
    if known is None or not set(known.split(",")) & set(STREAMS_IN_HEADER):
        container = _opened(location, {**options, "codec_whitelist": "none"}, decoder)
        if not set(container.format.name.split(",")) & set(STREAMS_IN_HEADER):
            return container
        container.close()
    return _opened(location, {**options, "max_pixels": str(MAX_PIXELS)}, decoder)


def _opened(location: str, options: dict[str, str], decoder: str | None) -> Any:
    try:
        container = av.open(
            location,
            metadata_errors="replace",
            options=options,
            timeout=(OPEN_S, READ_S),
            hwaccel=acceleration(decoder),
        )
    except RuntimeError as error:  # of PyAV: no stream of it is decoded there
        if decoder is None:
            raise
        raise not_by(decoder) from error
    for stream in container.streams.video:
        context = stream.codec_context
        if context is not None:
            context.options = {**context.options, "max_pixels": str(MAX_PIXELS)}
    return container


def not_by(decoder: str) -> Refused:
    """Return why a file is not decoded where somebody asked for it."""
    return Refused(
        Reason.NO_VIDEO,
        f"its pictures cannot be decoded by {decoder}",
        "decode it by software",
    )


def require_frame_size(width_px: int, height_px: int) -> None:
    """Refuse frames that would take more memory than footage may.

    Raises:
        Refused: too-many-pixels.
    """
    if width_px * height_px > MAX_PIXELS:
        raise Refused(
            Reason.TOO_MANY_PIXELS,
            f"its frames have {width_px}x{height_px} pixels, the limit is {MAX_PIXELS}",
        )


def threads_for(width_px: int, height_px: int) -> int:
    """Return with how many threads frames of a size are decoded; 0: as many as FFmpeg likes."""
    frame_bytes = max(1, width_px * height_px * 3)
    threads, cores = max(1, FRAMES_AT_ONCE_BYTES // frame_bytes), os.cpu_count() or 1
    if threads < _MOST_THREADS:
        return min(threads, cores)
    # Each waits for rows of the picture before; FFmpeg likes one thread more than there are cores.
    return min(_MOST_THREADS, 4 * cores) if width_px * height_px >= LARGE_PX else 0


def kind_refused(path: Path, error: Exception) -> Refused:
    """Return why a file could not be opened, by how it begins where FFmpeg only says no."""
    from reidsearch.media.video.decoding import said

    if not isinstance(error, av.error.ArgumentError):
        return Refused(Reason.NO_VIDEO, f"it cannot be read as a video: {said(error)}")
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_PLAYLISTS):
        return Refused(Reason.NO_VIDEO, "it is a playlist", "index the files that it lists")
    if head.startswith(_PICTURES):
        return Refused(Reason.NO_VIDEO, "it is a single picture, not a video")
    return Refused(Reason.NO_VIDEO, "it holds no video stream in a container that is read")
