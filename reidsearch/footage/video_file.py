"""Whatever PyAV's FFmpeg reads, frame by frame; nothing it meets ends in a crash."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import av.error
import av.logging

from reidsearch.errors import Reason, Refused
from reidsearch.footage.files import location_text, open_regular
from reidsearch.footage.still import StillRule, groups
from reidsearch.footage.video import Damage, Frame, Item, Jump, Skipped, frame_shown_at
from reidsearch.sightings import VideoInfo

av.logging.set_level(None)  # FFmpeg writes to standard error by itself

# FFmpeg draws text files as pictures of text, and follows playlists to other files: neither is
# footage whose bytes tell what was seen.
TEXT = frozenset({"tty", "bin", "xbin", "adf", "idf"})
PLAYLISTS = frozenset({"hls", "dash", "concat", "imf"})
# Elementary streams carry no time stamps that could be trusted; FFmpeg makes some up.
RAW = frozenset({"h264", "hevc", "m4v", "mpegvideo", "obu", "h263", "cavsvideo", "vc1"})
BACK_A_LITTLE_S = 1  # re-ordered or doubled frames, not a jump of the clock
GAP_S = 2
ENDS_EARLY_S = 2
# A decoder that starts at a key frame may not rebuild the frames just before it, and some
# containers seek past what was asked for: so it starts earlier than needed, and earlier still.
SEEK_BACK_S = (1, 5, 20, None)
_MANY_ERRORS = 50  # after so many packets in a row that cannot be read, nothing more will come


class VideoFile:
    """A video file; see `Footage`.

    Raises:
        Refused: (missing, unreadable, not-a-file, empty, no-video) it holds no frame.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counted = False
        self.info = self._probe()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Nothing stays open between calls."""

    def frame_at(self, media_s: Fraction) -> Frame:
        """The frame that is shown at a media time; see `Footage.frame_at`."""
        return frame_shown_at(self, media_s)

    def frames(self, after: int | None = None, still: StillRule | None = None) -> Iterator[Item]:
        """Everything in order; see `Footage.frames`.

        A clock that jumps back by more than a second, or wraps, goes on one frame after the last:
        a `Jump` says so. A gap of more than two seconds is a `Jump` too.
        """
        if self._counted:
            still = None  # groups are told apart by their time stamps
        for back_s in SEEK_BACK_S if after is not None and not self._counted else (None,):
            begins = None if back_s is None or after is None else self._pts_before(after, back_s)
            items = self._read(begins, still)
            first = next(items, None)
            late = begins is not None and isinstance(first, Frame) and first.pts > (after or 0)
            if not late:
                break
            items.close()  # some containers seek too far
        if first is not None:
            yield from (
                item for item in chain((first,), items) if after is None or _end_pts(item) > after
            )

    def _pts_before(self, pts: int, back_s: int) -> int | None:
        """So much earlier; None where that is the start."""
        before = pts - int(back_s / self.info.time_base)
        return before if before > self.info.first_pts else None

    def _read(self, begins: int | None, still: StillRule | None) -> Generator[Item, None, None]:
        """Everything from a key frame at or before `begins` on, None: from the start."""
        with self._open() as container:
            stream = _video_stream(container)
            assert stream is not None
            stream.thread_type = "AUTO"
            if begins is not None:
                # Where a container cannot seek, reading from the start gives the same.
                with contextlib.suppress(av.error.FFmpegError):
                    container.seek(begins, stream=stream, backward=True)
            order = _Order(self.info, self._counted)
            for item in _decoded(container, stream, still):
                yield from order.put(item)
            yield from order.ending()

    def _open(self) -> Any:
        import os

        os.close(open_regular(str(self._path)))
        if self._path.stat().st_size == 0:
            raise Refused(Reason.EMPTY, "the file is empty")
        try:
            return av.open(
                str(self._path), metadata_errors="replace", options={"protocol_whitelist": "file"}
            )
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise Refused(
                Reason.NO_VIDEO, f"it cannot be read as a video: {_said(error)}"
            ) from error

    def _probe(self) -> VideoInfo:
        with self._open() as container:
            stream = _video_stream(container)
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
                    for item in _decoded(container, stream, None)
                    if isinstance(item, _Picture)
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
        turns = _turns(first)
        sides = first.width, first.height
        width_px, height_px = sides[::-1] if turns % 2 else sides
        time_base, first_pts = stream.time_base, first.pts
        notes = _notes(first)
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
        return VideoInfo(
            kind="video",
            container=container.format.name,
            codec=stream.codec_context.name,
            pixel_format=first.format.name,
            width_px=width_px,
            height_px=height_px,
            rotation=-90 * turns % 360,
            time_base=Fraction(time_base),
            first_pts=first_pts or 0,
            declared_fps=declared_fps,
            declared_s=declared_s,
            created=_created(container, stream),
            notes=tuple(notes),
        )


@dataclass(frozen=True, slots=True)
class _Picture:
    picture: av.VideoFrame


def _decoded(
    container: Any, stream: Any, still: StillRule | None
) -> Iterator[_Picture | Damage | Skipped]:
    """Frames as they come out of the decoder, damage where it fails."""
    context = stream.codec_context
    packets = _packets(container, stream)
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
            yield _Picture(group.still)
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


def _decode(context: Any, packet: Any) -> Iterator[_Picture | Damage]:
    try:
        frames = context.decode(packet)
    except av.error.EOFError:
        return
    except (av.error.FFmpegError, ValueError) as error:
        at = packet.pts if packet is not None else None
        yield Damage(at, None, f"a packet cannot be decoded: {_said(error)}")
        return
    for frame in frames:
        yield _Picture(frame)
        if frame.is_corrupt:
            yield Damage(frame.pts, frame.pts, "decoded with errors")


class _Order:
    """Makes pts strictly increase, and tells of gaps, jumps and an early end.

    Args:
        counted: time stamps are not to be trusted; frames are counted.
    """

    def __init__(self, info: VideoInfo, counted: bool) -> None:
        self._info = info
        self._counted = counted
        self._last: int | None = None
        self._shift = 0
        self._next = 0
        self._damage: Damage | None = None
        self._tick = max(1, round(Fraction(1, 25) / info.time_base))
        if info.declared_fps:
            self._tick = max(1, round(1 / (Fraction(info.declared_fps) * info.time_base)))

    def put(self, item: _Picture | Damage | Skipped) -> Iterator[Item]:
        if isinstance(item, Damage):
            if item.to_pts is not None:
                yield Damage(self._last, self._last, item.detail)
            elif self._damage is None:
                self._damage = Damage(self._last, None, item.detail)
            return
        if isinstance(item, Skipped):
            yield Skipped(item.from_pts + self._shift, item.to_pts + self._shift)
            self._last = item.to_pts + self._shift - self._tick  # no gap follows
            return
        pts, jump = self._pts(item.picture)
        if self._damage is not None:
            yield Damage(self._damage.from_pts, pts, self._damage.detail)
            self._damage = None
        elif jump is not None:
            yield jump
        self._last = pts
        yield Frame(item.picture, pts, _turns(item.picture))

    def _pts(self, picture: av.VideoFrame) -> tuple[int, Jump | None]:
        if self._counted:
            self._next += 1
            return self._next - 1, None
        base = self._info.time_base
        if picture.pts is None:
            return (self._info.first_pts if self._last is None else self._last + self._tick), None
        pts = picture.pts + self._shift
        if self._last is None:
            return pts, None
        if pts <= self._last:
            back_s = (self._last - pts) * base
            if back_s <= BACK_A_LITTLE_S:
                return self._last + 1, None
            self._shift += self._last + self._tick - pts
            pts = self._last + self._tick
            text = f"the recording's clock jumps back by {float(back_s):.1f} s"
            return pts, Jump(self._last, pts, text)
        gap_s = (pts - self._last) * base
        if gap_s > max(Fraction(GAP_S), 10 * self._tick * base):
            return pts, Jump(self._last, pts, f"no frames for {float(gap_s):.1f} s")
        return pts, None

    def ending(self) -> Iterator[Item]:
        """What is known to be missing at the end."""
        info = self._info
        end = None
        if info.declared_s is not None:
            end = info.first_pts + int(Fraction(info.declared_s) / info.time_base)
        if self._damage is not None:
            to_pts = end if end is not None and end > (self._last or 0) else None
            yield Damage(self._damage.from_pts, to_pts, self._damage.detail)
        elif end is not None and self._last is not None and not self._counted:
            missing_s = float((end - self._last) * info.time_base)
            if missing_s > max(ENDS_EARLY_S, 20 * float(self._tick * info.time_base)):
                text = f"the file ends {missing_s:.1f} s before its declared end"
                yield Damage(self._last, end, text)


def _end_pts(item: Item) -> int:
    if isinstance(item, Frame):
        return item.pts
    return item.to_pts if item.to_pts is not None else 1 << 62


def _video_stream(container: Any) -> Any:
    """The first stream of moving pictures; cover art is none."""
    for stream in container.streams.video:
        # A damaged header may name a codec that does not exist.
        if stream.codec_context is not None and not (
            stream.disposition & av.stream.Disposition.attached_pic
        ):
            return stream
    return None


def _turns(picture: av.VideoFrame) -> int:
    return round((picture.rotation or 0) / 90) % 4


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
