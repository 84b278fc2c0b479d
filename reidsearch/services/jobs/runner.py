"""Runs the queued jobs of an archive in child processes, until it is stopped.

Searches in this process are not slowed by a job: it has an interpreter of its own. Jobs that change
the archive follow each other; those that only read run beside them, one at a time too. One process
runs the jobs of an archive: it holds a lock that dies with it, so that whoever takes over knows
that what is recorded as running was killed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reidsearch.base import temporaries
from reidsearch.base.errors import Kind, ReidsearchError
from reidsearch.base.timecode import iso, now
from reidsearch.domain.job_requests import WRITING, JobKind
from reidsearch.domain.jobs import Job, JobProblem, JobProcess, JobProgress, JobState
from reidsearch.services.jobs.child import Child
from reidsearch.services.jobs.service import JobService
from reidsearch.store.crops.store import Store
from reidsearch.store.jobs import GOES_ON

LOOKS_EVERY_S = 1.0
"""For processes that are overdue, and for the right to run jobs."""
IDLE_LOOKS_EVERY_S = 5.0
"""For the end of other writers that were killed; what others commit wakes the lanes at once."""
READING = frozenset(JobKind) - WRITING
OUTPUTS_KEPT = 30
"""Of jobs that wrote files, the latest; the files are for being fetched, not for being kept."""


class JobRunner:
    """The runner of one archive's jobs; made by `Archive.runner`.

    Args:
        command: starts the process of a job.
        told: what every such process is told beside the job: how to open the archive.
    """

    def __init__(
        self, store: Store, jobs: JobService, command: Sequence[str], told: Mapping[str, Any]
    ) -> None:
        self._store, self._jobs = store, jobs
        self._command, self._told = command, dict(told)
        self._process = JobProcess(os.getpid(), socket.gethostname(), iso(now()))
        self._stopping = threading.Event()
        self._children: dict[int, Child] = {}
        self._keeper = threading.Thread(target=self._keep, name="jobs", daemon=True)
        self._outputs: Path | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._keeper.start()

    def stop(self) -> None:
        """Stop what runs, cleanly, and wait for it; queued jobs stay queued."""
        self._stopping.set()
        self._jobs.live.moved()
        self._keeper.join()

    def output(self, job_id: int) -> Path | None:
        """Return the folder of files that a job has written; None: they are gone."""
        folder = None if self._outputs is None else self._outputs / str(job_id)
        return folder if folder is not None and folder.is_dir() else None

    def _keep(self) -> None:
        """Hold the right to run jobs; wait for it where another process has it."""
        while not self._stopping.is_set():
            # Read-only archives, and such that another server serves, run no jobs here.
            with contextlib.suppress(ReidsearchError, OSError), self._store.running_jobs():
                self._jobs.interrupt_left()
                with _outputs(self._store.folder) as self._outputs:
                    self._work()
                self._outputs = None
            self._stopping.wait(LOOKS_EVERY_S)

    def _work(self) -> None:
        lanes = [
            threading.Thread(target=self._lane, args=(kinds,), name="job", daemon=True)
            for kinds in (WRITING, READING)
        ]
        noticing = threading.Thread(target=self._notice, name="job-changes", daemon=True)
        for thread in (*lanes, noticing):
            thread.start()
        seen = -1
        while not self._stopping.is_set():
            seen = self._jobs.live.wait(seen, LOOKS_EVERY_S, self._stopping.is_set)
            self._pass_on_stops()
        while any(lane.is_alive() for lane in lanes):
            self._pass_on_stops()
            for lane in lanes:
                lane.join(LOOKS_EVERY_S / 4)
        noticing.join()

    def _notice(self) -> None:
        """Wake the lanes when somebody commits: it may be a job that another process has queued."""
        while not self._stopping.is_set():
            try:
                moved = self._store.wait_for_change(LOOKS_EVERY_S)
            except ReidsearchError:
                self._stopping.wait(LOOKS_EVERY_S)
                continue
            if moved:
                self._jobs.live.moved()

    def _pass_on_stops(self) -> None:
        children = dict(self._children)
        if not children:
            return
        asked: Collection[int] = children
        if not self._stopping.is_set():
            try:
                asked = self._jobs.stopping()
            except ReidsearchError:  # the database is busy: at the next look
                return
        for job_id, child in children.items():
            if job_id in asked:
                child.ask_to_stop()
            child.end_when_overdue()

    def _lane(self, kinds: Collection[JobKind]) -> None:
        while not self._stopping.is_set():
            seen = self._jobs.live.version
            if not self._next(kinds):
                self._jobs.live.wait(seen, IDLE_LOOKS_EVERY_S, self._stopping.is_set)

    def _next(self, kinds: Collection[JobKind]) -> bool:
        """Do the next job of some kinds; tell whether there was one."""
        try:
            if kinds is WRITING and not self._store.may_index():
                return False
            job = self._jobs.next(kinds, self._process)
        except ReidsearchError:  # busy, or the disk is full: at the next look
            return False
        return job is not None and self._run(job)

    def _run(self, job: Job) -> bool:
        """Do a job; tell whether it was begun, which it is not where others write."""
        self._jobs.live.tell(job.job_id, JobProgress("starting"))
        try:
            ended = self._ended(job)
        except OSError as error:
            message = f"no process can be started for it: {error.strerror or error}"
            ended = {"problem": JobProblem(Kind.STORAGE.value, message)}
        except Exception as error:  # noqa: BLE001  the boundary: one job ends, not the runner
            message = f"unexpected error: {type(error).__name__}: {error}"
            ended = {"problem": JobProblem(Kind.INTERNAL.value, message)}
        finally:
            self._children.pop(job.job_id, None)
        problem: JobProblem | None = ended.get("problem")
        begun = problem is None or problem.kind != Kind.ARCHIVE_LOCKED
        while not self._recorded(job, ended, begun=begun):
            if self._stopping.wait(LOOKS_EVERY_S):
                break  # it is told as interrupted later
        return begun

    def _recorded(self, job: Job, ended: Mapping[str, Any], *, begun: bool) -> bool:
        """Record what became of a job; tell whether that could be written."""
        try:
            if begun:
                self._record(job, ended)
            else:
                self._jobs.put_back(job.job_id)
        except ReidsearchError:
            return False
        return True

    def _record(self, job: Job, ended: Mapping[str, Any]) -> None:
        problem: JobProblem | None = ended.get("problem")
        result = ended.get("result")
        killed = problem is not None and problem.kind == Kind.JOB_KILLED
        if ended.get("stopped") or killed:
            if self._jobs.one(job.job_id).stopping:
                self._jobs.end(job.job_id, JobState.CANCELLED, result=result)
                return
            said = problem.message if problem is not None else "the server was stopped"
            left = JobProblem(Kind.INTERRUPTED.value, said, GOES_ON[job.kind])
            self._jobs.end(job.job_id, JobState.INTERRUPTED, result=result, problem=left)
        elif problem is not None:
            self._jobs.end(job.job_id, JobState.FAILED, problem=problem)
        else:
            self._jobs.end(job.job_id, JobState.DONE, result=result)

    def _ended(self, job: Job) -> dict[str, Any]:
        """Let a process do a job; return its last message, the problem as its type."""
        told = {
            "job_id": job.job_id,
            "kind": job.kind.value,
            "request": dict(job.request),
            "actor": job.actor,
            "output": str(self._output_of(job)),
        }
        child = Child(self._command, {**self._told, **told})
        self._children[job.job_id] = child
        self._jobs.live.moved()  # somebody may have asked to stop it before it could be told
        last: dict[str, Any] = {}
        for message in child.messages():
            if "progress" in message:
                self._jobs.live.tell(job.job_id, JobProgress(**message["progress"]))
            else:
                last = message
        killed = child.ended()
        if "problem" in last:
            return {"problem": JobProblem(**last["problem"])}
        return last if "result" in last else {"problem": killed}

    def _output_of(self, job: Job) -> Path:
        if self._outputs is None:
            raise FileNotFoundError("the folder for what jobs write")
        folder = self._outputs / str(job.job_id)
        if job.kind in READING:
            folder.mkdir(mode=0o700, exist_ok=True)
            for old in sorted(self._outputs.iterdir(), key=lambda one: int(one.name))[
                :-OUTPUTS_KEPT
            ]:
                shutil.rmtree(old, ignore_errors=True)
        return folder


@contextlib.contextmanager
def _outputs(archive: Path) -> Iterator[Path]:
    """Give a folder for what jobs write, which goes with the runner.

    What a killed runner of this archive left is removed; the caller holds the right to run jobs.
    """
    for left in temporaries.folders(temporaries.JOBS, archive):
        shutil.rmtree(left, ignore_errors=True)
    prefix = temporaries.prefix_of(temporaries.JOBS, archive)
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        yield Path(folder)
