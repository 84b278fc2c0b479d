"""A stretch of footage as fragmented MP4, made while it is read: for browsers that play no more.

Nothing is written to disk. Packets that a browser plays are copied, from the key frame before the
stretch; everything else is encoded anew, no larger than `MOST_PX`. Both tell at which media time
their pictures begin, and pictures keep the times that they have in the footage.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias, cast

import av
import av.error

from reidsearch.base.errors import InputError, Kind, NotFound
from reidsearch.media.video.cutting import letterboxed
from reidsearch.media.video.frames import Footage, Frame, frame_of
from reidsearch.media.video.orientation import orientation_of
from reidsearch.media.video.packets import Plan, last_plan, told_packets
from reidsearch.media.video.still import KeyDecoder
from reidsearch.media.video.written import said

KeepOn: TypeAlias = Callable[[], None]
"""Called before each step of the work; ends it by raising."""

MOST_PX = 1280 * 720
ENCODERS = ("libx264", "libopenh264")  # of H.264: the first that this build of FFmpeg has
FINEST = Fraction(1, 1_000_000)
_FRAGMENTS = {
    "movflags": "empty_moov+default_base_moof+frag_keyframe",
    "frag_duration": "500000",  # microseconds
    "flush_packets": "1",
}
_AVCC = b"avcC"


class Stretch(Iterator[bytes]):
    """A stretch of footage on its way to a browser: its bytes, part by part.

    Close it when nobody wants more: it holds a decoder.

    Attributes:
        zero_s: the media time at which the stream's own clock is zero.
        first_s: the media time of its first picture.
        copied: its packets are those of the file.
        codec: as RFC 6381 writes it, such as `avc1.64001f`.
    """

    def __init__(
        self,
        footage: Footage,
        zero_pts: int,
        first_pts: int,
        parts: Generator[bytes, None, None],
        *,
        copied: bool,
    ) -> None:
        self.zero_s, self.first_s = (footage.info.media_s(pts) for pts in (zero_pts, first_pts))
        self.copied = copied
        self._parts, self._head = parts, b""
        self._after: list[KeepOn] = []
        for part in parts:
            self._head += part
            if _AVCC in self._head:
                break
        at = self._head.find(_AVCC) + len(_AVCC)
        if at < len(_AVCC) or len(self._head) < at + 4:
            parts.close()
            raise ValueError("the stream does not say how it is encoded")
        self.codec = f"avc1.{self._head[at + 1 : at + 4].hex()}"

    def __next__(self) -> bytes:
        """Return the next bytes. Raises as `keep_on` does."""
        if self._head:
            head, self._head = self._head, b""
            return head
        try:
            return next(self._parts)
        except BaseException:
            self.close()
            raise

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Stop the work; may be called again."""
        self._parts.close()
        while self._after:
            self._after.pop()()

    def when_closed(self, after: Callable[[], None]) -> None:
        """Have something called when it is closed, or has come to its end."""
        self._after.append(after)


class _Sink:
    """Takes what FFmpeg writes, until somebody fetches it."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._held.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held


def copied(
    path: Path, footage: Footage, from_pts: int, to_pts: int, keep_on: KeepOn
) -> Stretch | None:
    """Return a stretch with the packets of its file; None where they cannot be copied.

    They can where a key frame lies before it which shows what reading the file shows there.
    """
    if not footage.seekable:
        return None
    try:
        plan = last_plan(path, footage, from_pts, to_pts, look_up=True, keep_on=keep_on)
        if plan is None or not _shows(path, footage, plan):
            return None
        parts = _copied(path, footage, plan, keep_on)
        return Stretch(footage, plan.stamps[0].dts, plan.key_pts, parts, copied=True)
    except (InputError, NotFound, av.error.FFmpegError, ValueError):
        return None


def encoded(footage: Footage, from_pts: int, to_pts: int, keep_on: KeepOn) -> Stretch:
    """Return a stretch encoded anew.

    Raises:
        NotFound: it holds no frame.
        InputError: (no-video-encoder, clip-not-encoded) it cannot be encoded.
    """
    pictures = _pictures(footage, from_pts, to_pts, keep_on)
    first = next(pictures, None)
    if first is None:
        raise NotFound(f"there is no frame at {float(footage.info.media_s(from_pts)):.3f} s")
    parts = _encoded(footage, chain((first,), pictures))
    try:
        return Stretch(footage, first[0].pts, first[0].pts, parts, copied=False)
    except (av.error.FFmpegError, ValueError) as error:
        raise InputError(
            f"this stretch cannot be encoded: {said(error)}", kind=Kind.CLIP_NOT_ENCODED
        ) from error


def _shows(path: Path, footage: Footage, plan: Plan) -> bool:
    """Whether the key frame that packets begin with is the picture that the footage shows then."""
    shown = frame_of(footage, plan.key_pts)
    if shown.pts != plan.key_pts:
        return False
    for packet, stream in told_packets(path, footage, plan.begins):
        if packet.is_keyframe and packet.pts == plan.key_pts:
            picture = KeyDecoder(stream.codec_context).decode(packet)
            if picture is None:
                return False
            return Frame(picture, shown.pts, orientation_of(picture)).digest() == shown.digest()
    return False


def _copied(
    path: Path, footage: Footage, plan: Plan, keep_on: KeepOn
) -> Generator[bytes, None, None]:
    """Mux the packets of a plan, their times from zero on."""
    sink, target_stream = _Sink(), None
    zero = plan.stamps[0].dts
    planned = iter(plan.stamps)
    with av.open(sink, "w", format="mp4", options=_FRAGMENTS) as target:
        for packet, stream in told_packets(path, footage, plan.begins):
            keep_on()
            if target_stream is None:
                if not packet.is_keyframe or packet.pts != plan.key_pts:
                    continue
                target_stream = target.add_stream_from_template(stream, opaque=True)
            if packet.pts is not None and packet.pts < plan.key_pts:
                continue
            stamp = next(planned, None)
            if stamp is None:
                break
            packet.pts, packet.dts = stamp.pts - zero, stamp.dts - zero
            packet.stream = target_stream
            target.mux(packet)
            if data := sink.take():
                yield data
    yield sink.take()


def _pictures(
    footage: Footage, from_pts: int, to_pts: int, keep_on: KeepOn
) -> Iterator[tuple[Frame, int | None]]:
    """Frames shown in a stretch, each with the pts of the next; None: there is none."""
    shown: Frame | None = None
    for item in footage.frames_from(from_pts):
        keep_on()
        if not isinstance(item, Frame):
            continue
        if shown is not None and item.pts > from_pts:
            yield shown, item.pts
        if item.pts > to_pts:
            return
        shown = item
    if shown is not None:
        yield shown, None


def _encoded(
    footage: Footage, pictures: Iterator[tuple[Frame, int | None]]
) -> Generator[bytes, None, None]:
    sink = _Sink()
    with av.open(sink, "w", format="mp4", options=_FRAGMENTS) as target:
        encoder: _Encoder | None = None
        for frame, next_pts in pictures:
            if encoder is None:
                encoder = _Encoder(footage, target, frame)
            encoder.put(frame, next_pts)
            if data := sink.take():
                yield data
        if encoder is not None:
            encoder.end()
    yield sink.take()


class _Encoder:
    """Encodes frames into a container, each at its own time and as long as it is shown."""

    def __init__(self, footage: Footage, target: Any, first: Frame) -> None:
        name = next((each for each in ENCODERS if each in av.codecs_available), None)
        if name is None:
            raise InputError(
                "this build of FFmpeg has no encoder of H.264", kind=Kind.NO_VIDEO_ENCODER
            )
        info = footage.info
        fps = info.declared_fps
        rate = Fraction(fps).limit_denominator(1001) if fps and 1 <= fps <= 240 else Fraction(25)
        self._target, self._first = target, first.pts
        self._own = info.time_base
        self._base = self._own if self._own.denominator <= 1 / FINEST else FINEST
        self._usual = max(1, round(1 / (rate * self._base)))
        self._size = _size(first.width_px, first.height_px)
        self._shape = first.width_px, first.height_px
        self._durations: dict[int, int] = {}
        self._stream = cast("av.VideoStream", target.add_stream(name, rate=rate))
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = self._stream.time_base = self._base
        context.max_b_frames = 0  # a picture is sent as soon as it is encoded
        context.gop_size = max(1, round(2 * rate))
        context.thread_count = 1
        if name == "libx264":
            self._stream.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "23"}
        else:
            self._stream.bit_rate = 3_000_000

    def put(self, frame: Frame, next_pts: int | None) -> None:
        picture = self._scaled(frame)
        at = self._ticks(frame.pts)
        self._durations[at] = self._usual if next_pts is None else self._ticks(next_pts) - at
        picture.pts, picture.time_base = at, self._base
        self._mux(self._stream.encode(picture))

    def end(self) -> None:
        self._mux(self._stream.encode(None))

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts, self._usual)
            self._target.mux(packet)

    def _ticks(self, pts: int) -> int:
        return round((pts - self._first) * self._own / self._base)

    def _scaled(self, frame: Frame) -> av.VideoFrame:
        if (frame.width_px, frame.height_px) == self._shape:
            return frame.for_encoder(*self._size)
        pixels = letterboxed(frame.bgr(), self._size)
        return av.VideoFrame.from_ndarray(pixels, format="bgr24").reformat(format="yuv420p")


def _size(width_px: int, height_px: int) -> tuple[int, int]:
    """Return the size that frames are encoded in: both sides even, no more than `MOST_PX`."""
    scale = min(1.0, math.sqrt(MOST_PX / (width_px * height_px)))
    width, height = (max(2, int(side * scale) // 2 * 2) for side in (width_px, height_px))
    return width, height
