"""The queue and its workers as text; their JSON is beside their types (`domain.queue`)."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.domain.queue import (
    Health,
    Machine,
    Queued,
    QueuedState,
    QueueReport,
    QueueStatus,
    Worker,
)
from reidsearch.domain.work import Became, Told, WorkReport
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.visible import count, duration, size, visible

HEALTH = {
    Health.WORKING: "at work",
    Health.IDLE: "waits for work",
    Health.SILENT: "silent: its source is taken over",
    Health.GONE: "gone: its source is taken over",
    Health.ENDED: "ended",
}
BECAME = {
    Became.BEGUN: "begun",
    Became.DONE: "done",
    Became.PARTLY: "not read as a whole",
    Became.FAILED: "failed",
    Became.BACK: "given back",
    Became.LOST: "taken over by another worker",
}


def queued_view(report: QueueReport, archive: str) -> RenderableType:
    """What queueing did."""
    parts = [
        f"{number} {what}"
        for number, what in (
            (report.queued, "new"),
            (report.again, "again"),
            (report.waiting, "queued before"),
            (report.running, "being worked on, left as they are"),
        )
        if number
    ]
    told = f"Queued ({size(report.size_bytes)}): {', '.join(parts) or 'nothing'}"
    if report.skipped:
        told += f"; {count(report.skipped, 'file')} of other types passed over"
    return Text(f"{told}.\nWork through it: reidsearch worker -a {visible(archive)}")


def told_line(told: Told) -> str:
    """What a worker tells, in one line."""
    if told.queued is None:
        return f"reidsearch: waits: {visible(told.message)}"
    line = f"{visible(told.queued.location)}: {BECAME[told.became]}"
    if told.message:
        line += f": {visible(told.message)}"
    if told.became in (Became.DONE, Became.PARTLY):
        line += f" ({duration(told.footage_s)} of footage in {duration(told.seconds)})"
    return line


def worked_view(report: WorkReport) -> RenderableType:
    """What a worker has done."""
    parts = [
        f"{number} {what}"
        for number, what in (
            (report.done, "done"),
            (report.partly, "not read as a whole"),
            (report.failed, "failed"),
            (report.back, "given back"),
            (report.lost, "taken over by others"),
        )
        if number
    ]
    found = f"{count(report.tracklets, 'tracklet')}, {count(report.crops, 'crop')}"
    return Text(
        f"Worked for {duration(report.seconds)}: {', '.join(parts) or 'nothing was queued'}; "
        f"{duration(report.footage_s)} of footage, {found}."
    )


def status_view(status: QueueStatus) -> RenderableType:
    """Where the queue stands."""
    counts = {state: status.count(state) for state in QueuedState}
    if not any(counts.values()):
        return Text("Nothing was queued yet: reidsearch index PATHS --queue")
    told = ", ".join(f"{number} {state.value}" for state, number in counts.items() if number)
    lines: list[RenderableType] = [Text(f"Sources: {told}.")]
    if status.left_bytes:
        lines.append(Text(f"Left: {size(status.left_bytes)}{_time_to_go(status)}."))
    if status.workers:
        lines.append(_workers(status.workers))
    if len(status.machines) > 1 or any(one.workers > 1 for one in status.machines):
        lines.append(_machines(status.machines))
    lines += _sources("Stalled: any worker takes it over", status.stalled)
    lines += _sources("Waits for a machine that has it", status.missing)
    lines += _sources("Not done", status.failed)
    return Group(*lines)


def _time_to_go(status: QueueStatus) -> str:
    if status.left_s is not None:
        return f", about {duration(status.left_s)} at the present rate"
    if not any(one.health is Health.WORKING for one in status.workers):
        return ", and nobody is at work: reidsearch worker"
    return ""


def _workers(workers: Sequence[Worker]) -> RenderableType:
    return FittedTable(
        [
            Column("worker", [str(one.worker_id) for one in workers], 0),
            Column("machine", [visible(one.host) for one in workers], 1),
            Column("process", [str(one.pid) for one in workers], 3),
            Column("state", [HEALTH[one.health] for one in workers], 0, wrapped=True),
            Column("at", [visible(one.at or "-") for one in workers], 0, wrapped=True),
            Column("share", [_share(one) for one in workers], 0),
            Column("heard of", [f"{one.seen_s:.0f} s ago" for one in workers], 2),
            Column("done", [str(one.done) for one in workers], 2),
            Column("rate", [_rate(one.footage_s, one.busy_s) for one in workers], 2),
        ]
    )


def _share(worker: Worker) -> str:
    return "-" if worker.share is None else f"{worker.share:.0%}"


def _rate(footage_s: float, busy_s: float) -> str:
    """Seconds of footage a second."""
    return f"{footage_s / busy_s:.2g} x real time" if busy_s and footage_s else "-"


def _machines(machines: Sequence[Machine]) -> RenderableType:
    return FittedTable(
        [
            Column("machine", [visible(one.host) for one in machines], 0),
            Column("workers", [str(one.workers) for one in machines], 0),
            Column("rate", [_rate(one.footage_s_per_s or 0.0, 1.0) for one in machines], 0),
            Column("bytes", [_bytes(one) for one in machines], 1),
        ]
    )


def _bytes(machine: Machine) -> str:
    return f"{size(round(machine.bytes_per_s))}/s" if machine.bytes_per_s else "-"


def _sources(title: str, sources: Sequence[Queued]) -> list[RenderableType]:
    if not sources:
        return []
    return [Text(f"{title}:"), *(Text(f"  {_source(one)}") for one in sources)]


def _source(queued: Queued) -> str:
    told = visible(queued.location)
    if queued.problem is not None:
        told += f": {visible(queued.problem.message)}"
    if queued.missing_on:
        told += f" (nothing is there on {visible(', '.join(queued.missing_on))})"
    return told
