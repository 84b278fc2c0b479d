"""A stretch of footage as a file of its own, its packets as they are: nothing is encoded.

A copied stream can only begin at a key frame. Which packets those are is planned first: from a key
frame at or before the stretch, each with a time to be decoded at and a time to be shown at. Then
they are written, and the first and last picture that they give are compared with the footage; where
they differ, an earlier key frame is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import av.error

from reidsearch.base.errors import InputError, Kind, NotFound
from reidsearch.media.video.demuxers import open_container
from reidsearch.media.video.frames import Footage, frame_of
from reidsearch.media.video.middle import SEEK_BACK_S
from reidsearch.media.video.streams import video_stream
from reidsearch.media.video.views import Differs, View, require_shown
from reidsearch.media.video.written import (
    Clip,
    ClipError,
    Seen,
    container_of,
    endings_for,
    holds,
    replacing,
    require_readable,
    said,
    writing,
)

TRIES = 4  # key frames, one before the other


@dataclass(frozen=True, slots=True)
class _Stamp:
    pts: int
    dts: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """Packets to copy: those after a seek to `begins` (None: from the start), from `key_pts` on."""

    begins: int | None
    key_pts: int
    stamps: tuple[_Stamp, ...]

    @property
    def last_pts(self) -> int:
        return max(stamp.pts for stamp in self.stamps)


def copy(
    path: Path,
    footage: Footage,
    from_pts: int,
    to_pts: int,
    out: Path,
    *,
    views: list[View],
    note: str = "",
) -> Clip:
    """Copy the packets of a stretch, from the key frame before it.

    Args:
        views: stored crops of frames in the stretch, which have to show them.
        note: kept in the file as its comment.

    Raises:
        StorageError: the file cannot be written.
        Differs: the footage does not show a stored crop.
        InputError: the stream cannot be copied into this container, its packets cannot be told by
            their time, or what was written does not show the footage.
    """
    _require_copyable(path, footage, out)
    failed: ClipError | None = None
    until_pts, look_up = from_pts, footage.seekable
    for _ in range(TRIES):
        plan = _last_plan(path, footage, until_pts, to_pts, look_up=look_up)
        if plan is None:
            break
        try:
            return _written(path, footage, plan, out, views, note)
        except ClipError as error:
            failed = error
            if plan.begins is None:
                until_pts = plan.key_pts - 1
            look_up = False  # after a seek some containers tell other times
    if failed is None:
        raise InputError(
            f"{path.name} has no key frame that a copy could begin with",
            kind=Kind.STREAM_COPY_IMPOSSIBLE,
        )
    endings: list[str] = []
    if container_of(out) == "mpegts":  # what is missing there is in the headers of others
        with open_container(path) as source:
            endings = endings_for(video_stream(source), but="mpegts")
    raise InputError(
        f"a copy of {path.name} does not show what the footage does: {failed.message}",
        kind=Kind.STREAM_COPY_FAILED,
        endings=endings,
    ) from failed


def _require_copyable(path: Path, footage: Footage, out: Path) -> None:
    if footage.info.kind != "video":
        raise InputError(
            "a folder of frames has no stream to copy", kind=Kind.STREAM_COPY_IMPOSSIBLE
        )
    if not footage.even:
        raise InputError(
            "timestamps are not monotonic; the stream cannot be copied",
            kind=Kind.STREAM_COPY_IMPOSSIBLE,
        )
    container = container_of(out)
    with open_container(path) as source:
        stream = video_stream(source)
        codec = stream.codec_context.codec.canonical_name
        turned = container == "mpegts" and footage.info.rotation
        if turned or not holds(container, stream):
            what = "how the pictures are turned" if turned else codec
            raise InputError(
                f"{what} cannot be copied into {out.name}",
                kind=Kind.STREAM_COPY_FAILED,
                endings=endings_for(stream, but=container),
            )


def _packets(path: Path, begins: int | None) -> Iterator[tuple[Any, Any]]:
    """Packets after a seek, each with its stream; ends where nothing more can be read."""
    with open_container(path) as source:
        stream = video_stream(source)
        try:
            if begins is not None:
                source.seek(begins, stream=stream)
            for packet in source.demux(stream):
                if packet.size:
                    yield packet, stream
        except av.error.FFmpegError:
            return  # what is missing then is found when the clip is read back


def _last_plan(
    path: Path, footage: Footage, until_pts: int, to_pts: int, *, look_up: bool
) -> _Plan | None:
    """Choose packets from the last key frame on that is not later than `until_pts`.

    Args:
        look_up: seek; else all packets are read.
    """
    base = footage.info.time_base
    seeks = [until_pts - int(back_s / base) for back_s in SEEK_BACK_S] if look_up else []
    for begins in (*seeks, None):
        plan = _plan(path, footage, begins, until_pts, to_pts)
        if plan is not None:
            return plan
    return None


def _plan(
    path: Path, footage: Footage, begins: int | None, until_pts: int, to_pts: int
) -> _Plan | None:
    """Choose the packets of a stretch; None where no key frame lies before it after that seek.

    It ends where no later packet is shown before those that are in it.
    """
    held: list[tuple[int, int | None]] = []
    key_pts: int | None = None
    last_pts = 0
    for packet, _ in _told(path, footage, begins):
        pts = packet.pts
        if packet.is_keyframe and pts is not None and (key_pts is None or pts <= until_pts):
            if pts > until_pts and begins is not None:
                return None  # it seeks too far
            held, key_pts, last_pts = [], pts, pts
        if key_pts is None:
            continue
        if pts is None:
            raise InputError(
                f"{path.name}: its packets do not say when they are shown",
                kind=Kind.STREAM_COPY_IMPOSSIBLE,
            )
        if pts < key_pts:
            continue  # it needs what lies before the key frame
        if pts > last_pts >= to_pts:
            break
        last_pts = max(last_pts, pts)
        held.append((pts, packet.dts))
    if key_pts is None:
        return None
    return _Plan(begins, key_pts, _stamps(path, held))


def _told(path: Path, footage: Footage, begins: int | None) -> Iterator[tuple[Any, Any]]:
    """Packets with the time at which they are shown, told or counted on.

    Program streams tell it of some packets alone, and sometimes twice. Where packets come in the
    order in which they are shown, the others are counted on as when they are read (`order.py`).
    """
    fps = footage.info.declared_fps
    tick = max(1, round(1 / (Fraction(fps or 25) * footage.info.time_base)))
    last: int | None = None
    for packet, stream in _packets(path, begins):
        if not stream.codec_context.has_b_frames and last is not None:
            at = last + tick if packet.pts is None else max(packet.pts, last + 1)
            if at != packet.pts:
                packet.pts, packet.dts = at, None
        last = packet.pts
        yield packet, stream


def _stamps(path: Path, held: list[tuple[int, int | None]]) -> tuple[_Stamp, ...]:
    """Decoding times that increase and are never later than their picture's own time."""
    dts = [dts for _, dts in held if dts is not None]
    told = len(dts) == len(held) and all(a < b for a, b in pairwise(dts))
    if told and all(at <= pts for at, (pts, _) in zip(dts, held, strict=True)):
        return tuple(_Stamp(pts, at) for at, (pts, _) in zip(dts, held, strict=True))
    shown = sorted(pts for pts, _ in held)
    if any(a == b for a, b in pairwise(shown)):
        raise InputError(
            f"{path.name}: two of its pictures have the same time", kind=Kind.STREAM_COPY_IMPOSSIBLE
        )
    delay = max(at - pts for at, (pts, _) in zip(shown, held, strict=True))
    return tuple(_Stamp(pts, at - delay) for at, (pts, _) in zip(shown, held, strict=True))


def _written(
    path: Path, footage: Footage, plan: _Plan, out: Path, views: list[View], note: str
) -> Clip:
    base = footage.info.time_base
    try:
        first, last = frame_of(footage, plan.key_pts), frame_of(footage, plan.last_pts)
    except NotFound as error:
        raise ClipError(f"{out.name}: its key frame lies before the footage begins") from error
    if first.pts != plan.key_pts:
        raise ClipError(f"{out.name}: its key frame cannot be decoded")
    with replacing(out) as partial:
        try:
            with writing(partial, out, note) as target:
                _mux(path, footage, plan, target)
        except (av.error.FFmpegError, ValueError) as error:
            raise ClipError(f"{out.name}: {said(error)}") from error
        shown = [first, last]
        for view in views:
            frame = frame_of(footage, view.pts, once=True)  # compared with the crop
            if frame.pts != view.pts:
                raise Differs("the frame of a stored crop cannot be found in the footage")
            require_shown(frame.bgr(), view)
            shown.append(frame)
        shown.sort(key=lambda frame: frame.pts)
        seen = [Seen.of(frame, (frame.pts - first.pts) * base, exactly=True) for frame in shown]
        require_readable(partial, out, seen)
    return Clip(first.pts, last.pts)


def _mux(path: Path, footage: Footage, plan: _Plan, target: av.container.OutputContainer) -> None:
    copied: Any = None
    planned = iter(plan.stamps)
    for packet, stream in _told(path, footage, plan.begins):
        if copied is None:
            if not packet.is_keyframe or packet.pts != plan.key_pts:
                continue
            # Of the decoder: not every codec has an encoder, and none is needed.
            copied = target.add_stream_from_template(stream, opaque=True)
        if packet.pts is not None and packet.pts < plan.key_pts:
            continue
        stamp = next(planned, None)
        if stamp is None:
            return
        packet.pts, packet.dts = stamp.pts - plan.key_pts, stamp.dts - plan.key_pts
        packet.stream = copied
        target.mux(packet)
