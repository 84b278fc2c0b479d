"""The queue of sources, and the workers that take from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from reidsearch.base.timecode import iso
from reidsearch.domain.index_request import IndexRequest
from reidsearch.domain.jobs import JobProblem

HEARTBEAT_S = 10.0
LEASE_S = 60.0
"""How long after its last heartbeat a worker's source is still its own."""
MOST_ATTEMPTS = 3
"""Begun without committing anything of it; then a source has failed."""


class QueuedKind(StrEnum):
    """What stands in a row of the queue; stable, since it is stored and printed in JSON."""

    VIDEO = "video"
    FRAMES = "frames"
    PICTURES = "pictures"
    """The person crops that lie in a folder itself."""
    FILE = "file"
    """A picture, a container or a manifest; or nothing that can be read."""


class QueuedState(StrEnum):
    """Where a source stands; stable, since it is stored and printed in JSON."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    PARTLY = "partly"
    FAILED = "failed"


ENDED = frozenset({QueuedState.DONE, QueuedState.PARTLY, QueuedState.FAILED})


@dataclass(frozen=True, slots=True)
class Offered:
    """A place that is to be queued."""

    kind: QueuedKind
    location: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class QueueReport:
    """What queueing did.

    Args:
        queued: places that were not in the queue.
        again: that had ended, and are queued anew.
        waiting, running: that are in it already; one that runs was left as it is.
        skipped: files that were passed over for their type.
    """

    queued: int = 0
    again: int = 0
    waiting: int = 0
    running: int = 0
    skipped: int = 0
    size_bytes: int = 0


def queue_report_json(report: QueueReport) -> dict[str, Any]:
    """Return the document of what queueing did."""
    return {"schema": "reidsearch/queued/1", **asdict(report)}


@dataclass(frozen=True, slots=True)
class Queued:
    """A row of the queue.

    Args:
        taken: how often it was taken: the number that a worker's commits are fenced by.
        attempts: begun since anything of it was committed.
        missing_on: machines that found nothing at its place.
    """

    queued_id: int
    kind: QueuedKind
    location: str
    size_bytes: int
    request: IndexRequest
    actor: str
    case: str | None
    state: QueuedState
    taken: int
    attempts: int
    worker_id: int | None = None
    ended_at: dt.datetime | None = None
    missing_on: tuple[str, ...] = ()
    problem: JobProblem | None = None


class Health(StrEnum):
    """How a worker is; printed in JSON."""

    WORKING = "working"
    IDLE = "idle"
    SILENT = "silent"
    """It is there, but has not been heard of since its lease ran out: frozen, or cut off."""
    GONE = "gone"
    """It was killed, or its connection is lost; what it was at is taken by another."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process.

    Args:
        seen_s: for how long it has not been heard of, seconds.
        at: the place that it works on.
        share: of that, from 0 to 1, when it was last heard of.
        footage_s, done_bytes, busy_s: what it has done since it started, and in how much time.
    """

    worker_id: int
    host: str
    pid: int
    health: Health
    started_at: dt.datetime
    seen_s: float
    at: str | None
    share: float | None
    done: int
    done_bytes: int
    footage_s: float
    busy_s: float


@dataclass(frozen=True, slots=True)
class Machine:
    """What the workers of one machine do together.

    Args:
        footage_s_per_s: seconds of footage analysed a second, by all of them; None: not known.
    """

    host: str
    workers: int
    footage_s_per_s: float | None
    bytes_per_s: float | None


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """Where the queue stands.

    Args:
        counts: rows by state.
        left_bytes: of the sources that are not done yet, less what is done of them.
        left_s: time to go at the present rate; None: nobody is at work, or no rate is known.
        stalled: running sources whose worker is gone or silent: any worker takes them over.
        missing: queued sources that some machine did not find.
        failed: the latest that failed, or were not read as a whole; at most `MOST_TOLD`.
    """

    counts: Mapping[QueuedState, int] = field(default_factory=dict)
    left_bytes: int = 0
    left_s: float | None = None
    workers: tuple[Worker, ...] = ()
    machines: tuple[Machine, ...] = ()
    stalled: tuple[Queued, ...] = ()
    missing: tuple[Queued, ...] = ()
    failed: tuple[Queued, ...] = ()

    def count(self, state: QueuedState) -> int:
        """Return how many sources stand there."""
        return self.counts.get(state, 0)


MOST_TOLD = 20


def status_json(status: QueueStatus) -> dict[str, Any]:
    """Return the document of where the queue stands."""
    return {
        "schema": "reidsearch/status/1",
        "sources": {state.value: status.count(state) for state in QueuedState},
        "left_bytes": status.left_bytes,
        "left_s": status.left_s,
        "machines": [asdict(one) for one in status.machines],
        "workers": [_worker(one) for one in status.workers],
        "stalled": [_queued(one) for one in status.stalled],
        "missing": [_queued(one) for one in status.missing],
        "failed": [_queued(one) for one in status.failed],
    }


def _worker(one: Worker) -> dict[str, Any]:
    told = asdict(one)
    return {**told, "health": one.health.value, "started_at": iso(one.started_at)}


def _queued(one: Queued) -> dict[str, Any]:
    return {
        "queued_id": one.queued_id,
        "kind": one.kind.value,
        "location": one.location,
        "state": one.state.value,
        "attempts": one.attempts,
        "worker_id": one.worker_id,
        "ended_at": iso(one.ended_at) if one.ended_at else None,
        "missing_on": list(one.missing_on),
        "problem": asdict(one.problem) if one.problem else None,
    }
