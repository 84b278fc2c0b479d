"""What recording cameras tells: while it runs, and at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class CameraState(StrEnum):
    """What a camera that is recorded is at."""

    CONNECTING = "connecting"
    RECORDING = "recording"
    WAITING = "waiting"
    """It is away; it is tried again."""
    FULL = "full"
    """The disk has no room; nothing is written."""
    ENDED = "ended"


@dataclass(slots=True)
class CameraStatus:
    """How the recording of one camera goes; changed by its thread alone.

    Args:
        camera, address: its name, and where it sends from, without credentials.
        why: what went wrong last; empty: nothing did.
        recorded_s, size_bytes: of all segments, the open one too.
        segments: that were closed.
        gaps, gap_s: times without footage that are over.
        damaged: packets that were left out.
        drift_s: how far the camera's clock has moved against this machine's.
    """

    camera: str
    address: str
    state: CameraState = CameraState.CONNECTING
    why: str = ""
    recorded_s: float = 0.0
    size_bytes: int = 0
    segments: int = 0
    gaps: int = 0
    gap_s: float = 0.0
    damaged: int = 0
    drift_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that happened to the recording of a camera.

    Args:
        path: of a segment that was closed.
    """

    camera: str
    event: str
    text: str = ""
    path: str | None = None


@dataclass(frozen=True, slots=True)
class RecordReport:
    """What was recorded from start to end."""

    folder: str
    seconds: float
    cameras: Sequence[CameraStatus] = field(default=())

    @property
    def without_footage(self) -> list[str]:
        """The cameras of which nothing was recorded."""
        return [one.camera for one in self.cameras if not one.segments and not one.recorded_s]


def record_json(report: RecordReport) -> dict[str, Any]:
    """Return the document of what was recorded."""
    return {
        "schema": "reidsearch/recorded/1",
        "folder": report.folder,
        "seconds": round(report.seconds, 3),
        "cameras": [asdict(one) | {"state": one.state.value} for one in report.cameras],
    }
