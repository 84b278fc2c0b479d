"""What following a recorder's folders tells, as text; its JSON is beside its types."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from reidsearch.domain.following import FollowReport, SegmentState, SegmentTold
from reidsearch.output.visible import count, duration, visible


def segment_line(told: SegmentTold) -> str:
    """What is told of one segment, in one line."""
    if told.state is SegmentState.WAITS:
        return f"reidsearch: waits: {visible(told.message)}"
    if told.state is SegmentState.EXPIRED:
        return f"retention: {count(told.crops, 'crop')} deleted"
    camera = f"{visible(told.camera)}: " if told.camera else ""
    line = f"{camera}{visible(told.location)}: {_BECAME[told.state]}"
    if told.message:
        line += f": {visible(told.message)}"
    if told.state in (SegmentState.INDEXED, SegmentState.PARTLY):
        line += (
            f" ({duration(told.footage_s)} of footage in {duration(told.seconds)}, "
            f"{count(told.tracklets, 'tracklet')})"
        )
    if told.replaced:
        line += "; what lay there before stays in the archive, without its file"
    if told.lag_s >= 1:
        line += f", {duration(told.lag_s)} behind"
    if told.sample_rate_hz is not None:
        line += f"; {told.sample_rate_hz} a second of its frames were sampled, to catch up"
    return line


_BECAME = {
    SegmentState.INDEXED: "indexed",
    SegmentState.KNOWN: "known already: the archive holds the same bytes",
    SegmentState.PARTLY: "not read as a whole",
    SegmentState.FAILED: "failed",
    SegmentState.LOST: "lost",
}


def followed_view(report: FollowReport) -> RenderableType:
    """What was done from start to end."""
    parts = [
        f"{number} {what}"
        for number, what in (
            (report.indexed, "indexed"),
            (report.known, "known already"),
            (report.partly, "not read as a whole"),
            (report.failed, "failed"),
            (report.lost, "deleted or overwritten before they were indexed"),
        )
        if number
    ]
    found = f"{count(report.tracklets, 'tracklet')}, {count(report.crops, 'crop')}"
    told = (
        f"Followed for {duration(report.seconds)}: segments {', '.join(parts) or 'none'}; "
        f"{duration(report.footage_s)} of footage, {found}."
    )
    if report.replaced:
        told += (
            f"\n{report.replaced} took the place of earlier footage, which stays in the archive "
            "without its file."
        )
    if report.fewer_frames:
        segments = count(report.fewer_frames, "segment")
        told += f"\nFewer frames than usual were sampled of {segments}, to catch up."
    if report.expired:
        told += f"\n{count(report.expired, 'crop')} deleted by the retention rules."
    left = [
        f"{number} {what}"
        for number, what in (
            (report.waiting, "finished"),
            (report.growing, "still written, or just now changed"),
        )
        if number
    ]
    if left:
        told += f"\nNot indexed yet: {', '.join(left)}."
    return Text(told)
