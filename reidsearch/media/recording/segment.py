"""One segment while it is written: a Matroska file of copied packets, under a name of its own.

Matroska, because what a killed process or a full disk leaves of it can be read to its last cluster.
"""

from __future__ import annotations

import contextlib
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error

from reidsearch.base.atomic import sync
from reidsearch.media.recording.names import (
    PARTIAL,
    partial_path,
    segment_path,
    stamp_of,
    start_of_partial,
)

_OPTIONS = {"cluster_time_limit": "2000"}  # milliseconds: what a kill costs at most


class Unwritable(Exception):
    """A packet that a segment cannot take: its times go back."""


class Segment:
    """A segment that is open.

    Args:
        stream: PyAV's, which the file's is made like.
        first: its first packet, a key frame with a time stamp.
        time_base: of the packets.
        start_us: when it begins, as far as is known now.

    Attributes:
        first_pts, last_pts: of the packets in it.
        size_bytes: of the packets in it.

    Raises:
        OSError: the disk does not take it.
    """

    def __init__(
        self,
        folder: Path,
        camera: str,
        stream: Any,
        first: Any,
        time_base: Fraction,
        start_us: int,
    ) -> None:
        self._folder, self._camera = folder, camera
        self._path = partial_path(folder, camera, start_us)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("wb", buffering=0)
        self._base = time_base
        self.first_pts: int = first.pts
        self.last_pts: int = first.pts
        self._last_dts = 0
        self.size_bytes = 0
        try:
            self._target = av.open(self._file, "w", format="matroska", options=_OPTIONS)
            # So no two are equal: a source is known by its bytes.
            self._target.metadata["title"] = f"{camera} {stamp_of(start_us)}"
            self._stream = self._target.add_stream_from_template(stream, opaque=True)
            self.add(first)
        except BaseException:
            self._file.close()
            raise

    @property
    def length_s(self) -> float:
        """How long it is so far."""
        return float((self.last_pts - self.first_pts) * self._base)

    def add(self, packet: Any) -> None:
        """Write a packet; one that is shown before the first is left out.

        Raises:
            OSError: the disk does not take it.
            Unwritable: nor would any player.
        """
        pts = packet.pts - self.first_pts
        if pts < 0:
            return
        dts = packet.dts - self.first_pts if packet.dts is not None else self._last_dts
        if not self._last_dts <= dts <= pts:
            dts = self._last_dts  # files of this kind tell when pictures are shown alone
        if dts > pts:
            raise Unwritable
        self.last_pts, self._last_dts = max(self.last_pts, packet.pts), dts
        packet.pts, packet.dts, packet.time_base = pts, dts, self._base
        packet.stream = self._stream
        self.size_bytes += packet.size
        try:
            self._target.mux(packet)
        except av.error.FFmpegError as error:
            raise _told(error) from error
        except ValueError as error:
            raise Unwritable from error

    def close(self, start_us: int) -> Path:
        """Complete the file and give it its name.

        Args:
            start_us: when it begins, as is known by now.

        Raises:
            OSError: the disk does not take it. The file stays under its temporary name.
        """
        try:
            self._target.close()
        except av.error.FFmpegError as error:
            told = _told(error)
            raise told if isinstance(told, OSError) else OSError(str(error)) from error
        finally:
            self._file.close()
        return _publish(self._path, self._folder, self._camera, start_us)


def recover(folder: Path, camera: str) -> list[tuple[Path, int, int]]:
    """Give what a killed process left its name: whole files up to where they were written.

    Returns: of each its path, start and end (microseconds since 1970). What holds no picture is
        removed.

    Raises:
        OSError: the disk does not take it.
    """
    recovered = []
    own = folder / camera
    for path in sorted(own.iterdir()) if own.is_dir() else ():
        start_us = start_of_partial(path, camera) if path.name.endswith(PARTIAL) else None
        if start_us is None:
            continue
        if segment_path(folder, camera, start_us).exists():  # it was cut off behind its last step
            path.unlink()
            continue
        whole = path.with_name(path.name.removesuffix(PARTIAL) + ".whole")
        length_s = _copied_whole(path, whole)
        if length_s is None:
            whole.unlink(missing_ok=True)
            path.unlink()
            continue
        final = _publish(whole, folder, camera, start_us)
        path.unlink()
        recovered.append((final, start_us, start_us + round(length_s * 1_000_000)))
    return recovered


def _copied_whole(path: Path, whole: Path) -> float | None:
    """Copy the packets that can be read; return how long they are, None: there are none."""
    last_s, stream_out = None, None
    with whole.open("wb") as file:
        try:
            with (
                av.open(str(path.absolute()), format="matroska") as source,
                av.open(file, "w", format="matroska") as target,
            ):
                stream = source.streams.video[0]
                target.metadata.update(source.metadata)
                stream_out = target.add_stream_from_template(stream, opaque=True)
                with contextlib.suppress(av.error.FFmpegError):  # where it was cut off
                    for packet in source.demux(stream):
                        if not packet.size or packet.pts is None or packet.is_corrupt:
                            continue
                        at_s = float(packet.pts * (stream.time_base or 0))
                        packet.stream = stream_out
                        target.mux(packet)
                        last_s = max(last_s or 0.0, at_s)
        except (av.error.FFmpegError, IndexError, ValueError) as error:
            if isinstance(error, OSError) and not isinstance(error, av.error.FFmpegError):
                raise
            return last_s
    return last_s


def _publish(partial: Path, folder: Path, camera: str, start_us: int) -> Path:
    """Give a complete file its name, and never one that is taken."""
    sync(partial)
    while os.path.lexists(final := segment_path(folder, camera, start_us)):
        start_us += 1000
    final.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(final)
    sync(final.parent)
    return final


def _told(error: av.error.FFmpegError) -> Exception:
    """Return an error of the disk as one, any other as one of the packet."""
    number = error.errno or 0
    known = 0 < number < 1000 and not isinstance(error, av.error.ArgumentError)
    return OSError(number, error.strerror) if known else Unwritable(error.strerror)
