"""Video files: frames in order with exact media time, and the truth about what could not be had.

`open_footage` gives a `Footage`: a video file, or a folder of full frames (`frame_folder.py`). Its
`frames` yields what was decoded and, in its place, what was not: damage, gaps and jumps of the
recording's own clock, and still groups that were deliberately left out (`still.py`).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

import av
import av.error
import cv2
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from reidsearch.base.boxes import Box
from reidsearch.base.errors import NotFound
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Stamps, VideoInfo
from reidsearch.media.video.orientation import UPRIGHT, Orientation
from reidsearch.media.video.pixels import pixels

if TYPE_CHECKING:
    import av


BEGINS_LATE_S = 1  # until then the first frame stands for what lies before it
_Y_FIRST = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray")


@dataclass(frozen=True, slots=True)
class Damage:
    """What could not be decoded, or only with errors; None: not known from or up to where."""

    from_pts: int | None
    to_pts: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Jump:
    """Where the recording itself holds nothing, or its clock jumped; times of its neighbours.

    Args:
        clock: the clock jumped, so that nobody knows how much time passed.
    """

    from_pts: int
    to_pts: int
    detail: str
    clock: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A still group of pictures that was left out after its first."""

    from_pts: int
    to_pts: int


@dataclass(frozen=True, slots=True)
class Lacking:
    """What of a source no frame shows, and no item of its stretches tells.

    Args:
        head_s: seconds before the first frame that could not be decoded.
        streams: other streams of pictures that are not analysed, in sentences.
        cut_off: the file lacks its end, and nobody knows how long that was; known when all that is
            there was read.
    """

    head_s: float = 0.0
    streams: tuple[str, ...] = ()
    cut_off: bool = False


class Frame:
    """One picture. Pixels are converted when they are asked for, always upright.

    Args:
        picture: as FFmpeg decoded it.
        pts: in units of the source's time base.
        lies: how it has to be turned to stand upright.
    """

    __slots__ = ("_bgr", "_lies", "_picture", "height_px", "pts", "width_px")

    def __init__(self, picture: av.VideoFrame, pts: int, lies: Orientation = UPRIGHT) -> None:
        self._picture = picture
        self._lies = lies
        self._bgr: Pixels | None = None
        self.pts = pts
        self.width_px, self.height_px = lies.size(picture.width, picture.height)

    @property
    def key(self) -> bool:
        """Whether nothing before it was needed to decode it."""
        return bool(self._picture.key_frame)

    def bgr(self) -> Pixels:
        """(h, w, 3) uint8 BGR; converted once."""
        if self._bgr is None:
            self._bgr = self._lies.upright(pixels(self._picture, "bgr24"))
        return self._bgr

    def small(self, width_px: int, height_px: int) -> Pixels:
        """(height_px, width_px, 3) uint8 BGR, the aspect not kept; scaled while converted."""
        width, height = self._lies.size(width_px, height_px)
        return self._lies.upright(pixels(self._picture, "bgr24", width, height))

    def for_encoder(self, width_px: int, height_px: int) -> av.VideoFrame:
        """It as encoders of video take it: upright, scaled, yuv420p with levels from 16 to 235."""
        source = self._picture
        if self._lies != UPRIGHT:
            small = self.small(width_px, height_px)
            source = av.VideoFrame.from_ndarray(small, format="bgr24")
        full = source.color_range == ColorRange.JPEG or source.format.name.startswith("yuvj")
        return source.reformat(
            width=width_px,
            height=height_px,
            format="yuv420p",
            src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
            dst_color_range=ColorRange.MPEG,
        )

    def part(self, box: Box, width_px: int, height_px: int) -> Pixels:
        """A part of it, scaled like `small`."""
        part = self.bgr()[box.y1 : box.y2, box.x1 : box.x2]
        return np.asarray(
            cv2.resize(part, (width_px, height_px), interpolation=cv2.INTER_AREA), np.uint8
        )

    def grey(self, width_px: int, height_px: int) -> NDArray[np.uint8]:
        """(height_px, width_px) uint8, averaged over areas; cheap.

        Of each area some 25 pixels are enough to average a sensor's noise away.
        """
        size = self._lies.size(width_px, height_px)
        luma = self._luma()
        step = max(1, min(luma.shape[0] // (5 * size[1]), luma.shape[1] // (5 * size[0])))
        small = np.ascontiguousarray(luma[::step, ::step])
        grey = cv2.resize(small, size, interpolation=cv2.INTER_AREA)
        return self._lies.upright(np.asarray(grey, np.uint8))

    def digest(self) -> bytes:
        """16 bytes that tell this decoded picture from any other: every eighth row's luma."""
        rows = np.ascontiguousarray(self._luma()[::8])
        return hashlib.blake2b(rows.data, digest_size=16).digest()

    def _luma(self) -> NDArray[np.uint8]:
        picture = self._picture
        if picture.format.name not in _Y_FIRST:
            return pixels(picture, "gray")
        plane = picture.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        luma: NDArray[np.uint8] = rows[: picture.height, : picture.width]
        return luma


Item: TypeAlias = Frame | Damage | Jump | Skipped


class Footage(Protocol):
    """One source of frames; the contract of `video_file` and `frame_folder`."""

    @property
    def info(self) -> VideoInfo:
        """What it says of itself."""
        ...

    @property
    def lacking(self) -> Lacking:
        """What of it is not analysed."""
        ...

    @property
    def clock_assumed(self) -> bool:
        """Whether media time rests on a rate that nobody measured or told."""
        ...

    @property
    def seekable(self) -> bool:
        """Whether what lies at a pts can be found without reading all that comes before."""
        ...

    @property
    def even(self) -> bool:
        """Whether its own time stamps go on without a jump, so that each names one frame."""
        ...

    def stamps(self) -> Stamps | None:
        """The pts of all its frames, without decoding them; None: that is not certain."""
        ...

    def frames(self, after: int | None = None, still: StillRule | None = None) -> Iterator[Item]:
        """Everything in order; pts of frames strictly increase.

        Args:
            after: only what comes after this pts; the same as if all had been read.
            still: leave out still groups of pictures.
        """
        ...

    def frames_from(
        self, pts: int, still: StillRule | None = None, *, once: bool = False
    ) -> Iterator[Item]:
        """The last frame that is not later than a pts, and everything after it.

        What comes before that frame may come too.

        Args:
            once: believe one reading from the middle; for a caller who compares what it shows.
        """
        ...

    def read_linearly(self) -> None:
        """Read from the start from now on: seeking has shown other pictures."""
        ...

    def frame_at(self, media_s: Fraction) -> Frame:
        """The frame that is shown at a media time: the last that is not later.

        Raises:
            NotFound: it lies beyond the end.
        """
        ...

    def picture_at(self, pts: int) -> str | None:
        """The name of the picture file that is the frame at a pts; None: it is in a video."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None: ...


class Readable(Protocol):
    """What can be read from any pts on."""

    @property
    def info(self) -> VideoInfo:
        """What it says of itself."""
        ...

    def frames_from(
        self, pts: int, still: StillRule | None = None, *, once: bool = False
    ) -> Iterator[Item]:
        """As `Footage.frames_from`."""
        ...


class Watched:
    """Footage for somebody who may stop waiting.

    Args:
        keep_on: called before each item; ends the reading by raising.
    """

    def __init__(self, footage: Readable, keep_on: Callable[[], None]) -> None:
        self._footage, self._keep_on = footage, keep_on

    @property
    def info(self) -> VideoInfo:
        """What it says of itself."""
        return self._footage.info

    def frames_from(
        self, pts: int, still: StillRule | None = None, *, once: bool = False
    ) -> Iterator[Item]:
        """As `Footage.frames_from`."""
        for item in self._footage.frames_from(pts, still, once=once):
            self._keep_on()
            yield item


def frame_of(footage: Readable, pts: int, *, once: bool = False) -> Frame:
    """The frame with just this pts, or else the last before it; see `Footage.frames_from`.

    Raises:
        NotFound: none is that early.
    """
    shown: Frame | None = None
    for item in footage.frames_from(pts, once=once):
        if isinstance(item, Frame):
            if item.pts > pts:
                break
            shown = item
            if item.pts == pts:
                break
    if shown is None:
        raise NotFound(f"there is no frame at {float(footage.info.media_s(pts)):.3f} s")
    return shown


def frame_shown_at(footage: Readable, media_s: Fraction) -> Frame:
    """`frame_at` for anything that can be read from any pts on.

    Raises:
        NotFound: it lies before the first frame or beyond the end.
    """
    info = footage.info
    wanted = info.first_pts + math.floor(media_s / info.time_base)
    shown: Frame | None = None
    for item in footage.frames_from(wanted):
        if not isinstance(item, Frame):
            continue
        if item.pts > wanted and shown is not None:
            return shown
        if item.pts > wanted and (item.pts - wanted) * info.time_base > BEGINS_LATE_S:
            raise NotFound(
                f"there is no frame at {float(media_s):.3f} s",
                f"the first one is at {float(info.media_s(item.pts)):.3f} s",
            )
        shown = item
        if item.pts >= wanted:
            return item
    if shown is not None:
        frame_s = 1 / info.declared_fps if info.declared_fps else 1.0
        if float(media_s) <= float(info.media_s(shown.pts)) + max(frame_s, 1.0):
            return shown
    raise NotFound(
        f"there is no frame at {float(media_s):.3f} s",
        f"the footage is {info.declared_s:.1f} s long" if info.declared_s else "",
    )


@dataclass(frozen=True, slots=True)
class StillRule:
    """When a group counts as still. Figures: benchmarks/footage.py.

    Args:
        largest_share: of the key frame's bytes, that any other picture may have.
        outlier: how many times the median of the other pictures' bytes any of them may have.
        slack_area_px: one byte more for so many pixels; headers and noise cost something too.
        levels: by how much any of 96 x 54 grey areas may differ between the key frames.
    """

    largest_share: float = 0.04
    outlier: float = 4.0
    slack_area_px: int = 4000
    levels: float = 8.0
