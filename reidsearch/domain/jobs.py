"""Jobs: long work that somebody asked for, how far it is, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from reidsearch.base.errors import FieldValue, ReidsearchError
from reidsearch.base.timecode import iso
from reidsearch.domain.job_requests import JobKind


class JobState(StrEnum):
    """Where a job stands; stable, since it is stored and printed in JSON."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """Nobody asked for its end: its process was killed, or the server was stopped."""


ENDED = frozenset(JobState) - {JobState.QUEUED, JobState.RUNNING}


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is.

    Args:
        task: what is done.
        share: from 0 to 1; None: nobody knows how much there is.
        working_on: what is worked on just now; may be empty.
        counts: running totals worth showing.
    """

    task: str = ""
    share: float | None = None
    working_on: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobProblem:
    """Why a job is not done: an error as its kind, message, hint and fields."""

    kind: str
    message: str
    hint: str = ""
    fields: Mapping[str, FieldValue] = field(default_factory=dict)

    @classmethod
    def of(cls, error: ReidsearchError) -> JobProblem:
        """Return what an error says."""
        return cls(str(error.kind), error.message, error.hint, dict(error.fields))


@dataclass(frozen=True, slots=True)
class JobProcess:
    """The process that runs a job, or ran it."""

    pid: int
    host: str
    since: str

    @property
    def text(self) -> str:
        """How messages name it."""
        return f"process {self.pid} on {self.host} since {self.since}"


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Args:
        request: as `job_requests.request_of` reads it; empty where what it named was deleted.
        stopping: somebody has asked to stop it.
        progress: live where the process that asks runs the job; else as it was last recorded.
        result: the document of what was done.
        waits_for: why a queued job does not begin; empty: it does, any moment.
    """

    job_id: int
    kind: JobKind
    request: Mapping[str, Any]
    actor: str
    state: JobState
    queued_at: dt.datetime
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    stopping: bool = False
    process: JobProcess | None = None
    progress: JobProgress = JobProgress()
    result: Mapping[str, Any] | None = None
    problem: JobProblem | None = None
    waits_for: str = ""


def job_json(job: Job) -> dict[str, Any]:
    """Return the document of one job."""
    return {"schema": "reidsearch/job/1", **_told(job)}


def jobs_json(jobs: list[Job]) -> dict[str, Any]:
    """Return the document of a list of jobs."""
    return {"schema": "reidsearch/jobs/1", "jobs": [_told(job) for job in jobs]}


def _told(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "kind": job.kind.value,
        "request": dict(job.request),
        "actor": job.actor,
        "state": job.state.value,
        "queued_at": iso(job.queued_at),
        "started_at": iso(job.started_at) if job.started_at else None,
        "ended_at": iso(job.ended_at) if job.ended_at else None,
        "stopping": job.stopping,
        "process": asdict(job.process) if job.process else None,
        "progress": asdict(job.progress),
        "result": dict(job.result) if job.result is not None else None,
        "problem": asdict(job.problem) if job.problem else None,
        "waits_for": job.waits_for or None,
    }
