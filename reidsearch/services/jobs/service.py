"""`Archive.jobs`: long work that is asked for here and done by whoever runs the archive's jobs.

with Archive.open("archive") as archive:
    job = archive.jobs.queue(LinkWork())
    archive.jobs.one(job.job_id).state
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reidsearch.base.errors import Kind, UsageError
from reidsearch.domain.job_requests import (
    WRITING,
    IndexWork,
    JobKind,
    JobWork,
    request_of,
)
from reidsearch.domain.jobs import ENDED, Job, JobProblem, JobProcess, JobProgress, JobState
from reidsearch.services.jobs.index_options import require_sound
from reidsearch.services.jobs.live import LiveJobs
from reidsearch.store import jobs as job_store
from reidsearch.store.crops.store import Store

MOST_QUEUED = 100
NOBODY = "a server that runs the jobs of this archive"


class JobService:
    """The jobs of one archive.

    Args:
        actor: who asks for jobs, for the record.
        live: progress of what runs in this process.
    """

    def __init__(self, store: Store, actor: str, live: LiveJobs | None = None) -> None:
        self._store, self._actor = store, actor
        self.live = live or LiveJobs()

    def by(self, actor: str) -> JobService:
        """Return the same jobs for somebody else: `archive.jobs.by("anna").queue(LinkWork())`."""
        return JobService(self._store, actor, self.live)

    # -- asking -------------------------------------------------------------------------------

    def queue(self, work: JobWork) -> Job:
        """Ask for work; it begins when what was asked for before is done.

        Raises:
            UsageError: it makes no sense, or too much is queued already.
            StorageError: the archive cannot be written.

        Example:
            >>> archive.jobs.queue(IndexWork(("/footage/gate.mp4",), camera="gate")).job_id
            1
        """
        if isinstance(work, IndexWork):
            require_sound(work)
        with self._store.write() as connection:
            waiting = job_store.rows(connection, states=[JobState.QUEUED])
            if len(waiting) >= MOST_QUEUED:
                raise UsageError(
                    f"{len(waiting)} jobs are queued already", "wait for some, or cancel them"
                )
            job_id = job_store.put(connection, work, self._actor)
        self.live.moved()
        return self.one(job_id)

    def work_of(self, job_id: int) -> JobWork:
        """Return what a job was asked for, e.g. to ask for it again.

        Raises:
            NotFound: there is no such job.
            UsageError: it is no longer known.

        Example:
            >>> archive.jobs.queue(archive.jobs.work_of(1)).job_id
            2
        """
        job = self.one(job_id)
        if not job.request and job.kind is JobKind.INDEX:
            raise UsageError(f"what job {job_id} was asked for named footage that was deleted")
        return request_of(job.kind, job.request)

    def latest(self, most: int | None = None) -> list[Job]:
        """Return the jobs, the latest first; at most so many."""
        with self._store.read() as connection:
            found = job_store.rows(connection, most=most)
            running = job_store.rows(connection, states=[JobState.RUNNING])
        return self._told(found, running)

    def one(self, job_id: int) -> Job:
        """Return a job. Raises NotFound."""
        with self._store.read() as connection:
            found = job_store.one(connection, job_id)
            running = job_store.rows(connection, states=[JobState.RUNNING])
        return self._told([found], running)[0]

    def cancel(self, job_id: int) -> Job:
        """Stop a job: at once if it is queued, else after what it is just committing.

        Raises:
            NotFound: there is no such job.
            UsageError: it has ended.
        """
        with self._store.write() as connection:
            job = job_store.one(connection, job_id)
            if job.state in ENDED:
                raise UsageError(
                    f"job {job_id} has ended: {job.state}", kind=Kind.JOB_ENDED, job=job_id
                )
            if job.state is JobState.QUEUED:
                job_store.end(connection, job_id, JobState.CANCELLED, JobProgress())
            else:
                job_store.ask_to_stop(connection, job_id)
        self.live.moved()
        return self.one(job_id)

    # -- running, by `JobRunner` and by workers elsewhere ---------------------------------------

    def next(self, kinds: Collection[JobKind], process: JobProcess) -> Job | None:
        """Take the next queued job of these kinds for a process; None: there is none."""
        with self._store.read() as connection:  # so that looking is no write
            if not job_store.rows(connection, states=[JobState.QUEUED], most=1):
                return None
        with self._store.write() as connection:
            return job_store.claim(connection, kinds, process)

    def put_back(self, job_id: int) -> None:
        """Queue a job again that could not begin because somebody else writes."""
        with self._store.write() as connection:
            job_store.put_back(connection, job_id)
        self.live.ended(job_id)

    def end(
        self,
        job_id: int,
        state: JobState,
        *,
        result: Mapping[str, Any] | None = None,
        problem: JobProblem | None = None,
    ) -> None:
        """Record what became of a job, with how far it was."""
        progress = self.live.of(job_id) or JobProgress()
        with self._store.write() as connection:
            job_store.end(connection, job_id, state, progress, result=result, problem=problem)
        self.live.ended(job_id)

    def stopping(self) -> list[int]:
        """Return the running jobs that somebody has asked to stop."""
        with self._store.read() as connection:
            running = job_store.rows(connection, states=[JobState.RUNNING])
        return [job.job_id for job in running if job.stopping]

    def interrupt_left(self) -> None:
        """Tell what still "runs" as interrupted; by who has just taken over the jobs."""
        with self._store.read() as connection:
            if not job_store.rows(connection, states=[JobState.RUNNING]):
                return
        with self._store.write() as connection:
            job_store.interrupt(connection)
        self.live.moved()

    def _told(self, jobs: Sequence[Job], running: Sequence[Job]) -> list[Job]:
        """Add to rows what only this process, or the locks, know."""
        if all(job.state in ENDED for job in jobs):
            return list(jobs)
        writing = [job for job in running if job.kind in WRITING]
        lives = self._store.jobs_run()
        free = writing or not lives or self._store.may_index()
        holder = None if free else self._store.holder()
        return [self._completed(job, writing, lives=lives, holder=holder) for job in jobs]

    def _completed(
        self, job: Job, writing: Sequence[Job], *, lives: bool, holder: str | None
    ) -> Job:
        if job.state is JobState.RUNNING:
            if not lives:  # the next runner records it
                return replace(job, state=JobState.INTERRUPTED)
            return replace(job, progress=self.live.of(job.job_id) or job.progress)
        if job.state is not JobState.QUEUED:
            return job
        if not lives:
            return replace(job, waits_for=NOBODY)
        if job.kind not in WRITING:
            return job
        if writing:
            return replace(job, waits_for=f"job {writing[0].job_id}")
        return replace(job, waits_for=holder or "")
