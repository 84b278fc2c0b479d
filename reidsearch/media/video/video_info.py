"""What a container and its first picture tell of a video: size, clock, length, remarks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from reidsearch.domain.footage import MIRRORED, VideoInfo
from reidsearch.media.video.extent import missing_bytes
from reidsearch.media.video.first_time import first_time
from reidsearch.media.video.order import AHEAD_S
from reidsearch.media.video.orientation import Orientation, orientation_of

ASSUMED_FPS = 25
"""Of a stream without time stamps that tells no rate."""


def info_of(
    path: Path,
    container: Any,
    stream: Any,
    first: av.VideoFrame,
    *,
    counted: bool,
    linear: bool,
    told: Sequence[str],
) -> VideoInfo:
    """Return what is known of a video before it is read.

    Args:
        stream: the one of the container that is analysed.
        first: the first picture of it that can be decoded.
        counted: it has no time stamps: media time counts frames.
        linear: it is read without its index, which is broken.
        told: remarks on other streams.
    """
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate
    lies = orientation_of(first)
    width_px, height_px = lies.size(first.width, first.height)
    fps = Fraction(rate) if rate else Fraction(ASSUMED_FPS)
    if counted:
        time_base, first_pts, late = 1 / fps, 0, 0
    else:
        late = _late(container, stream, first.pts)
        time_base, first_pts = Fraction(stream.time_base), (first.pts or 0) - late
    return VideoInfo(
        kind="video",
        container=container.format.name,
        codec=stream.codec_context.codec.canonical_name,
        pixel_format=first.format.name,
        width_px=width_px,
        height_px=height_px,
        rotation=lies.rotation,
        time_base=time_base,
        first_pts=first_pts,
        declared_fps=float(rate) if rate else None,
        declared_s=_declared_s(path, container, stream, counted, first_pts, late),
        created=_created(container, stream),
        notes=tuple(_notes(first, lies, fps if counted else None, linear=linear, told=told)),
        first_time=first_time(path, container),
    )


def _declared_s(
    path: Path, container: Any, stream: Any, counted: bool, first_pts: int, late: int
) -> float | None:
    """How long the container says that the video is, from `first_pts`; None: it does not say."""
    declared_s = None
    if stream.duration is not None and not counted:
        # Counted from where the container says that the pictures begin.
        begins = (stream.start_time or 0) - first_pts
        declared_s = float((stream.duration + min(max(begins, 0), late)) * stream.time_base)
    elif container.duration is not None and not counted:
        declared_s = container.duration / av.time_base
        if "matroska" in container.format.name:  # it counts from zero, not from the first frame
            declared_s -= max(0.0, (container.start_time or 0) / av.time_base)
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate
    if container.format.name == "avi" and rate and missing_bytes(path, "avi", 0):
        # FFmpeg counts what is there.
        declared_s = max(declared_s or 0.0, float(stream.frames / rate))
    return declared_s


def _notes(
    picture: av.VideoFrame,
    lies: Orientation,
    counted_fps: Fraction | None,
    *,
    linear: bool,
    told: Sequence[str],
) -> list[str]:
    notes = list(told)
    if picture.interlaced_frame:
        notes.append("interlaced: fields are not separated, moving edges look combed")
    components = picture.format.components
    if components and components[0].bits > 8:
        notes.append(
            f"{components[0].bits} bits a colour: reduced to 8 without tone mapping, so colours of "
            "a high dynamic range recording look pale"
        )
    if linear:
        notes.append(
            "its index holds a part of it alone: it was read from its first byte to its last"
        )
    if lies.mirrored:
        notes.append(f"{MIRRORED}, and so were they analysed")
    if counted_fps is not None:
        notes.append(
            "the stream has no time stamps: media time counts frames at an assumed rate of "
            f"{float(counted_fps):g} a second"
        )
    return notes


def _late(container: Any, stream: Any, first_pts: int | None) -> int:
    """How much later than the file's sound its pictures begin, in the stream's time base.

    Every player counts from whatever comes first; so does a name that says when the file begins.
    """
    starts = [
        Fraction(sound.start_time * sound.time_base)
        for sound in container.streams.audio
        if sound.start_time is not None
    ]
    if not starts or first_pts is None:
        return 0
    late_s = first_pts * stream.time_base - min(starts)
    return round(late_s / stream.time_base) if 0 < late_s <= AHEAD_S else 0


def _created(container: Any, stream: Any) -> dt.datetime | None:
    text = stream.metadata.get("creation_time") or container.metadata.get("creation_time")
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None or moment.year <= 1970:  # QuickTime's zero is 1904
        return None
    return moment.astimezone(dt.UTC)
