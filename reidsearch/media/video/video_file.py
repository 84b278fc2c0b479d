"""Whatever PyAV's FFmpeg reads, frame by frame; nothing it meets ends in a crash."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import av.logging

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.foreign_errors import exhausted
from reidsearch.base.reading import open_regular
from reidsearch.domain.footage import Stamps, VideoInfo
from reidsearch.media.video.decoding import Reader, memory_is_left
from reidsearch.media.video.demuxers import (
    kind_refused,
    not_by,
    open_container,
    require_frame_size,
    threads_for,
)
from reidsearch.media.video.extent import (
    appended_at,
    end_of_first,
    missing_bytes,
    unread_bytes,
)
from reidsearch.media.video.frames import (
    Damage,
    Frame,
    Item,
    Lacking,
    StillRule,
    frame_shown_at,
)
from reidsearch.media.video.hardware import is_by_hardware
from reidsearch.media.video.middle import from_first_key, from_first_whole, read_from_middle
from reidsearch.media.video.order import Order, Picture, is_jump
from reidsearch.media.video.read_ahead import depth_for, read_ahead
from reidsearch.media.video.sample_tables import require_few_samples
from reidsearch.media.video.stamps import stamps_of
from reidsearch.media.video.streams import (
    has_broken_index,
    has_no_clock,
    other_streams,
    still_picture,
    video_stream,
)
from reidsearch.media.video.verified import known_of, remember, state_of
from reidsearch.media.video.video_info import info_of

av.logging.set_level(None)  # FFmpeg writes to standard error by itself

# Their index holds every frame's duration, so time only goes on; fragments have own clocks.
STEADY = frozenset({"mov", "mp4", "avi"})
# After a seek their time stamps go on from whatever was read before it.
COUNTS_ON = frozenset({"dhav"})


class VideoFile(contextlib.AbstractContextManager["VideoFile"]):
    """A video file; see `Footage`.

    Args:
        decoder: the kind of device that decodes its pictures; None: software does.

    Raises:
        Refused: (missing, unreadable, not-a-file, empty, no-video, too-many-pixels) it holds no
            frame that may be decoded.
    """

    def __init__(self, path: Path, decoder: str | None = None) -> None:
        self._path = path
        self._decoder = decoder
        self._counted = False
        self._linear_avi = False
        self._demuxer: str | None = None
        self.lacking = Lacking()
        self._pace_s = Fraction(0)
        self._even: bool | None = None
        self._looks_up = True
        self.info = self._probe()

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between calls."""

    @property
    def seekable(self) -> bool:
        """See `Footage.seekable`."""
        return self._looks_up and self.info.container not in COUNTS_ON and self.even

    @property
    def even(self) -> bool:
        """See `Footage.even`; looked up once, by reading all packets where need be."""
        if self._even is None:
            known = known_of(self._path).get("even")
            self._even = not self._counted and (known is True or not self._jumps())
        return self._even

    def frame_at(self, media_s: Fraction) -> Frame:
        """The frame that is shown at a media time; see `Footage.frame_at`."""
        return frame_shown_at(self, media_s)

    def picture_at(self, pts: int) -> str | None:
        """See `Footage.picture_at`: it holds no files."""
        del pts
        return None

    def stamps(self) -> Stamps | None:
        """See `Footage.stamps`; what jumps or is counted is not what the packets say."""
        if not self.even:
            return None
        with self._open() as container:
            stream = video_stream(container)
            return stamps_of(Reader(container, stream).read(), self.info.codec)

    def frames(self, after: int | None = None, still: StillRule | None = None) -> Iterator[Item]:
        """Everything in order; see `Footage.frames`.

        A clock that jumps back by more than a second, wraps, or jumps a month ahead goes on one
        frame after the last: a `Jump` says so. A gap of more than two seconds is a `Jump` too.
        """
        if after is None:
            depth = depth_for(self.info.width_px, self.info.height_px)
            yield from read_ahead(self._read(None, still), depth)
        else:
            yield from (item for item in self.frames_from(after, still) if _end_pts(item) > after)

    def frames_from(
        self, pts: int, still: StillRule | None = None, *, once: bool = False
    ) -> Iterator[Item]:
        """What is shown at a pts and all that follows; see `Footage.frames_from`."""
        if self.seekable:
            found = read_from_middle(
                pts,
                self.info,
                lambda begins: self._read(begins, still),
                once=once or av.Codec(self.info.codec, "r").intra_only,
            )
            if found is not None:
                return found
        return self._read(None, still)

    def read_linearly(self) -> None:
        """Seek no more; see `Footage.read_linearly`."""
        self._looks_up = False

    def _jumps(self) -> bool:
        """Whether the time stamps jump, so that a seek would end up in another stretch."""
        last: int | None = None
        with self._open() as container:
            stream = video_stream(container)
            names = set(self.info.container.split(","))
            if end_of_first(self._path, self.info.container, 0) is not None:
                return True
            if stream.frames and STEADY & names:
                return False
            state = state_of(self._path)
            reader = Reader(container, stream)
            for packet in reader.read():
                stamp = None if isinstance(packet, Damage) else _stamp(packet)
                if stamp is None:
                    continue
                if last is not None and is_jump((stamp - last) * self.info.time_base):
                    return True
                last = stamp
            if appended_at(self._path, self.info.container, reader.end) is not None:
                return True
        remember(self._path, state, even=True)
        return False

    def _read(self, begins: int | None, still: StillRule | None) -> Generator[Item, None, None]:
        """Everything from the first whole picture that a seek to `begins` finds; None: from the
        start.
        """
        if self._counted:
            still = None  # groups are told apart by their time stamps
        order = Order(self.info, self._counted, from_start=begins is None, pace_s=self._pace_s)
        state = state_of(self._path)
        size_px = self.info.width_px, self.info.height_px
        start: int | None = 0
        while start is not None:
            with self._open(start) as container:
                stream = video_stream(container)
                stream.thread_type = "AUTO"
                stream.codec_context.thread_count = threads_for(*size_px)
                reader = Reader(
                    container,
                    stream,
                    start=start,
                    begun=begins is not None,
                    decoder=self._decoder,
                )
                packets = reader.read()
                if begins is not None:
                    try:
                        container.seek(begins, stream=stream, backward=True)
                    except av.error.FFmpegError:
                        return  # it cannot seek
                    packets = from_first_key(packets)
                decoded = reader.decoded(packets, still)
                if begins is not None:
                    decoded = from_first_whole(decoded, self.info.codec)
                order.begin(Fraction(stream.time_base))
                for item in decoded:
                    yield from order.put(item)
                indexed = stream.frames if begins is None else 0
            following = self._appended(reader.end)
            unread = self._unread(start, reader.end, following)
            missing = missing_bytes(self._path, self.info.container, start)
            start = following if unread == 0 else None
        cut_share = missing / self._path.stat().st_size if reader.packets != indexed else 0
        if cut_share and self.info.declared_s is None:
            self.lacking = replace(self.lacking, cut_off=True)
        if begins is None and order.even:
            remember(self._path, state, even=True)
        yield from order.ending(
            whole=not missing and (begins is not None or reader.packets >= indexed),
            cut_share=cut_share,
            unread_share=unread / max(1, reader.end),
        )

    def _appended(self, end: int) -> int | None:
        """Where another recording begins after byte `end`."""
        return appended_at(self._path, self.info.container, end) if end else None

    def _unread(self, start: int, end: int, following: int | None) -> int:
        """How many bytes nobody reads; `following` begins with a recording, or with something like
        one.
        """
        if not end:
            return 0
        if following is None:
            return unread_bytes(self._path, self.info.container, start, end)
        with contextlib.suppress(Refused), self._open(following) as container:
            if video_stream(container) is not None:
                return 0
        return self._path.stat().st_size - following

    def _open(self, start: int = 0, end: int | None = None) -> Any:
        os.close(open_regular(str(self._path)))
        if self._path.stat().st_size == 0:
            raise Refused(Reason.EMPTY, "the file is empty")
        if self._demuxer is None:
            require_few_samples(self._path)
        try:
            container = open_container(
                self._path,
                start,
                end,
                ignore_index=self._linear_avi,
                known=self._demuxer,
                decoder=self._decoder,
            )
        except MemoryError as error:
            if not memory_is_left():
                raise
            raise kind_refused(self._path, error) from error
        except (av.error.FFmpegError, OSError, ValueError) as error:
            if resource := exhausted(error, str(self._path)):
                raise resource from error
            raise kind_refused(self._path, error) from error
        if end is None and not start:
            self._demuxer = container.format.name
        another = end_of_first(self._path, container.format.name, start) if end is None else None
        linear = not self._linear_avi and has_broken_index(container, another)
        if another is None and not linear:
            return container
        container.close()
        self._linear_avi |= linear
        return self._open(start, another)

    def _probe(self) -> VideoInfo:
        with self._open() as container:
            stream = video_stream(container)
            if stream is None:
                raise Refused(Reason.NO_VIDEO, "it holds no video stream, only other data")
            if kind := still_picture(container):
                raise Refused(Reason.NO_VIDEO, f"it is a single picture ({kind}), not a video")
            if self._decoder and not is_by_hardware(stream.codec_context):
                raise not_by(self._decoder)
            require_frame_size(stream.codec_context.width, stream.codec_context.height)
            self._counted = has_no_clock(container)
            reader = Reader(container, stream, decoder=self._decoder)
            pictures = reader.decoded(reader.read(), None)
            first = next((item.picture for item in pictures if isinstance(item, Picture)), None)
            if first is None:
                raise Refused(Reason.NO_VIDEO, "no frame of it can be decoded")
            if first.pts is None:
                self._counted = True
            copies, others = other_streams(container, stream)
            head_s = 0.0 if self._counted else float(reader.head_s)
            self.lacking = Lacking(head_s, tuple(others))
            self._pace_s = reader.pace_s()
            return info_of(
                self._path,
                container,
                stream,
                first,
                counted=self._counted,
                linear=self._linear_avi,
                told=copies + others,
            )

    @property
    def clock_assumed(self) -> bool:
        """See `Footage.clock_assumed`."""
        return self._counted


def _stamp(packet: Any) -> int | None:
    return packet.pts if packet.dts is None else packet.dts  # type: ignore[no-any-return]


def _end_pts(item: Item) -> int:
    if isinstance(item, Frame):
        return item.pts
    return item.to_pts if item.to_pts is not None else 1 << 62
