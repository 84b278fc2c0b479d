"""Record cameras: one thread each, so that what befalls one stops no other.

report = record({"gate": address}, Path("/srv/footage"), stop=stop)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reidsearch.base.errors import ReidsearchError, UsageError
from reidsearch.domain.recording import CameraState, CameraStatus, RecordReport, Said
from reidsearch.media.recording.address import CameraAddress
from reidsearch.media.recording.recorder import CameraToRecord, Recorder

AGAIN_S = 60.0
"""After what nobody foresaw, a camera is begun anew so much later."""
LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """How cameras are recorded; see `CameraToRecord`."""

    segment_s: float = 300.0
    stall_s: float = 10.0
    reserve_bytes: int = 1_000_000_000
    for_s: float | None = None


@dataclass
class Recording:
    """Cameras that are recorded; made by `start`, ended by `wait`.

    Attributes:
        status: how each goes, in the order of the cameras.
        over: it ended by itself, after the time that it was to take.
    """

    folder: Path
    stop: threading.Event
    recorders: list[Recorder]
    told: Callable[[Said], None]
    over: bool = False
    _threads: list[threading.Thread] = field(default_factory=list)
    _failed: list[UsageError] = field(default_factory=list)
    _begun: float = field(default_factory=time.monotonic)

    @property
    def status(self) -> list[CameraStatus]:
        """How each camera goes."""
        return [recorder.status for recorder in self.recorders]

    def begin(self) -> None:
        """Start a thread a camera."""
        for recorder in self.recorders:
            name = f"record {recorder.status.camera}"
            thread = threading.Thread(target=self._run, args=(recorder,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def wait(self, for_s: float | None = None, look: Callable[[], None] | None = None) -> None:
        """Wait until it is to stop, or so long, then until every camera has closed its segment.

        Args:
            look: called twice a second meanwhile.

        Raises:
            UsageError: another process records one of the cameras.
        """
        while any(thread.is_alive() for thread in self._threads):
            took_s = time.monotonic() - self._begun
            if for_s is not None and took_s >= for_s and not self.stop.is_set():
                self.over = True
                self.stop.set()
            if look is not None:
                look()
            self._threads[0].join(0) if self.stop.wait(LOOK_S) else None
            if self.stop.is_set():
                for thread in self._threads:
                    thread.join(LOOK_S)
        if self._failed:
            raise self._failed[0]

    def report(self) -> RecordReport:
        """Return what was recorded."""
        return RecordReport(str(self.folder), time.monotonic() - self._begun, self.status)

    def _run(self, recorder: Recorder) -> None:
        while not self.stop.is_set():
            try:
                recorder.run(self.stop)
            except UsageError as error:  # another process has it: the command cannot go on
                self._failed.append(error)
                self.stop.set()
            except Exception as error:  # noqa: BLE001 - one camera's fault stops no other
                told = error.message if isinstance(error, ReidsearchError) else _text(error)
                recorder.status.state, recorder.status.why = CameraState.WAITING, told
                self.told(Said(recorder.status.camera, "failed", told))
                self.stop.wait(AGAIN_S)


def start_recording(
    cameras: Mapping[str, CameraAddress],
    folder: Path,
    options: RecordOptions,
    *,
    stop: threading.Event,
    told: Callable[[Said], None] = lambda said: None,
) -> Recording:
    """Begin to record cameras into a folder.

    Args:
        stop: set, it ends the recording; segments are closed then.
        told: called by the cameras' threads with what happens.

    Raises:
        UsageError: a camera's name cannot name files.

    Example:
        recording = start_recording(cameras, Path("footage"), RecordOptions(), stop=stop)
        recording.wait()
    """
    recorders = [
        Recorder(
            CameraToRecord(
                name, address, options.segment_s, options.stall_s, options.reserve_bytes
            ),
            folder,
            told,
        )
        for name, address in cameras.items()
    ]
    recording = Recording(folder, stop, recorders, told)
    recording.begin()
    return recording


def _text(error: Exception) -> str:
    """Return what an error says, without what a library may have put into it."""
    return str(getattr(error, "strerror", None) or type(error).__name__)
