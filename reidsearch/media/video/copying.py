"""A stretch of footage as a file of its own, its packets as they are: nothing is encoded.

A copied stream can only begin at a key frame. Which packets those are is planned first: from a key
frame at or before the stretch, each with a time to be decoded at and a time to be shown at. Then
they are written, and the first and last picture that they give are compared with the footage; where
they differ, an earlier key frame is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import av.error

from reidsearch.base import atomic
from reidsearch.base.errors import InputError, Kind
from reidsearch.media.video.frames import Footage, frame_of
from reidsearch.media.video.middle import SEEK_BACK_S
from reidsearch.media.video.streams import video_stream
from reidsearch.media.video.video_file import open_container
from reidsearch.media.video.views import Differs, View, require_shown
from reidsearch.media.video.written import (
    Clip,
    ClipError,
    Seen,
    coarse_of,
    container_of,
    endings_for,
    holds,
    require_readable,
    writing,
)


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
    tried: set[int] = set()
    for begins in (*(from_pts - int(s / footage.info.time_base) for s in SEEK_BACK_S), None):
        plan = _plan(path, begins, from_pts, to_pts)
        if plan is None or plan.key_pts in tried:
            continue
        tried.add(plan.key_pts)
        try:
            return _written(path, footage, plan, out, views, note)
        except ClipError as error:
            failed = error
    if failed is not None:
        raise InputError(
            f"a copy of {path.name} does not show what the footage does: {failed.message}",
            kind=Kind.STREAM_COPY_IMPOSSIBLE,
        ) from failed
    raise InputError(
        f"{path.name} has no key frame that a copy could begin with",
        kind=Kind.STREAM_COPY_IMPOSSIBLE,
    )


def _require_copyable(path: Path, footage: Footage, out: Path) -> None:
    if footage.info.kind != "video":
        raise InputError(
            "a folder of frames has no stream to copy", kind=Kind.STREAM_COPY_IMPOSSIBLE
        )
    if not footage.seekable:
        raise InputError(
            "timestamps are not monotonic; the stream cannot be copied",
            kind=Kind.STREAM_COPY_IMPOSSIBLE,
        )
    container = container_of(out)
    with open_container(path) as source:
        stream = video_stream(source)
        if not holds(container, stream):
            codec = stream.codec_context.codec.canonical_name
            raise InputError(
                f"{codec} cannot be copied into {out.name}",
                kind=Kind.STREAM_COPY_FAILED,
                endings=endings_for(stream),
            )
        if container == "mpegts" and footage.info.rotation:
            raise InputError(
                f"{out.name} cannot keep how the pictures are turned",
                kind=Kind.STREAM_COPY_FAILED,
                endings=[each for each in endings_for(stream) if each != ".ts"],
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


def _plan(path: Path, begins: int | None, from_pts: int, to_pts: int) -> _Plan | None:
    """Choose the packets of a stretch; None where no key frame lies before it."""
    held: list[tuple[int, int | None]] = []
    key_pts: int | None = None
    for packet, stream in _packets(path, begins):
        pts = packet.pts
        if pts is None and not stream.codec_context.has_b_frames:
            pts = packet.dts  # nothing is told out of order
        if packet.is_keyframe and pts is not None and (key_pts is None or pts <= from_pts):
            if begins is not None and pts > from_pts:
                return None  # it seeks too far
            held, key_pts = [], pts
        if key_pts is None:
            continue
        if pts is None:
            raise InputError(
                f"{path.name}: its packets do not say when they are shown",
                kind=Kind.STREAM_COPY_IMPOSSIBLE,
            )
        if pts < key_pts:
            continue  # it needs what lies before the key frame
        if (pts if packet.dts is None else packet.dts) > to_pts:
            break
        held.append((pts, packet.dts))
    if key_pts is None:
        return None
    return _Plan(begins, key_pts, _stamps(path, held))


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
    first = frame_of(footage, plan.key_pts)
    last = frame_of(footage, plan.last_pts)
    if first.pts != plan.key_pts or last.pts < first.pts:
        raise ClipError(f"{out.name}: its key frame cannot be decoded")
    with atomic.replacing(out) as partial:
        try:
            with writing(partial, out, note) as target:
                _mux(path, plan, target)
        except (av.error.FFmpegError, ValueError) as error:
            raise ClipError(f"{out.name}: {error}") from error
        seen = [
            Seen((frame.pts - first.pts) * base, coarse_of(frame.bgr())) for frame in (first, last)
        ]
        for view in views:
            frame = frame_of(footage, view.pts)
            if frame.pts != view.pts:
                raise Differs("the frame of a stored crop cannot be found in the footage")
            require_shown(frame.bgr(), view)
            seen.insert(-1, Seen((frame.pts - first.pts) * base, coarse_of(frame.bgr())))
        require_readable(partial, out, seen)
    return Clip(first.pts, last.pts)


def _mux(path: Path, plan: _Plan, target: av.container.OutputContainer) -> None:
    copied: Any = None
    planned = iter(plan.stamps)
    for packet, stream in _packets(path, plan.begins):
        pts = packet.dts if packet.pts is None else packet.pts
        if copied is None:
            if not packet.is_keyframe or pts != plan.key_pts:
                continue
            # Of the decoder: not every codec has an encoder, and none is needed.
            copied = target.add_stream_from_template(stream, opaque=True)
        if pts is None or pts < plan.key_pts:
            continue
        stamp = next(planned, None)
        if stamp is None:
            return
        packet.pts, packet.dts = stamp.pts - plan.key_pts, stamp.dts - plan.key_pts
        packet.stream = copied
        target.mux(packet)
