"""Still groups of pictures: scenes in which nothing moves need not even be decoded.

A compressed video is a row of groups: a key frame, then pictures that hold only what changed. Where
the key frames at both ends of a group look alike and everything between them is tiny, nothing has
come, gone or moved: the rest of the group is left out. The decision for a group depends on its
packets and the two key frames alone, so that going on in the middle decides alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
import av.error
import cv2
import numpy as np
from numpy.typing import NDArray

from reidsearch.media.video.frames import Damage, StillRule
from reidsearch.media.video.hardware import acceleration, laid_out
from reidsearch.media.video.pixels import pixels

GREY_PX = (96, 54)
LONGEST_BYTES = 32 * 1024 * 1024
LONGEST_PACKETS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Packets from a key frame up to the next.

    Args:
        still: the decoded key frame when the rest can be left out, else None.
        from_pts, to_pts: of this key frame and the next.
    """

    packets: list[Any]
    still: av.VideoFrame | None = None
    from_pts: int = 0
    to_pts: int = 0


def groups(
    packets: Iterator[Any], context: Any, rule: StillRule, decoder: str | None = None
) -> Iterator[Group | Damage]:
    """Cut a stream of packets into groups, and decide for each."""
    keys = KeyDecoder(context, decoder)
    held: list[Any] = []
    held_bytes = 0
    for packet in packets:
        if isinstance(packet, Damage):
            if held:
                yield Group(held)
                held, held_bytes = [], 0
            yield packet
        elif packet.size == 0:
            continue  # the flush at the end
        elif packet.is_keyframe and held:
            yield _decided(held, packet, keys, rule)
            held, held_bytes = [packet], packet.size
        else:
            held.append(packet)
            held_bytes += packet.size
            if len(held) > LONGEST_PACKETS or held_bytes > LONGEST_BYTES:
                yield Group(held)
                held, held_bytes = [], 0
    if held:
        yield Group(held)


def _decided(held: list[Any], following: Any, keys: KeyDecoder, rule: StillRule) -> Group:
    key, rest = held[0], held[1:]
    if not rest or not key.is_keyframe or key.pts is None or following.pts is None:
        return Group(held)
    if any(one.pts is None or one.pts < key.pts or one.pts > following.pts for one in rest):
        return Group(held)  # pictures that refer across groups, or a clock that jumps
    sizes = np.array([one.size for one in rest])
    limit = min(rule.largest_share * key.size, rule.outlier * float(np.median(sizes)))
    area_px = key.stream.codec_context.width * key.stream.codec_context.height
    if sizes.max() > limit + area_px / rule.slack_area_px:
        return Group(held)
    here, there = keys.decode(key), keys.decode(following)
    if here is None or there is None or here.pts != key.pts:
        return Group(held)
    before, after = _grey(here), _grey(there)
    if before.shape != after.shape:
        return Group(held)
    difference = after - before
    if float(np.abs(difference - np.median(difference)).max()) > rule.levels:
        return Group(held)
    return Group(held, here, key.pts, following.pts)


def _grey(picture: av.VideoFrame) -> NDArray[np.float32]:
    grey = pixels(picture, "gray")
    small: NDArray[np.float32] = cv2.resize(grey, GREY_PX, interpolation=cv2.INTER_AREA).astype(
        np.float32
    )
    return small


class KeyDecoder:
    """Decodes single key frames beside the stream's own decoder."""

    def __init__(self, context: Any, decoder: str | None = None) -> None:
        self._context = av.CodecContext.create(
            context.codec.name, "r", hwaccel=acceleration(decoder)
        )
        self._context.extradata = context.extradata
        # Slices of one picture are decoded side by side; threads for frames would hold it back.
        self._context.thread_type = "SLICE"
        self._last: tuple[int, av.VideoFrame] | None = None

    def decode(self, packet: Any) -> av.VideoFrame | None:
        """Return the picture of a packet that needs no other; None: it gives none, or several."""
        if self._last is not None and self._last[0] == packet.pts:
            return self._last[1]
        try:
            frames = [*self._context.decode(packet), *self._context.decode(None)]
        except MemoryError:
            raise
        except av.error.FFmpegError:
            frames = []
        self._context.flush_buffers()
        if len(frames) != 1:
            return None
        picture: av.VideoFrame = laid_out(frames[0])
        self._last = packet.pts, picture
        return picture
