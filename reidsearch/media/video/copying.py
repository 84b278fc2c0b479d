"""A stretch of footage as a file of its own, its packets as they are: nothing is encoded.

A copied stream can only begin at a key frame. Which packets those are is planned first: from a key
frame at or before the stretch, each with a time to be decoded at and a time to be shown at. Then
they are written, and the first and last picture that they give are compared with the footage; where
they differ, an earlier key frame is tried.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import av.error

from reidsearch.base.errors import InputError, Kind, NotFound
from reidsearch.media.video.demuxers import open_container
from reidsearch.media.video.frames import Footage, frame_of
from reidsearch.media.video.packets import Plan, last_plan, told_packets
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
        plan = last_plan(path, footage, until_pts, to_pts, look_up=look_up)
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


def _written(
    path: Path, footage: Footage, plan: Plan, out: Path, views: list[View], note: str
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


def _mux(path: Path, footage: Footage, plan: Plan, target: av.container.OutputContainer) -> None:
    copied: Any = None
    planned = iter(plan.stamps)
    for packet, stream in told_packets(path, footage, plan.begins):
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
