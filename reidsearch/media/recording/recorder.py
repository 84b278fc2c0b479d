"""Record one camera: connect, write segments, reconnect, and write down what is missing and why."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reidsearch.base.errors import UsageError
from reidsearch.domain.recording import CameraState, CameraStatus, Said
from reidsearch.media.recording.address import CameraAddress
from reidsearch.media.recording.clock import JUMP_S, Clock, Placed, SystemClock
from reidsearch.media.recording.connection import Connect, Connection, Lost, connect_rtsp
from reidsearch.media.recording.journal import Gap, Journal
from reidsearch.media.recording.names import require_camera_name
from reidsearch.media.recording.parameters import is_damaged, parameter_sets, stream_of
from reidsearch.media.recording.segment import Segment, Unwritable, recover

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
GOOD_S = 60.0
"""A connection that held so long was a good one: the next wait is the first again."""
FULL_WAIT_S = 10.0
NO_KEY_S = 60.0
"""A camera that sends no key frame for so long is connected anew."""
LEAST_GAP_US = 200_000
"""Less than that between two segments is no gap."""
_ROOM_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_MOST_REASONS = 5
_LOCK = ".recording.lock"

Told = Callable[[Said], None]


@dataclass(frozen=True, slots=True)
class CameraToRecord:
    """A camera, and how it is recorded.

    Args:
        segment_s: after so long a segment ends, at the next key frame.
        stall_s: without a packet for so long the camera is connected anew.
        reserve_bytes: what is left free on the disk.
    """

    name: str
    address: CameraAddress
    segment_s: float = 300.0
    stall_s: float = 10.0
    reserve_bytes: int = 1_000_000_000


class NoRoom(Exception):
    """The disk is full, or has no more than what is to be left free."""


class Recorder:
    """Records one camera, in one thread, until it is told to stop.

    Args:
        folder: segments come into `folder/CAMERA/DAY/`.
        told: called with what happens.
        connect: how a connection is made.

    Attributes:
        status: how it goes; may be read by any thread.

    Raises:
        UsageError: its files could not be named by the camera's name.
    """

    def __init__(
        self,
        camera: CameraToRecord,
        folder: Path,
        told: Told = lambda said: None,
        *,
        clock: Clock | None = None,
        connect: Connect = connect_rtsp,
    ) -> None:
        require_camera_name(camera.name)
        self.status = CameraStatus(camera.name, camera.address.shown)
        self._camera, self._folder = camera, folder
        self._told, self._clock, self._connect = told, clock or SystemClock(), connect
        self._journal = Journal(folder, camera.name)
        self._until_us: int | None = None  # there is footage up to here
        self._reasons: list[str] = []
        self._attempts = 0
        self._gap: Gap | None = None  # over, but for its end
        self._segment: Segment | None = None
        self._placed: Placed | None = None
        self._sets = b""  # parameter sets of the open segment
        self._closed_s, self._closed_bytes = 0.0, 0
        self._left = True  # unfinished segments may lie there

    def run(self, stop: threading.Event) -> None:
        """Record until it is to stop.

        Raises:
            UsageError: another process records this camera into this folder.
            OSError: the folder cannot be written.
        """
        with self._alone():
            self._take_up()
            wait_s = FIRST_WAIT_S
            while not stop.is_set():
                begun_us = self._clock.now_us()
                try:
                    self._require_room()
                    self._recover()
                    self._once(stop)
                except NoRoom as full:
                    self._miss(CameraState.FULL, str(full))
                    self._clock.wait(stop, FULL_WAIT_S)
                    continue
                except Lost as lost:
                    self._miss(CameraState.WAITING, str(lost))
                if (self._clock.now_us() - begun_us) / 1e6 >= GOOD_S:
                    wait_s = FIRST_WAIT_S
                if not stop.is_set():
                    self._clock.wait(stop, wait_s)
                    wait_s = min(2 * wait_s, LONGEST_WAIT_S)
            self.status.state = CameraState.ENDED
            with _room_told():
                self._end_missing()
                self._journal.write(self._clock.now_us(), "stopped")

    # -- one connection ------------------------------------------------------------------------

    def _once(self, stop: threading.Event) -> None:
        if self.status.state is not CameraState.WAITING:
            self.status.state = CameraState.CONNECTING
        self._attempts += 1
        connection = self._connect(self._camera.address, self._camera.stall_s)
        self._placed = Placed(connection.time_base)
        try:
            with _room_told():
                self._write_packets(connection, stop)
        finally:
            connection.close()
            with _room_told():
                self._close()

    def _write_packets(self, connection: Connection, stop: threading.Event) -> None:
        last: int | None = None
        arrived_us = key_us = self._clock.now_us()
        for packet in connection.packets():
            now_us = self._clock.now_us()
            if packet.pts is None:  # some cameras tell times only after a while
                past_us = now_us - arrived_us
                step = max(1, round(past_us / 1e6 / connection.time_base))
                packet.pts = 0 if last is None else last + step
            arrived_us = now_us
            if is_damaged(packet, connection.codec):
                self._leave_out("packets were damaged")
                continue
            if last is not None and self._jumped(packet.pts - last, connection):
                self._close()
                self._placed = Placed(connection.time_base)
                self._note("the camera's time stamps jumped")
            last = packet.pts
            if packet.is_keyframe:
                key_us = now_us
            elif now_us - key_us > NO_KEY_S * 1e6:
                raise Lost(f"no key frame came for {NO_KEY_S:.0f} s")
            self._take(packet, connection, now_us)
            if stop.is_set():
                return

    def _jumped(self, step: int, connection: Connection) -> bool:
        seconds = float(step * connection.time_base)
        return not -1.0 <= seconds <= JUMP_S

    def _take(self, packet: Any, connection: Connection, now_us: int) -> None:
        if self._placed is None:
            return
        pts = packet.pts
        if packet.is_keyframe:
            sets = parameter_sets(packet, connection.codec)
            changed = bool(sets) and sets != self._sets
            if self._segment is not None:
                if changed:
                    self._note("the camera changed how it encodes")
                if changed or self._segment.length_s >= self._camera.segment_s:
                    self._close()
                self._require_room()
            if self._segment is None:
                self._open(packet, connection, now_us)
                self._sets = sets or self._sets
                return
        if self._segment is None:
            return  # it begins at a key frame
        self._placed.arrived(pts, now_us)
        try:
            self._segment.add(packet)
        except Unwritable:
            self._leave_out("packets had times that go back")
            return
        self._count()

    def _leave_out(self, why: str) -> None:
        """Leave a packet out; what follows is no picture before the next key frame."""
        self.status.damaged += 1
        if self._segment is not None:
            self._close()
            self._note(why)

    # -- segments ------------------------------------------------------------------------------

    def _open(self, packet: Any, connection: Connection, now_us: int) -> None:
        if self._placed is None:
            return
        pts = packet.pts
        self._placed.arrived(pts, now_us)
        start_us = self._placed.at_us(pts)
        alone = stream_of(packet, connection.codec)
        try:
            stream = alone[1] if alone else connection.stream
            self._segment = Segment(
                self._folder, self._camera.name, stream, packet, connection.time_base, start_us
            )
        except Unwritable as error:
            raise Lost(f"its packets cannot be written: {error}") from error
        finally:
            if alone:
                alone[0].close()
        self._resumed()

    def _resumed(self) -> None:
        """Take note that there is footage again; when it began is known when a segment closes."""
        if self._reasons and self._until_us is not None:
            self._gap = Gap(self._until_us, 0, tuple(self._reasons), self._attempts)
        if self.status.state is not CameraState.RECORDING:
            address = self._camera.address.shown
            self._told(Said(self._camera.name, "recording", address))
            self._journal.write(self._clock.now_us(), "recording", address=address)
        self._reasons, self._attempts = [], 0
        self.status.state, self.status.why = CameraState.RECORDING, ""

    def _end_gap(self, end_us: int) -> None:
        gap, self._gap = self._gap, None
        if gap is None:
            return
        if end_us - gap.begin_us < LEAST_GAP_US:
            self._journal.write(self._clock.now_us(), "anew", why=list(gap.why))
            return
        self._journal.gap(self._clock.now_us(), replace(gap, end_us=end_us))
        self.status.gaps += 1
        self.status.gap_s += (end_us - gap.begin_us) / 1e6

    def _close(self) -> None:
        segment, placed, self._segment = self._segment, self._placed, None
        if segment is None or placed is None:
            return
        start_us = placed.at_us(segment.first_pts)
        end_us = placed.at_us(segment.last_pts)
        self._closed_s += segment.length_s
        self._closed_bytes += segment.size_bytes
        self._until_us = max(end_us, self._until_us or 0)
        try:
            path = segment.close(start_us)
        except OSError:
            self._left = True
            raise
        self.status.drift_s = placed.settle()
        self._end_gap(start_us)
        self.status.segments += 1
        self._wrote(path, start_us, end_us, drift_s=round(self.status.drift_s, 3))

    def _wrote(self, path: Path, start_us: int, end_us: int, **more: Any) -> None:
        from reidsearch.base.timecode import from_us

        self._journal.write(
            self._clock.now_us(),
            "segment",
            file=str(path.relative_to(self._folder / self._camera.name)),
            begin=from_us(start_us).isoformat(timespec="milliseconds"),
            end=from_us(end_us).isoformat(timespec="milliseconds"),
            size_bytes=path.stat().st_size,
            **more,
        )
        self._told(Said(self._camera.name, "segment", str(path), str(path)))

    def _count(self) -> None:
        if self._segment is not None:
            self.status.recorded_s = self._closed_s + self._segment.length_s
            self.status.size_bytes = self._closed_bytes + self._segment.size_bytes

    # -- what is missing -----------------------------------------------------------------------

    def _take_up(self) -> None:
        """Find out since when nothing is recorded."""
        self._until_us = self._journal.recorded_until_us()
        if self._until_us is not None:
            self._reasons = ["nothing was running that records"]
        else:
            self._until_us = self._clock.now_us()

    def _recover(self) -> None:
        """Complete what a killed process or a full disk left of segments."""
        if not self._left:
            return
        with _room_told():
            for path, start_us, end_us in recover(self._folder, self._camera.name):
                self._until_us = max(end_us, self._until_us or 0)
                self.status.segments += 1
                self._wrote(path, start_us, end_us, recovered=True)
        self._left = False

    def _note(self, why: str) -> None:
        if why not in self._reasons:
            self._reasons = [why, *self._reasons][:_MOST_REASONS]
        self.status.why = why

    def _miss(self, state: CameraState, why: str) -> None:
        """Take note that nothing is recorded now; a reason is told and written down once."""
        told = self.status.state is state and why in self._reasons
        self._note(why)
        self.status.state = state
        if not told:
            self._told(Said(self._camera.name, state.value, why))
            with contextlib.suppress(OSError):  # where there is no room, the gap tells it later
                self._journal.write(self._clock.now_us(), "lost", why=why)

    def _end_missing(self) -> None:
        """Write down what is missing up to now, where nothing is recorded as it is to stop."""
        now_us = self._clock.now_us()
        why = tuple(self._reasons)
        if not self.status.segments:
            why = why or ("nothing came before it was stopped",)
        if not why or self._until_us is None or now_us - self._until_us < LEAST_GAP_US:
            return
        self._gap = Gap(self._until_us, 0, why, self._attempts)
        self._end_gap(now_us)

    def _require_room(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._folder).free
        if free < self._camera.reserve_bytes:
            kept = self._camera.reserve_bytes
            raise NoRoom(f"less than the {kept:,} bytes that are to be left free are free")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        import filelock

        own = self._folder / self._camera.name
        own.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(os.fspath(own / _LOCK))
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise UsageError(
                f"another process records {self._camera.name} into {self._folder}"
            ) from error
        try:
            yield
        finally:
            lock.release()


@contextlib.contextmanager
def _room_told() -> Iterator[None]:
    """Tell a full disk from other errors of it."""
    try:
        yield
    except OSError as error:
        if error.errno in _ROOM_ERRORS:
            raise NoRoom(f"the disk is full: {error.strerror}") from error
        raise
