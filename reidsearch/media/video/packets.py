"""Which packets of a file show a stretch of it, and when each is decoded and shown.

A copied stream can only begin at a key frame: at or before the stretch, wherever a seek has to
begin for that frame to be found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import av.error

from reidsearch.base.errors import InputError, Kind
from reidsearch.media.video.demuxers import open_container
from reidsearch.media.video.frames import Footage
from reidsearch.media.video.middle import SEEK_BACK_S
from reidsearch.media.video.streams import video_stream


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a packet is shown and decoded, in the stream's time base."""

    pts: int
    dts: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Packets to copy: those after a seek to `begins` (None: from the start), from `key_pts` on."""

    begins: int | None
    key_pts: int
    stamps: tuple[Stamp, ...]

    @property
    def last_pts(self) -> int:
        """Of the picture that is shown last."""
        return max(stamp.pts for stamp in self.stamps)


def _packets(path: Path, container: str, begins: int | None) -> Iterator[tuple[Any, Any]]:
    """Packets after a seek, each with its stream; ends where nothing more can be read."""
    with open_container(path, known=container) as source:
        stream = video_stream(source)
        try:
            if begins is not None:
                source.seek(begins, stream=stream)
            for packet in source.demux(stream):
                if packet.size:
                    yield packet, stream
        except av.error.FFmpegError:
            return  # what is missing then is found when the clip is read back


def _always() -> None:
    """Nothing ends it."""


def last_plan(
    path: Path,
    footage: Footage,
    until_pts: int,
    to_pts: int,
    *,
    look_up: bool,
    keep_on: Callable[[], None] = _always,
) -> Plan | None:
    """Choose packets from the last key frame on that is not later than `until_pts`.

    Args:
        look_up: seek; else all packets are read.
        keep_on: called before each packet; ends the work by raising.

    Raises:
        InputError: (stream-copy-impossible) packets do not say when they are shown.
    """
    base = footage.info.time_base
    seeks = [until_pts - int(back_s / base) for back_s in SEEK_BACK_S] if look_up else []
    for begins in (*seeks, None):
        plan = _plan(path, footage, begins, until_pts, to_pts, keep_on)
        if plan is not None:
            return plan
    return None


def _plan(
    path: Path,
    footage: Footage,
    begins: int | None,
    until_pts: int,
    to_pts: int,
    keep_on: Callable[[], None],
) -> Plan | None:
    """Choose the packets of a stretch; None where no key frame lies before it after that seek.

    It ends where no later packet is shown before those that are in it.
    """
    held: list[tuple[int, int | None]] = []
    key_pts: int | None = None
    last_pts = 0
    for packet, _ in told_packets(path, footage, begins):
        keep_on()
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
    return Plan(begins, key_pts, _stamps(path, held))


def told_packets(path: Path, footage: Footage, begins: int | None) -> Iterator[tuple[Any, Any]]:
    """Packets with the time at which they are shown, told or counted on.

    Program streams tell it of some packets alone, and sometimes twice. Where packets come in the
    order in which they are shown, the others are counted on as when they are read (`order.py`).
    """
    fps = footage.info.declared_fps
    tick = max(1, round(1 / (Fraction(fps or 25) * footage.info.time_base)))
    last: int | None = None
    for packet, stream in _packets(path, footage.info.container, begins):
        if not stream.codec_context.has_b_frames and last is not None:
            at = last + tick if packet.pts is None else max(packet.pts, last + 1)
            if at != packet.pts:
                packet.pts, packet.dts = at, None
        last = packet.pts
        yield packet, stream


def _stamps(path: Path, held: list[tuple[int, int | None]]) -> tuple[Stamp, ...]:
    """Decoding times that increase and are never later than their picture's own time."""
    dts = [dts for _, dts in held if dts is not None]
    told = len(dts) == len(held) and all(a < b for a, b in pairwise(dts))
    if told and all(at <= pts for at, (pts, _) in zip(dts, held, strict=True)):
        return tuple(Stamp(pts, at) for at, (pts, _) in zip(dts, held, strict=True))
    shown = sorted(pts for pts, _ in held)
    if any(a == b for a, b in pairwise(shown)):
        raise InputError(
            f"{path.name}: two of its pictures have the same time", kind=Kind.STREAM_COPY_IMPOSSIBLE
        )
    delay = max(at - pts for at, (pts, _) in zip(shown, held, strict=True))
    return tuple(Stamp(pts, at - delay) for at, (pts, _) in zip(shown, held, strict=True))
