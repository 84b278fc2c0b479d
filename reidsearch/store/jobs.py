"""Rows of jobs: put in, taken by who runs them, ended; `claim` is the one way to a worker.

How far a job is changes many times a second, and each commit would cost a write to the disk, a wait
for the writer beside it, and a look at the database by every reader. So it stays in the memory of
the process that runs the job, and of an archive that several machines serve, task and share are
stored every few seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from reidsearch.base.errors import Kind, NotFound, absent
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.job_requests import JobKind, JobWork, document_of
from reidsearch.domain.jobs import (
    ENDED,
    Job,
    JobProblem,
    JobProcess,
    JobProgress,
    JobState,
)
from reidsearch.store.database.proofs import intact
from reidsearch.store.decoding import reads
from reidsearch.store.tables.jobs import job

GOES_ON = {
    JobKind.INDEX: "start it again: it goes on where it stopped, nothing is analysed twice",
    JobKind.LINK: "start it again: until it is done, the proposals of before stand",
    JobKind.ATTRIBUTES: "start it again: it goes on where it stopped",
    JobKind.EXPORT_TRACKS: "start it again",
    JobKind.EXPORT_PAGE: "start it again",
    JobKind.CLIP: "start it again",
}
"""What to do about a job that was interrupted."""
KEPT = 500
"""Jobs that have ended; older ones go."""
_c = job.c


def put(connection: Connection, work: JobWork, actor: str) -> int:
    """Queue a job; return its number."""
    ended = select(_c.id).where(_c.state.in_(ENDED)).order_by(_c.id.desc()).offset(KEPT)
    connection.execute(delete(job).where(_c.id.in_(list(connection.scalars(ended)))))
    inserted = connection.execute(
        insert(job).values(
            kind=work.kind.value,
            request=document_of(work),
            actor=actor,
            state=JobState.QUEUED.value,
            queued_us=to_us(now()),
            task="",
        )
    ).inserted_primary_key
    if inserted is None:
        raise absent("the id of a new job")
    return int(inserted[0])


def rows(
    connection: Connection, *, states: Collection[JobState] = (), most: int | None = None
) -> list[Job]:
    """Return jobs, the latest first.

    Args:
        states: only of these; empty: of all.
    """
    query = select(job).order_by(_c.id.desc()).limit(most)
    if states:
        query = query.where(_c.state.in_(list(states)))
    return [_job(row) for row in connection.execute(query)]


def one(connection: Connection, job_id: int) -> Job:
    """Return a job. Raises NotFound."""
    row = connection.execute(select(job).where(_c.id == job_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no job {job_id}", kind=Kind.JOB_UNKNOWN, job=job_id)
    return _job(row)


def claim(connection: Connection, kinds: Collection[JobKind], process: JobProcess) -> Job | None:
    """Take the next queued job of these kinds for a process; None: there is none.

    The only way by which a job gets to who runs it. On a database where several transactions write
    at once, rows that another one is just taking are passed over.
    """
    waiting = (
        select(job)
        .where(_c.state == JobState.QUEUED.value, _c.kind.in_(list(kinds)), intact(job))
        .order_by(_c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = connection.execute(waiting).one_or_none()
    if found is None:
        return None
    connection.execute(
        update(job)
        .where(_c.id == found.id)
        .values(
            state=JobState.RUNNING.value, started_us=to_us(now()), process=asdict(process), task=""
        )
    )
    return one(connection, found.id)


def record_progress(connection: Connection, job_id: int, progress: JobProgress) -> None:
    """Record how far a running job is, for servers on other machines."""
    connection.execute(
        update(job)
        .where(_c.id == job_id, _c.state == JobState.RUNNING.value)
        .values(task=progress.task, share=progress.share)
    )


def put_back(connection: Connection, job_id: int) -> None:
    """Queue a job again that could not begin; one that somebody has stopped is cancelled."""
    stopped = one(connection, job_id).stopping
    if stopped:
        end(connection, job_id, JobState.CANCELLED, JobProgress())
        return
    connection.execute(
        update(job)
        .where(_c.id == job_id, _c.state == JobState.RUNNING.value)
        .values(state=JobState.QUEUED.value, started_us=None, process=None)
    )


def ask_to_stop(connection: Connection, job_id: int) -> None:
    """Record that a running job is to stop."""
    connection.execute(
        update(job)
        .where(_c.id == job_id, _c.state == JobState.RUNNING.value, _c.stop_us.is_(None))
        .values(stop_us=to_us(now()))
    )


def end(
    connection: Connection,
    job_id: int,
    state: JobState,
    progress: JobProgress,
    *,
    result: Mapping[str, Any] | None = None,
    problem: JobProblem | None = None,
) -> None:
    """Record what became of a job."""
    connection.execute(
        update(job)
        .where(_c.id == job_id, _c.state.in_([JobState.QUEUED.value, JobState.RUNNING.value]))
        .values(
            state=state.value,
            ended_us=to_us(now()),
            task=progress.task,
            share=progress.share,
            result=None if result is None else dict(result),
            problem=None if problem is None else asdict(problem),
        )
    )


def interrupt(connection: Connection) -> None:
    """Record that what still "runs" was killed; by who knows that nobody runs jobs."""
    for left in rows(connection, states=[JobState.RUNNING]):
        by = f" ({left.process.text})" if left.process else ""
        problem = JobProblem(
            Kind.JOB_KILLED.value, f"the process that ran it was ended{by}", GOES_ON[left.kind]
        )
        end(connection, left.job_id, JobState.INTERRUPTED, left.progress, problem=problem)


def leave(connection: Connection) -> None:
    """End all jobs of the archive that a backup was made of: nobody asked for them here."""
    interrupt(connection)
    for queued in rows(connection, states=[JobState.QUEUED]):
        end(connection, queued.job_id, JobState.CANCELLED, JobProgress())


def forget(connection: Connection, places: Collection[str], mentioned: Collection[str]) -> None:
    """Take out of jobs that have ended what names a source that was deleted.

    Args:
        places: that are no longer held.
        mentioned: those that are looked for within longer texts too.
    """
    telling = select(_c.id, _c.request, _c.task, _c.result, _c.problem).where(_c.state.in_(ENDED))
    for row in connection.execute(telling).all():
        told = (row.request, row.task, row.result, row.problem)
        if any(
            text in places or any(place in text for place in mentioned) for text in _texts(told)
        ):
            connection.execute(
                update(job)
                .where(_c.id == row.id)
                .values(request={}, task="", result=None, problem=None)
            )


def _texts(value: object) -> list[str]:
    """All texts within a JSON value, as they are: escapes of its text form would hide names."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for one in (*value, *value.values()) for text in _texts(one)]
    if isinstance(value, Sequence):
        return [text for one in value for text in _texts(one)]
    return []


@reads(job)
def _job(row: Row[Any]) -> Job:
    return Job(
        job_id=row.id,
        kind=JobKind(row.kind),
        request=dict(row.request),
        actor=row.actor,
        state=JobState(row.state),
        queued_at=from_us(row.queued_us),
        started_at=None if row.started_us is None else from_us(row.started_us),
        ended_at=None if row.ended_us is None else from_us(row.ended_us),
        stopping=row.stop_us is not None,
        process=None if row.process is None else JobProcess(**row.process),
        progress=JobProgress(row.task, row.share),
        result=row.result,
        problem=None if row.problem is None else JobProblem(**row.problem),
    )
