"""Which stream of a container is the footage, and what has to be said of the others."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import av.error

from reidsearch.domain.footage import OTHER_STREAM

# FFmpeg makes time stamps up where a stream holds none: elementary streams, raw and multipart JPEG.
NO_TIMESTAMPS = 0x80
"""AVFMT_NOTIMESTAMPS of FFmpeg's avformat.h, which PyAV gives as a number."""
RAW = frozenset({"h264", "hevc", "m4v", "mpegvideo", "obu", "h263", "cavsvideo", "vc1"})
STILL_BRANDS = frozenset({"heic", "heix", "heim", "heis", "mif1", "avif", "jpeg", "jp2 "})
"""Major brands of single pictures in ISO containers: HEIC, HEIF, AVIF."""
INDEXED_SHARE = 0.9
SAME_LENGTH = 0.05  # a sub-stream is as long as its main stream, but for so much


def video_stream(container: Any) -> Any:
    """The largest stream of moving pictures, of equals the first; cover art is none."""
    found = _moving(container)
    return max(found, key=_area) if found else None


def _moving(container: Any) -> list[Any]:
    return [
        stream
        for stream in container.streams.video
        # A damaged header may name a codec that does not exist.
        if stream.codec_context is not None
        and not stream.disposition & av.stream.Disposition.attached_pic
    ]


def _area(stream: Any) -> int:
    return int(stream.codec_context.width * stream.codec_context.height)


def has_no_clock(container: Any) -> bool:
    """Tell whether time stamps are made up by FFmpeg, at a rate that nobody measured."""
    return bool(container.format.flags & NO_TIMESTAMPS) or container.format.name in RAW


def has_broken_index(container: Any, end: int | None) -> bool:
    """Tell whether the index of an AVI holds far fewer pictures than its header promises, and ends
    far before the file.

    Args:
        end: byte at which the container ends, if that is not the file's end.
    """
    stream = video_stream(container) if container.format.name == "avi" else None
    if stream is None or not stream.frames:
        return False
    entries = stream.index_entries
    if len(entries) >= INDEXED_SHARE * stream.frames:
        return False
    last = entries[len(entries) - 1] if len(entries) else None
    covered = last.pos + last.size if last is not None else 0
    return bool(covered < INDEXED_SHARE * (container.size if end is None else end))


def still_picture(container: Any) -> str:
    """Return the kind of picture that a file is instead of footage; empty: it is none."""
    name = str(container.format.name)
    brand = container.metadata.get("major_brand", "")
    if "mov" in name.split(",") and brand in STILL_BRANDS:
        return str(brand).strip().upper()
    if name.endswith("_pipe") or name in {"image2", "ico"}:
        return name.removesuffix("_pipe").upper()
    return ""


def other_streams(container: Any, chosen: Any) -> tuple[list[str], list[str]]:
    """Return what a reader must know of streams that are not analysed, in sentences.

    Returns:
        Smaller copies of the chosen one (sub-streams); streams that show something else.
    """
    copies, others = [], []
    for stream in _moving(container):
        if stream.index == chosen.index:
            continue
        context = stream.codec_context
        what = (
            f"video stream {stream.index} ({context.codec.canonical_name}, "
            f"{context.width} x {context.height}) was not analysed, stream {chosen.index} was"
        )
        if 0 < _area(stream) < _area(chosen) and _same_length(stream, chosen):
            copies.append(f"{what}: it is as long and smaller, as a sub-stream of the same view is")
        else:
            others.append(f"{what}: {OTHER_STREAM}")
    return copies, others


def _same_length(one: Any, other: Any) -> bool:
    lengths = [_seconds(one), _seconds(other)]
    if None in lengths:
        return True
    shorter, longer = sorted(float(each or 0) for each in lengths)
    return longer - shorter <= max(1.0, SAME_LENGTH * longer)


def _seconds(stream: Any) -> Fraction | None:
    return None if stream.duration is None else Fraction(stream.duration * stream.time_base)
