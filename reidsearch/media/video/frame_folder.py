"""A folder of full-frame pictures as one source: numbered, or named by their time."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.locations import location_text
from reidsearch.base.reading import refusal
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.footage import Stamps, VideoInfo
from reidsearch.domain.told import Stamp
from reidsearch.media.files.paths import kind_of
from reidsearch.media.naming.frame_names import frame_times
from reidsearch.media.pictures import read_picture
from reidsearch.media.video.frames import Damage, Frame, Item, Lacking, StillRule, frame_shown_at

TICKS_A_SECOND = 1_000_000

_NUMBERS = re.compile(r"(\d+)")


class FrameFolder(contextlib.AbstractContextManager["FrameFolder"]):
    """See `Footage`. Media time comes from the names' time stamps, else from `fps`.

    Args:
        fps: pictures a second; None: by the names, or else one, and `info.notes` says so.

    Raises:
        Refused: (unreadable, no-video) it holds no picture that can be decoded.
    """

    def __init__(self, folder: Path, fps: Fraction | None) -> None:
        self._folder = folder
        names = pictures_in(folder)
        self.first_stamp: Stamp | None = None
        self.lacking = Lacking()
        self.clock_assumed = False
        notes: list[str] = []
        if not names:
            raise Refused(Reason.NO_VIDEO, "the folder holds no pictures")
        times, why = (None, "") if fps is not None else frame_times(names)
        ticks: Sequence[int]
        if times is not None:
            self.first_stamp, names, ticks = times.first, list(times.names), times.ticks
            notes.extend(location_text(note) for note in times.notes)
        else:
            if fps is None:
                fps = Fraction(1)
                self.clock_assumed = True
                notes.append(f"{why}: one picture a second was assumed")
            ticks = [round(number * TICKS_A_SECOND / fps) for number in range(len(names))]
        self._frames = list(zip(ticks, names, strict=True))
        self._names = dict(self._frames)
        first = next((item for item in self.frames() if isinstance(item, Frame)), None)
        if first is None:
            raise Refused(Reason.NO_VIDEO, "no picture in the folder can be decoded")
        self.info = VideoInfo(
            kind="frames",
            container="folder",
            codec=Path(names[0]).suffix.lstrip(".").lower(),
            pixel_format=None,
            width_px=first.width_px,
            height_px=first.height_px,
            rotation=0,
            time_base=Fraction(1, TICKS_A_SECOND),
            first_pts=0,
            declared_fps=float(fps) if fps is not None else None,
            declared_s=ticks[-1] / TICKS_A_SECOND,
            notes=tuple(notes),
        )

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between calls."""

    @property
    def seekable(self) -> bool:
        """See `Footage.seekable`: every picture is a file of its own."""
        return True

    @property
    def even(self) -> bool:
        """See `Footage.even`: names that do not increase are counted instead."""
        return True

    def stamps(self) -> Stamps:
        """See `Footage.stamps`: its names are its frames, also those that cannot be decoded."""
        return np.array([ticks for ticks, _ in self._frames], np.int64)

    def frames(self, after: int | None = None, still: StillRule | None = None) -> Iterator[Item]:
        """Every picture in order; see `Footage.frames`. There are no groups to be left out."""
        del still
        before = 0
        for ticks, name in self._frames:
            if after is None or ticks > after:
                item = self._read(ticks, name)
                yield item if isinstance(item, Frame) else Damage(before, ticks, item.detail)
            before = ticks

    def frames_from(
        self, pts: int, still: StillRule | None = None, *, once: bool = False
    ) -> Iterator[Item]:
        """What is shown at a pts and all that follows; see `Footage.frames_from`."""
        del once
        for ticks, name in reversed(self._frames):
            if ticks <= pts and isinstance(self._read(ticks, name), Frame):
                return self.frames(ticks - 1, still)
        return self.frames(None, still)

    def _read(self, ticks: int, name: str) -> Frame | Damage:
        try:
            pixels = read_picture(self._folder / name, PictureLimits())
        except Refused as refused:
            told = refused.message.removeprefix(f"{self._folder}{os.sep}")
            return Damage(ticks, ticks, told)
        return Frame(av.VideoFrame.from_ndarray(pixels, format="bgr24"), ticks)

    def read_linearly(self) -> None:
        """See `Footage.read_linearly`: every picture is read by itself."""

    def picture_at(self, pts: int) -> str | None:
        """See `Footage.picture_at`."""
        name = self._names.get(pts)
        return None if name is None else location_text(name)

    def frame_at(self, media_s: Fraction) -> Frame:
        """The frame that is shown at a media time; see `Footage.frame_at`."""
        return frame_shown_at(self, media_s)


def pictures_in(folder: Path) -> list[str]:
    """Names of the pictures directly in a folder, numbers in them in order of their value.

    Raises:
        Refused: it cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if kind_of(entry.name) == "picture"]
    except OSError as error:
        raise refusal(error) from error
    return sorted(names, key=_natural)


def _natural(name: str) -> tuple[list[tuple[bool, int, str]], str]:
    parts = [
        (not part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in _NUMBERS.split(name)
        if part
    ]
    return parts, name
