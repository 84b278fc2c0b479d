"""The recording of cameras as text; its JSON is beside its types (`domain.recording`)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.domain.following import FollowReport
from reidsearch.domain.recording import CameraState, CameraStatus, RecordReport, Said
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.console import ShownConsole
from reidsearch.output.following import followed_view
from reidsearch.output.terminal import drawing_on
from reidsearch.output.visible import count, duration, size, visible

STATES = {
    CameraState.CONNECTING: "connecting",
    CameraState.RECORDING: "recording",
    CameraState.WAITING: "away: tried again",
    CameraState.FULL: "disk full: waits",
    CameraState.ENDED: "ended",
}
_EVENTS = {"recording": "records", "segment": "wrote", "waiting": "away", "full": "disk full"}


def said_line(said: Said) -> str:
    """What happened, in one line."""
    return f"{visible(said.camera)}: {_EVENTS.get(said.event, said.event)}: {visible(said.text)}"


def recorded_view(report: RecordReport, followed: FollowReport | None = None) -> RenderableType:
    """What was recorded, and what was indexed of it."""
    total = sum(one.segments for one in report.cameras)
    told = f"Recorded for {duration(report.seconds)}: {count(total, 'segment')} in "
    parts = [Text(told + visible(report.folder)), _table(report.cameras)]
    if report.without_footage:
        names = ", ".join(map(visible, report.without_footage))
        parts.append(Text(f"Nothing was recorded of: {names}.", style="yellow"))
    return Group(*parts, *([followed_view(followed)] if followed else []))


class LiveStatus:
    """A line a camera on the terminal, drawn anew while it is recorded; none where it is piped."""

    def __init__(self, *, shown: bool) -> None:
        from rich.live import Live

        self._live: Live | None = None
        if shown and sys.stderr.isatty():
            console = ShownConsole(file=drawing_on(sys.stderr))
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()

    def draw(self, cameras: Sequence[CameraStatus]) -> None:
        """Draw how the cameras go."""
        if self._live is not None:
            self._live.update(_table(cameras), refresh=True)

    def end(self) -> None:
        """Take it off the terminal."""
        if self._live is not None:
            self._live.stop()


def _table(cameras: Sequence[CameraStatus]) -> RenderableType:
    return FittedTable(
        [
            Column("camera", [visible(one.camera) for one in cameras], 0),
            Column("state", [_state(one) for one in cameras], 0, wrapped=True),
            Column("recorded", [duration(one.recorded_s) for one in cameras], 0),
            Column("bytes", [size(one.size_bytes) for one in cameras], 1),
            Column("segments", [str(one.segments) for one in cameras], 1),
            Column("gaps", [_gaps(one) for one in cameras], 0),
            Column("drift", [f"{one.drift_s:+.2f} s" for one in cameras], 2),
        ]
    )


def _state(status: CameraStatus) -> str:
    return STATES[status.state] + (f" ({visible(status.why)})" if status.why else "")


def _gaps(status: CameraStatus) -> str:
    return f"{status.gaps} ({duration(status.gap_s)})" if status.gaps else "0"
