"""Writing a clip: into which container, whose fault an error is, and that it can be read back.

Bytes go through a file of Python's, so an error of the disk is an `OSError` and everything that
FFmpeg says is about container, codec or time stamps; and a name with a colon is no protocol. What
was written is opened again before it takes its name: its first and last picture have to be those of
the footage, as far apart in time.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import cv2
import numpy as np
from numpy.typing import NDArray

from reidsearch.base import atomic
from reidsearch.base.errors import InputError, Kind, Refused, StorageError
from reidsearch.media.video.frames import Footage, Frame
from reidsearch.media.video.video_file import VideoFile

CONTAINERS = {
    "": "mp4",
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".ts": "mpegts",
}
# FFmpeg writes any other codec into a transport stream as data that no player takes for pictures.
IN_TRANSPORT_STREAMS = frozenset({"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4"})
COARSE_PX = (32, 18)
LARGEST_DIFFERENCE = 10.0  # of 255, mean over the coarse picture: encoding takes 1 to 3
LARGEST_SHIFT_S = Fraction(1, 400)  # containers round to a millisecond


class ClipError(InputError):
    """A clip that could be written, but not be read back as what it should show."""

    kind = Kind.CLIP_UNREADABLE


@dataclass(frozen=True, slots=True)
class Clip:
    """What a written clip shows of its footage.

    Args:
        first_pts, last_pts: of its first and last picture, in the footage.
    """

    first_pts: int
    last_pts: int


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A picture that a clip should show.

    Args:
        at_s: since the clip's first picture.
        coarse: a small grey picture that encoding hardly changes.
        digest: of a picture that was not encoded anew; None: it was.
    """

    at_s: Fraction
    coarse: NDArray[np.int16]
    digest: bytes | None = None

    @classmethod
    def of(cls, frame: Frame, at_s: Fraction, *, exactly: bool) -> Seen:
        """Return how a frame should be seen in the clip."""
        return cls(at_s, coarse_of(frame.bgr()), frame.digest() if exactly else None)


def container_of(out: Path) -> str:
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


@contextlib.contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Give a file to write that takes the place of `out` when it is complete.

    Raises:
        StorageError: the disk does not take it.
    """
    with _to_disk(out), atomic.replacing(out) as partial:
        yield partial


@contextlib.contextmanager
def _to_disk(out: Path) -> Iterator[None]:
    """Tell errors of the disk; those of FFmpeg, whose numbers are the system's, pass."""
    try:
        yield
    except OSError as error:
        if isinstance(error, av.error.FFmpegError):
            raise
        raise StorageError(f"{out} cannot be written: {error.strerror or error}") from error


@contextlib.contextmanager
def writing(partial: Path, out: Path, note: str) -> Iterator[av.container.OutputContainer]:
    """Give a container to write to, which is complete at the end.

    Args:
        partial: the file to write.
        out: its final name, for its ending.
        note: kept in the file as its comment, where the container has one.

    Raises:
        StorageError: the disk does not take it.
    """
    with (
        _to_disk(out),
        partial.open("wb") as file,
        av.open(file, "w", format=container_of(out)) as target,
    ):
        target.metadata["comment"] = note
        yield target


def coarse_of(frame: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return a small grey picture that encoding hardly changes."""
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, COARSE_PX, interpolation=cv2.INTER_AREA), np.int16)


def require_readable(partial: Path, out: Path, seen: list[Seen]) -> None:
    """Open what was written, and look at its first picture, its last, and those between.

    Args:
        seen: what it should show, by time; the first at 0.

    Raises:
        ClipError: it shows something else, at other times, or nothing.
    """
    try:
        with VideoFile(partial) as clip:
            first = next((item for item in clip.frames() if isinstance(item, Frame)), None)
            if first is None:
                raise ClipError(f"{out.name}: no picture of it can be decoded")
            for one in seen:
                last = one is seen[-1]
                try:
                    _require_picture(clip, first.pts, one, out, last=last, once=True)
                except ClipError:
                    _require_picture(clip, first.pts, one, out, last=last, once=False)
    except Refused as refused:
        raise ClipError(f"{out.name}: {refused.message}") from refused


def _require_picture(
    clip: Footage, first_pts: int, one: Seen, out: Path, *, last: bool, once: bool
) -> None:
    base = clip.info.time_base
    wanted = first_pts + round(one.at_s / base)
    slack = max(1, round(LARGEST_SHIFT_S / base))
    shown: Frame | None = None
    for item in clip.frames_from(wanted + slack, once=once):
        if not isinstance(item, Frame):
            continue
        if item.pts > wanted + slack:
            if last:
                raise ClipError(f"{out.name}: it shows more than it should")
            break
        shown = item
    if shown is None or abs(shown.pts - wanted) > slack:
        raise ClipError(f"{out.name}: its picture at {float(one.at_s):.3f} s is missing")
    difference = float(np.abs(coarse_of(shown.bgr()) - one.coarse).mean())
    other = one.digest is not None and shown.digest() != one.digest
    if other or difference > LARGEST_DIFFERENCE:
        raise ClipError(f"{out.name}: its picture at {float(one.at_s):.3f} s is another")


def endings_for(stream: Any, but: str) -> list[str]:
    """Endings of the containers, but for one, that hold a stream as it is."""
    first = {name: ending for ending, name in reversed(CONTAINERS.items()) if ending}
    return [ending for name, ending in first.items() if name != but and holds(name, stream)][::-1]


def holds(container: str, stream: Any) -> bool:
    """Whether a container can hold the stream of a file as it is, and players find it there."""
    if container == "mpegts":
        return stream.codec_context.codec.canonical_name in IN_TRANSPORT_STREAMS
    try:
        with av.open(io.BytesIO(), "w", format=container) as target:
            target.add_stream_from_template(stream, opaque=True)
            target.start_encoding()
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def said(error: Exception) -> str:
    """What FFmpeg says of an error, without the name of a file that is not there any more."""
    return str(getattr(error, "strerror", None) or error)
