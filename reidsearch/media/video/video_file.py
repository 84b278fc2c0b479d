"""Whatever PyAV's FFmpeg reads, frame by frame; nothing it meets ends in a crash."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import av.logging

from reidsearch.base.errors import Reason, Refused
from reidsearch.domain.footage import VideoInfo
from reidsearch.media.files.paths import location_text, open_regular
from reidsearch.media.video.frames import Damage, Frame, Item, Skipped, StillRule, frame_shown_at
from reidsearch.media.video.middle import from_first_key, from_first_whole, read_from_middle
from reidsearch.media.video.order import Order, Picture, is_jump
from reidsearch.media.video.orientation import orientation_of
from reidsearch.media.video.still import groups
from reidsearch.media.video.verified import known_of, remember, state_of

av.logging.set_level(None)  # FFmpeg writes to standard error by itself

# FFmpeg draws text files as pictures of text, and follows playlists to other files: neither is
# footage whose bytes tell what was seen.
TEXT = frozenset({"tty", "bin", "xbin", "adf", "idf"})
PLAYLISTS = frozenset({"hls", "dash", "concat", "imf"})
# Elementary streams carry no time stamps that could be trusted; FFmpeg makes some up.
RAW = frozenset({"h264", "hevc", "m4v", "mpegvideo", "obu", "h263", "cavsvideo", "vc1"})
# Their index holds every frame's duration, so time only goes on; fragments have own clocks.
STEADY = frozenset({"mov", "mp4", "avi"})
_MANY_ERRORS = 50  # after so many packets in a row that cannot be read, nothing more will come


class VideoFile(contextlib.AbstractContextManager["VideoFile"]):
    """A video file; see `Footage`.

    Raises:
        Refused: (missing, unreadable, not-a-file, empty, no-video) it holds no frame.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counted = False
        self._seekable: bool | None = None
        self.info = self._probe()

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between calls."""

    @property
    def seekable(self) -> bool:
        """See `Footage.seekable`; looked up once, by reading all packets where need be."""
        if self._seekable is None:
            known = known_of(self._path).get("even")
            self._seekable = not self._counted and (known is True or not self._jumps())
        return self._seekable

    def frame_at(self, media_s: Fraction) -> Frame:
        """The frame that is shown at a media time; see `Footage.frame_at`."""
        return frame_shown_at(self, media_s)

    def frames(self, after: int | None = None, still: StillRule | None = None) -> Iterator[Item]:
        """Everything in order; see `Footage.frames`.

        A clock that jumps back by more than a second, wraps, or jumps a month ahead goes on one
        frame after the last: a `Jump` says so. A gap of more than two seconds is a `Jump` too.
        """
        items = self._read(None, still) if after is None else self.frames_from(after, still)
        yield from (item for item in items if after is None or _end_pts(item) > after)

    def frames_from(self, pts: int, still: StillRule | None = None) -> Iterator[Item]:
        """What is shown at a pts and all that follows; see `Footage.frames_from`."""
        if self.seekable:
            found = read_from_middle(
                pts,
                self.info,
                lambda begins: self._read(begins, still),
                intra_only=av.Codec(self.info.codec, "r").intra_only,
            )
            if found is not None:
                return found
        return self._read(None, still)

    def read_linearly(self) -> None:
        """Seek no more; see `Footage.read_linearly`."""
        self._seekable = False

    def _jumps(self) -> bool:
        """Whether the time stamps jump, so that a seek would end up in another stretch."""
        last: int | None = None
        with self._open() as container:
            stream = video_stream(container)
            if stream.frames and STEADY.intersection(self.info.container.split(",")):
                return False
            state = state_of(self._path)
            for packet in _packets(container, stream):
                stamp = None if isinstance(packet, Damage) else _stamp(packet)
                if stamp is None:
                    continue
                if last is not None and is_jump((stamp - last) * self.info.time_base):
                    return True
                last = stamp
        remember(self._path, state, even=True)
        return False

    def _read(self, begins: int | None, still: StillRule | None) -> Generator[Item, None, None]:
        """Everything from the first whole picture that a seek to `begins` finds; None: from the
        start.
        """
        if self._counted:
            still = None  # groups are told apart by their time stamps
        with self._open() as container:
            stream = video_stream(container)
            assert stream is not None
            stream.thread_type = "AUTO"
            packets = _packets(container, stream)
            if begins is not None:
                try:
                    container.seek(begins, stream=stream, backward=True)
                except av.error.FFmpegError:
                    return  # it cannot seek
                packets = from_first_key(_packets(container, stream))
            decoded = _decoded(packets, stream.codec_context, still)
            if begins is not None:
                decoded = from_first_whole(decoded, self.info.codec)
            order = Order(self.info, self._counted, from_start=begins is None)
            state = state_of(self._path)
            for item in decoded:
                yield from order.put(item)
            if begins is None and order.even:
                remember(self._path, state, even=True)
            yield from order.ending()

    def _open(self) -> Any:
        os.close(open_regular(str(self._path)))
        if self._path.stat().st_size == 0:
            raise Refused(Reason.EMPTY, "the file is empty")
        try:
            return open_container(self._path)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise Refused(
                Reason.NO_VIDEO, f"it cannot be read as a video: {_said(error)}"
            ) from error

    def _probe(self) -> VideoInfo:
        with self._open() as container:
            stream = video_stream(container)
            name = container.format.name
            if name in PLAYLISTS:
                raise Refused(Reason.NO_VIDEO, "it is a playlist", "index the files that it lists")
            if stream is None or name in TEXT:
                raise Refused(Reason.NO_VIDEO, "it holds no video stream, only other data")
            if name.endswith("_pipe") or name == "image2":
                raise Refused(Reason.NO_VIDEO, "it is a single picture, not a video")
            self._counted = name in RAW
            first = next(
                (
                    item.picture
                    for item in _decoded(_packets(container, stream), stream.codec_context, None)
                    if isinstance(item, Picture)
                ),
                None,
            )
            if first is None:
                raise Refused(Reason.NO_VIDEO, "no frame of it can be decoded")
            if first.pts is None:
                self._counted = True
            return self._info(container, stream, first)

    def _info(self, container: Any, stream: Any, first: av.VideoFrame) -> VideoInfo:
        rate = stream.average_rate or stream.guessed_rate or stream.base_rate
        declared_fps = float(rate) if rate else None
        lies = orientation_of(first)
        width_px, height_px = lies.size(first.width, first.height)
        time_base, first_pts = stream.time_base, first.pts
        notes = _notes(first)
        if lies.mirrored:
            notes.append("its display matrix mirrors the pictures, and so were they analysed")
        if self._counted:
            counted = Fraction(rate) if rate else Fraction(25)
            time_base, first_pts = 1 / counted, 0
            notes.append(
                "the stream has no time stamps: media time counts frames at "
                f"{float(counted):g} a second"
            )
        declared_s = None
        if stream.duration is not None and not self._counted:
            declared_s = float(stream.duration * stream.time_base)
        elif container.duration is not None and not self._counted:
            declared_s = container.duration / av.time_base
            if "matroska" in container.format.name:  # it counts from zero, not from the first frame
                declared_s -= max(0.0, (container.start_time or 0) / av.time_base)
        return VideoInfo(
            kind="video",
            container=container.format.name,
            codec=stream.codec_context.name,
            pixel_format=first.format.name,
            width_px=width_px,
            height_px=height_px,
            rotation=lies.rotation,
            time_base=Fraction(time_base),
            first_pts=first_pts or 0,
            declared_fps=declared_fps,
            declared_s=declared_s,
            created=_created(container, stream),
            notes=tuple(notes),
        )


def open_container(path: Path) -> Any:
    """FFmpeg's view of a file, which is never taken for anything else.

    Raises:
        av.error.FFmpegError, OSError, ValueError: it cannot be read.
    """
    # Absolute: FFmpeg takes what stands before a colon for a protocol.
    return av.open(
        os.path.abspath(path),  # noqa: PTH100 - no resolve
        metadata_errors="replace",
        options={"protocol_whitelist": "file"},
    )


def _decoded(
    packets: Iterator[Any], context: Any, still: StillRule | None
) -> Iterator[Picture | Damage | Skipped]:
    """Frames as they come out of the decoder, damage where it fails."""
    if still is None:
        for packet in packets:
            if isinstance(packet, Damage):
                yield packet
            else:
                yield from _decode(context, packet)
        return
    for group in groups(packets, context, still):
        if isinstance(group, Damage):
            yield group
        elif group.still is not None:
            # What the decoder still holds belongs before; a fresh start follows.
            yield from _decode(context, None)
            context.flush_buffers()
            yield Picture(group.still)
            yield Skipped(group.from_pts, group.to_pts)
        else:
            for packet in group.packets:
                yield from _decode(context, packet)
    yield from _decode(context, None)


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """Packets until the end, or until nothing more can be read."""
    errors = 0
    demuxed = container.demux(stream)
    while True:
        try:
            packet = next(demuxed, None)
        except (av.error.FFmpegError, IndexError) as error:  # IndexError: a stream out of nothing
            errors += 1
            yield Damage(None, None, f"the file cannot be read here: {_said(error)}")
            if errors >= _MANY_ERRORS:
                return
            demuxed = container.demux(stream)
            continue
        if packet is None:
            return
        errors = 0
        yield packet


def _decode(context: Any, packet: Any) -> Iterator[Picture | Damage]:
    try:
        frames = context.decode(packet)
    except av.error.EOFError:
        return
    except (av.error.FFmpegError, ValueError) as error:
        at = packet.pts if packet is not None else None
        yield Damage(at, None, f"a packet cannot be decoded: {_said(error)}")
        return
    for frame in frames:
        yield Picture(frame)
        if frame.is_corrupt:
            yield Damage(frame.pts, frame.pts, "decoded with errors")


def _stamp(packet: Any) -> int | None:
    return packet.pts if packet.dts is None else packet.dts  # type: ignore[no-any-return]


def _end_pts(item: Item) -> int:
    if isinstance(item, Frame):
        return item.pts
    return item.to_pts if item.to_pts is not None else 1 << 62


def video_stream(container: Any) -> Any:
    """The first stream of moving pictures; cover art is none."""
    for stream in container.streams.video:
        # A damaged header may name a codec that does not exist.
        if stream.codec_context is not None and not (
            stream.disposition & av.stream.Disposition.attached_pic
        ):
            return stream
    return None


def _notes(picture: av.VideoFrame) -> list[str]:
    notes = []
    if picture.interlaced_frame:
        notes.append("interlaced: fields are not separated, moving edges look combed")
    components = picture.format.components
    if components and components[0].bits > 8:
        notes.append(
            f"{components[0].bits} bits a colour: reduced to 8 without tone mapping, so colours of "
            "a high dynamic range recording look pale"
        )
    return notes


def _created(container: Any, stream: Any) -> dt.datetime | None:
    text = stream.metadata.get("creation_time") or container.metadata.get("creation_time")
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None or moment.year <= 1970:  # QuickTime's zero is 1904
        return None
    return moment.astimezone(dt.UTC)


def _said(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return location_text(text.splitlines()[0] if text else type(error).__name__)
