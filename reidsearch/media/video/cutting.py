"""A stretch of footage as a file of its own, encoded anew with the footage's own times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias, cast

import av
import av.error
import cv2
import numpy as np

from reidsearch.base.errors import InputError, Kind
from reidsearch.domain.crops import Pixels
from reidsearch.domain.tracklets import Trace
from reidsearch.media.video.frames import Footage, Frame
from reidsearch.media.video.redacting import Redactor
from reidsearch.media.video.views import Differs, View, require_shown
from reidsearch.media.video.written import (
    Clip,
    Seen,
    coarse_of,
    container_of,
    replacing,
    require_readable,
    said,
    writing,
)

ENCODERS = ("libx264", "libopenh264", "mpeg4")  # the first that this build of FFmpeg has
# What a container counts time in; others take the footage's own time base.
TICKS = {"matroska": Fraction(1, 1000), "mpegts": Fraction(1, 90_000)}
FINEST = Fraction(1, 1_000_000)
FINEST_MPEG4 = Fraction(1, 65_535)  # MPEG-4 part 2 has 16 bits for it
BOX_BGR = (0, 220, 255)
Below: TypeAlias = Callable[[Pixels, Fraction], Pixels]
"""Makes a frame higher by a margin, the same height for all frames of a width."""

NEAR_S = 1.0
"""Between two detections a box is drawn on frames this close to one of them. Before the first and
after the last, only for the usual time between two: then the person is mostly out of the picture.
"""


def cut(
    footage: Footage,
    from_pts: int,
    to_pts: int,
    out: Path,
    *,
    trace: Trace | None = None,
    redact: Redactor | None = None,
    below: Below | None = None,
    views: Sequence[View] = (),
    note: str = "",
) -> Clip:
    """Encode the frames of a stretch anew, with their own times.

    Args:
        trace: the person to draw a box around; between detections the box is interpolated.
        redact: pixelates people; before a box is drawn.
        below: gives a frame a margin below its picture, by the frame's media time.
        views: stored crops of frames in the stretch, which have to show them.
        note: kept in the file as its comment.

    Raises:
        StorageError: the file cannot be written.
        Differs: the footage does not show a stored crop.
        ClipError: what was written cannot be read back.
        InputError: there is no frame in the stretch, no encoder, or no container of this ending.
    """
    encoder = _Encoder(footage, container_of(out), _drawer(footage, trace, redact), below)
    unseen = {view.pts: view for view in views}
    with replacing(out) as partial:
        with writing(partial, out, note) as target:
            try:
                for item in footage.frames_from(from_pts):
                    if not isinstance(item, Frame) or item.pts < from_pts:
                        continue
                    if item.pts > to_pts:
                        break
                    view = unseen.pop(item.pts, None)
                    if view is not None:
                        require_shown(item.bgr(), view)
                    encoder.put(target, item)
                clip = encoder.end(target)
            except (av.error.FFmpegError, ValueError) as error:
                raise InputError(
                    f"{out} cannot be encoded: {said(error)}", kind=Kind.CLIP_NOT_ENCODED
                ) from error
        if clip is None:
            base = footage.info.time_base
            raise InputError(f"there is no frame in {float((to_pts - from_pts) * base):.1f} s")
        if unseen:
            raise Differs("the frame of a stored crop cannot be found in the footage")
        require_readable(partial, out, encoder.seen)
    return clip


class _Encoder:
    """Takes frames and gives them to a container, each at its own time after the first."""

    def __init__(
        self,
        footage: Footage,
        container: str,
        draw: Callable[[Frame], Pixels],
        below: Below | None,
    ) -> None:
        name = next((each for each in ENCODERS if each in av.codecs_available), None)
        if name is None:
            raise InputError(
                "this build of FFmpeg has no video encoder", kind=Kind.NO_VIDEO_ENCODER
            )
        self._name = name
        self._info = footage.info
        self._draw, self._below = draw, below
        self._size: tuple[int, int] | None = None
        finest = FINEST_MPEG4 if name == "mpeg4" else FINEST
        own = footage.info.time_base
        self._base = TICKS.get(container, own if own.denominator <= 1 / finest else finest)
        if name == "mpeg4" and self._base < finest:
            self._base = finest
        self._stream: av.VideoStream | None = None
        self._first: int | None = None
        self._last: tuple[int, Pixels] | None = None
        self._ticks = -1
        self.seen: list[Seen] = []

    def put(self, target: av.container.OutputContainer, frame: Frame) -> None:
        pixels = self._draw(frame)
        if self._size is None:
            self._size = pixels.shape[1], pixels.shape[0]
        elif self._size != (pixels.shape[1], pixels.shape[0]):
            pixels = letterboxed(pixels, self._size)
        if self._below is not None:
            pixels = self._below(pixels, self._info.media_s(frame.pts))
        pixels = _even(pixels)
        if self._stream is None or self._first is None:
            self._stream, self._first = self._begin(target, pixels), frame.pts
            self.seen.append(Seen(Fraction(0), coarse_of(pixels)))
        picture = av.VideoFrame.from_ndarray(pixels, format="bgr24")
        # Frames closer to each other than the container can tell keep their order.
        after = round((frame.pts - self._first) * self._info.time_base / self._base)
        self._ticks = picture.pts = max(after, self._ticks + 1)
        picture.time_base = self._base
        target.mux(self._stream.encode(picture))
        self._last = frame.pts, pixels

    def end(self, target: av.container.OutputContainer) -> Clip | None:
        """Write what the encoder still holds. None: no frame came."""
        if self._stream is None or self._first is None or self._last is None:
            return None
        target.mux(self._stream.encode())
        last_pts, pixels = self._last
        self.seen.append(Seen(self._ticks * self._base, coarse_of(pixels)))
        return Clip(self._first, last_pts)

    def _begin(self, target: av.container.OutputContainer, pixels: Pixels) -> av.VideoStream:
        fps = self._info.declared_fps
        rate = Fraction(fps).limit_denominator(1001) if fps and 1 <= fps <= 240 else Fraction(25)
        stream = cast("av.VideoStream", target.add_stream(self._name, rate=rate))
        stream.height, stream.width = pixels.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = stream.time_base = self._base
        # Without pictures that are told out of order, a clip begins at zero in every container.
        stream.codec_context.max_b_frames = 0
        if self._name == "libx264":
            stream.options = {"crf": "20", "preset": "veryfast"}
        else:
            stream.bit_rate = 8_000_000
        return stream


def letterboxed(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """A picture at its aspect in a frame of another size, after the footage changed its own."""
    scale = min(size[0] / pixels.shape[1], size[1] / pixels.shape[0])
    width, height = (max(1, round(side * scale)) for side in pixels.shape[1::-1])
    framed = np.zeros((size[1], size[0], 3), np.uint8)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    framed[top : top + height, left : left + width] = cv2.resize(pixels, (width, height))
    return framed


def _even(pixels: Pixels) -> Pixels:
    """Encoders with halved colour take even sizes only."""
    height_px, width_px = pixels.shape[:2]
    return np.ascontiguousarray(pixels[: height_px // 2 * 2, : width_px // 2 * 2])


def _drawer(
    footage: Footage, trace: Trace | None, redact: Redactor | None
) -> Callable[[Frame], Pixels]:
    def shown(frame: Frame) -> Pixels:
        return frame.bgr() if redact is None else redact(frame.bgr(), frame.pts)

    if trace is None:
        return shown
    times = np.array([float(footage.info.media_s(int(pts))) for pts in trace.pts])
    usual_s = min(float(np.median(np.diff(times))), NEAR_S) if len(times) > 1 else 0.0

    def draw(frame: Frame) -> Pixels:
        pixels = shown(frame).copy()
        at = float(footage.info.media_s(frame.pts))
        near_s = NEAR_S if times[0] < at < times[-1] else usual_s
        if np.abs(times - at).min() <= near_s + 1e-6:
            box = [float(np.interp(at, times, trace.xyxy[:, side])) for side in range(4)]
            x1, y1, x2, y2 = (round(value) for value in box)
            thickness = max(2, pixels.shape[0] // 270)
            cv2.rectangle(pixels, (x1, y1), (x2, y2), BOX_BGR, thickness)
        return pixels

    return draw
