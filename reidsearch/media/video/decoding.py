"""Packets to pictures, and in their place what could not be read or decoded."""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av.error

from reidsearch.base.locations import location_text
from reidsearch.media.video.frames import Damage, Skipped, StillRule
from reidsearch.media.video.hardware import laid_out
from reidsearch.media.video.order import Picture
from reidsearch.media.video.stamps import HIDDEN_PICTURES
from reidsearch.media.video.still import groups

_MANY_ERRORS = 50
"""After so many packets in a row that cannot be read, nothing more will come."""
_RESYNC_BYTES = 64 * 1024
"""So much of a transport stream is passed over in search of a packet before that is an error."""
# Their packets lie one after the other, in the order of their time.
_STREAMED = frozenset({"mpegts", "mpeg", "flv", "matroska", "webm", "dhav"})
HOLE_BYTES, HOLE_PACKETS = 128 * 1024, 30
"""More than this between two packets of the only video stream, in bytes and in packets of usual
size, is no sound: it held pictures that cannot be read."""
HOLE_S = 1
PACKET_BYTES = 256 * 1024 * 1024
"""More than any packet of footage."""
PACED_PACKETS = 12
LOST_S = Fraction(1, 2)
"""Pictures that vanish without an error are told when they are missing for longer than this."""


class Reader:
    """One pass over a container's stream of pictures.

    Attributes:
        end: the byte after the last packet that was read; 0: the container does not tell.
        packets: how many were read.
        first_pts: of the first packets, in the order of their time.
        head_s: seconds of the stream before the first picture, which could not be decoded.

    Args:
        start: of the container in its file, in bytes.
        begun: the reading begins in the middle: what is missing before its first picture says
            nothing.
        decoder: the kind of device that decodes its pictures; None: software does.
    """

    def __init__(
        self,
        container: Any,
        stream: Any,
        *,
        start: int = 0,
        begun: bool = False,
        decoder: str | None = None,
    ) -> None:
        self._container = container
        self._stream = stream
        self._start = start
        self._decoder = decoder
        self._silent = begun
        self._counts = stream.codec_context.name not in HIDDEN_PICTURES
        self._waiting: list[int] = []
        self._any = False
        names = set(container.format.name.split(","))
        self._streamed = bool(names & _STREAMED) and len(container.streams.video) == 1
        self._holes: list[tuple[int, int]] = []
        self._read_bytes = 0
        self.end = 0
        self.packets = 0
        self.first_pts: list[int] = []
        self.head_s = Fraction(0)

    def read(self) -> Iterator[Any]:
        """Packets until the end, or until nothing more can be read."""
        # One packet is held back, so that a hole after it is known when its picture comes: what was
        # lost may take the end of that packet along.
        held: Any = None
        for packet in self._demuxed():
            if held is not None:
                yield held
            held = packet
        if held is not None:
            yield held

    def _demuxed(self) -> Iterator[Any]:
        errors, most = 0, _MANY_ERRORS
        if self._container.format.name == "mpegts":
            most += self._container.size // _RESYNC_BYTES
        demuxed = self._container.demux(self._stream)
        while True:
            try:
                packet = next(demuxed, None)
            except av.error.ExitError:  # its time is up
                yield Damage(None, None, "the file cannot be read on: a packet took too long")
                return
            # IndexError: a stream out of nothing
            except (av.error.FFmpegError, IndexError) as error:
                if isinstance(error, MemoryError) and not memory_is_left():
                    raise  # no fault of the file
                errors += 1
                yield Damage(None, None, f"the file cannot be read here: {said(error)}")
                if errors >= most:
                    return
                demuxed = self._container.demux(self._stream)
                continue
            if packet is None:
                return
            errors = 0
            if packet.size:
                self._note_place(packet)
            yield packet

    def _note_place(self, packet: Any) -> None:
        if packet.pos is not None and packet.pos >= 0:
            at = self._start + packet.pos
            hole = at - self.end if self.packets and self._streamed else 0
            usual = self._read_bytes / max(1, self.packets)
            if hole > max(HOLE_BYTES, HOLE_PACKETS * usual) and packet.pts is not None:
                self._holes.append((packet.pts, hole))
            self.end = max(self.end, at + packet.size)
        if len(self.first_pts) < PACED_PACKETS and packet.pts is not None:
            bisect.insort(self.first_pts, packet.pts)
        self.packets += 1
        self._read_bytes += packet.size

    def pace_s(self) -> Fraction:
        """Return the usual time between the first pictures; 0 where there are too few."""
        for _ in zip(range(PACED_PACKETS), self._demuxed(), strict=False):
            pass
        between = sorted(b - a for a, b in pairwise(self.first_pts))
        return between[len(between) // 2] * self._stream.time_base if between else Fraction(0)

    def decoded(
        self, packets: Iterator[Any], still: StillRule | None
    ) -> Iterator[Picture | Damage | Skipped]:
        """Frames as they come out of the decoder, damage where it fails."""
        context = self._stream.codec_context
        if still is None:
            for packet in packets:
                if isinstance(packet, Damage):
                    yield packet
                else:
                    yield from self._decode(packet)
        else:
            for group in groups(packets, context, still, self._decoder):
                if isinstance(group, Damage):
                    yield group
                elif group.still is not None:
                    # What the decoder still holds belongs before; a fresh start follows.
                    yield from self._decode(None)
                    context.flush_buffers()
                    self._any = True
                    yield Picture(group.still)
                    yield Skipped(group.from_pts, group.to_pts)
                else:
                    for packet in group.packets:
                        yield from self._decode(packet)
            yield from self._decode(None)
        yield from self._lost_at_end()

    def _decode(self, packet: Any) -> Iterator[Picture | Damage]:
        if packet is not None and packet.pts is not None:
            if not packet.size:
                return  # the picture before it is shown on
            if not packet.is_discard:  # cut away by an edit list, which needs it decoded
                heapq.heappush(self._waiting, packet.pts)
        try:
            frames = self._stream.codec_context.decode(packet)
        except av.error.EOFError:
            return
        except MemoryError:
            raise  # no fault of the file: it is not finished
        except (av.error.FFmpegError, ValueError) as error:
            yield Damage(None, None, f"a packet cannot be decoded: {said(error)}")
            return
        for frame in frames:
            yield from self._lost_before(frame)
            if frame.is_corrupt:
                yield Damage(None, None, "decoded with errors")
            yield Picture(laid_out(frame))

    def _lost_before(self, frame: av.VideoFrame) -> Iterator[Damage]:
        """What the decoder swallowed: pictures come in the order of their time."""
        if frame.pts is None:
            return
        lost: list[int] = []
        while self._waiting and self._waiting[0] <= frame.pts:
            pts = heapq.heappop(self._waiting)
            if pts < frame.pts:
                lost.append(pts)
        if not lost and not self._holes:
            self._any = True
            return
        missing_s = (frame.pts - lost[0]) * self._stream.time_base if lost else Fraction(0)
        told = self._counts and len(lost) > 1 and missing_s > LOST_S
        if told and not self._any:
            self.head_s = missing_s
        soon = frame.pts + round(HOLE_S / self._stream.time_base)
        holes = [size for pts, size in self._holes if pts <= soon]
        if not (self._silent and not self._any):
            if holes:
                yield Damage(None, None, f"{sum(holes):,} bytes of the file cannot be read")
            if told:
                yield Damage(None, None, f"{len(lost)} pictures cannot be decoded")
        self._holes = self._holes[len(holes) :]
        self._any = True

    def _lost_at_end(self) -> Iterator[Damage]:
        lost = self._waiting
        if not (self._counts and self._any and len(lost) > 1):
            return
        last = max(lost)
        if (last - min(lost)) * self._stream.time_base > LOST_S:
            yield Damage(None, last, f"the last {len(lost)} pictures cannot be decoded")


def memory_is_left() -> bool:
    """Whether there is more memory than any packet takes.

    Then it was a size declared by a flawed file that FFmpeg found no memory for.
    """
    try:
        bytearray(PACKET_BYTES)
    except MemoryError:
        return False
    return True


def said(error: Exception) -> str:
    """Return what FFmpeg or the system says, in one line."""
    text = getattr(error, "strerror", None) or str(error)
    return location_text(text.splitlines()[0] if text else type(error).__name__)
