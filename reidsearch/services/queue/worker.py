"""A worker: takes sources from the queue of an archive and indexes them, until it is stopped.

Any number may run, on any number of machines. What each does is what an index run of that one
source does, step by step, each step a transaction. A worker that dies costs what it has not
committed; the next one goes on from the source's checkpoint.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from reidsearch.base.actor import Author, acting
from reidsearch.base.errors import (
    ArchiveError,
    ArchiveLocked,
    ArchiveVersionError,
    InputError,
    Kind,
    ModelError,
    ReidsearchError,
    StorageError,
    UsageError,
)
from reidsearch.base.foreign_errors import as_ours
from reidsearch.base.locations import path_of
from reidsearch.base.settings_file import Settings
from reidsearch.domain.jobs import JobProblem
from reidsearch.domain.queue import HEARTBEAT_S, LEASE_S, MOST_ATTEMPTS, Queued, QueuedState
from reidsearch.domain.reports import IndexReport
from reidsearch.domain.work import Became, Told, WorkReport
from reidsearch.media.files.inventory import take_place
from reidsearch.media.files.remote import remote_of
from reidsearch.media.naming.patterns import Naming
from reidsearch.services.index import FootageOptions, IndexService
from reidsearch.services.queue.heartbeat import Heartbeat
from reidsearch.services.queue.request import options_of
from reidsearch.services.queue.service import kind_of_place
from reidsearch.store import queue, workers
from reidsearch.store.crops.store import Store
from reidsearch.store.queue_reading import failure_at, unended

LOOKS_EVERY_S = 1.0
"""Where nobody commits, for leases that ran out and for the wish to stop."""
LOST_EVERY_S = 2.0
PASSED_OVER_S = 5.0
"""A source that somebody else writes is tried again after that."""
LONGEST_WAIT_S = 30.0
"""Between two tries to reach a database that is away."""


@dataclass(frozen=True, slots=True)
class Leases:
    """How often a worker is heard of, and for how long its source is its own after that."""

    heartbeat_s: float = HEARTBEAT_S
    lease_s: float = LEASE_S


class Worker:
    """One worker process; made by `Archive.worker`.

    Args:
        indexing: indexes a place.
        settings: that hold for the archive on this machine.
        tell: is called with what becomes of each source.
    """

    def __init__(
        self,
        store: Store,
        indexing: IndexService,
        settings: Settings,
        tell: Callable[[Told], object],
        leases: Leases = Leases(),
    ) -> None:
        self._store, self._indexing, self._settings = store, indexing, settings
        self._tell, self._leases = tell, leases
        self._host, self._pid = socket.gethostname(), os.getpid()
        self._stop = threading.Event()
        self._at: Queued | None = None
        self._options: dict[str, tuple[Naming, FootageOptions]] = {}
        self._passed_over: dict[int, float] = {}
        self._lost: list[int] = []
        self._lost_at = 0.0
        self._worked = False
        self._report = WorkReport()

    def run(self, stop: threading.Event, *, until_done: bool = False) -> WorkReport:
        """Work until `stop` is set; what is being worked on is committed and given back.

        Args:
            until_done: end when nothing is queued or running any more.

        Raises:
            ArchiveLocked: the archive is in a folder, which another worker works on.
            ModelError: there is no model, or not the archive's.
            ArchiveError: the archive is damaged.
        """
        self._stop = stop
        self._indexing.prepare()  # a worker without its model must take nothing
        with self._store.write() as connection:
            worker_id = workers.register(connection, self._host, self._pid, self._leases.lease_s)
        began = time.monotonic()
        try:
            self._run(worker_id, until_done)
        finally:
            self._end(worker_id)
        return replace(self._report, seconds=time.monotonic() - began)

    def _run(self, worker_id: int, until_done: bool) -> None:
        beat = Heartbeat(self._store, worker_id, self._leases.heartbeat_s, self._leases.lease_s)
        served, wait_s = False, 1.0
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                # The sign is lost with its connection: it is held again after each loss.
                with self._store.working(worker_id), beat.beating():
                    served = True
                    self._serve(worker_id, beat, until_done)
                    return
            except (StorageError, ArchiveLocked) as error:
                if not served and isinstance(error, ArchiveLocked):
                    raise
                self._tell(Told(Became.WAITS, None, error.message))
                if time.monotonic() - began > LONGEST_WAIT_S:
                    wait_s = 1.0
                self._stop.wait(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _end(self, worker_id: int) -> None:
        try:
            with self._store.write() as connection:
                if self._at is not None:  # that the database was away for
                    queue.give_back(connection, self._at)
                workers.leave(connection, worker_id)
        except ReidsearchError as error:  # then it is known by its sign, which is lost
            self._tell(Told(Became.WAITS, None, error.message))

    def _serve(self, worker_id: int, beat: Heartbeat, until_done: bool) -> None:
        while not self._stop.is_set():
            queued = self._kept() or self._next(worker_id)
            if queued is None:
                if self._worked:
                    if self._store.node is None:
                        self._indexing.catch_up()  # files of an archive in a folder are its own
                    self._indexing.ask_saved()
                    self._worked = False
                if until_done and not self._left():
                    return
                self._store.wait_for_change(LOOKS_EVERY_S)
                continue
            self._at = queued
            self._work(queued, beat)
            self._at, self._worked = None, True

    def _left(self) -> bool:
        with self._store.read() as connection:
            return unended(connection)

    def _kept(self) -> Queued | None:
        """What was worked on when the database went away, if nobody has taken it meanwhile."""
        at, self._at = self._at, None
        if at is None:
            return None
        with self._store.read() as connection:
            kept = queue.is_taken(connection, at)
        if not kept:
            self._became(Became.LOST, at)
        return at if kept else None

    def _next(self, worker_id: int) -> Queued | None:
        now = time.monotonic()
        self._passed_over = {one: at for one, at in self._passed_over.items() if at > now}
        wanted = queue.Wanted(self._host, self._lost_workers(now), self._passed_over)
        with self._store.read() as connection:  # so that looking is no write
            if not queue.waits(connection, wanted):
                return None
        try:
            with self._store.write() as connection:
                return queue.claim(connection, worker_id, wanted)
        except ArchiveLocked:  # others hold the database for long; it is tried again
            return None

    def _lost_workers(self, now: float) -> list[int]:
        """Workers that are dead or silent; what still holds something for a silent one is cut off.

        A frozen process keeps its connections, and with them locks, perhaps even a transaction.
        """
        if now - self._lost_at < LOST_EVERY_S:
            return self._lost
        with self._store.read() as connection:
            known = workers.unended(connection)
        living = self._store.living(known)
        with self._store.read() as connection:
            self._lost = workers.lost(connection, living)
            silent = workers.processes(connection, living & set(self._lost))
        for host, pid in silent:
            self._store.cut_off(host, pid)
        self._lost_at = now
        return self._lost

    def _work(self, queued: Queued, beat: Heartbeat) -> None:
        """Index one source, and record what became of it.

        Raises:
            StorageError: the database or the disk is away; the source is still this worker's.
            ModelError, ArchiveError: this worker can do nothing; the source is given back.
        """
        path = path_of(queued.location)
        if remote_of(path) is None and not os.path.lexists(path):
            self._missing(queued)
            return
        began = time.monotonic()
        beat.takes(queued)
        self._tell(Told(Became.BEGUN, queued))
        done = False
        try:
            report = self._indexed(queued, beat)
            done = not report.interrupted
        except ArchiveLocked as error:
            self._passed_over[queued.queued_id] = time.monotonic() + PASSED_OVER_S
            self._back(queued, error.message)
        except StorageError as error:
            if error.kind != Kind.SOURCE_LOST:
                raise
            self._became(Became.LOST, queued, error.message)
        except (InputError, UsageError) as error:
            self._failed(queued, JobProblem.of(error))
        except ModelError as error:
            if queued.request.detector is None:
                self._back(queued, error.message)
                raise
            self._failed(queued, JobProblem.of(error))
        except (ArchiveError, ArchiveVersionError) as error:
            self._back(queued, error.message)
            raise
        except Exception as error:  # noqa: BLE001 - one source must not end the worker
            self._unexpected(queued, error)
        else:
            footage_s = beat.leaves(done=done)
            self._counted(report, footage_s)
            self._ended(queued, report, footage_s, time.monotonic() - began)
        finally:
            beat.leaves(done=done)

    def _indexed(self, queued: Queued, beat: Heartbeat) -> IndexReport:
        naming, footage = self._options_of(queued)
        fence = partial(queue.require_taken, queued=queued)
        author = Author(queued.actor, queued.case)
        with acting(author), self._store.fenced(fence):
            return self._indexing.place(
                take_place(
                    path_of(queued.location),
                    kind_of_place(queued),
                    self._settings.objects.endpoint,
                ),
                queued.location,
                naming,
                footage,
                self._settings.pictures,
                beat,
                self._stop,
            )

    def _options_of(self, queued: Queued) -> tuple[Naming, FootageOptions]:
        """The options of a request, made once: a list of sources may name very many."""
        key = repr(queued.request)
        if key not in self._options:
            self._options = {key: options_of(queued.request, self._settings)}
        return self._options[key]

    # -- what became of it ----------------------------------------------------------------------

    def _ended(self, queued: Queued, report: IndexReport, footage_s: float, seconds: float) -> None:
        if report.interrupted:
            self._back(queued, "")
            return
        if report.footage.in_other_runs:
            self._passed_over[queued.queued_id] = time.monotonic() + PASSED_OVER_S
            self._back(queued, "another run is at the same bytes")
            return
        state, problem = QueuedState.DONE, None
        failed, partly = report.failed + report.footage.failed, report.footage.partly
        if failed or partly:
            whole = report.offered + report.footage.offered
            state = QueuedState.FAILED if failed >= whole else QueuedState.PARTLY
            problem = self._problem(queued, report)
        with self._store.write() as connection:
            kept = queue.end(connection, queued, state, problem=problem, footage_s=footage_s)
        if not kept:
            self._became(Became.LOST, queued)
            return
        message = problem.message if problem else ""
        self._became(Became(state.value), queued, message, footage_s, seconds)

    def _counted(self, report: IndexReport, footage_s: float) -> None:
        self._report = replace(
            self._report,
            footage_s=self._report.footage_s + footage_s,
            tracklets=self._report.tracklets + report.footage.tracklets,
            crops=self._report.crops + report.indexed + report.footage.best_shots,
        )

    def _problem(self, queued: Queued, report: IndexReport) -> JobProblem:
        """Why some of it, or all, was not indexed; the ledger of failures has every reason."""
        with self._store.read() as connection:
            why = failure_at(connection, queued.location)
        if report.failed and report.offered > 1:
            why = f"{report.failed} of {report.offered} pictures: {why}"
        return JobProblem(Kind.SOME_FAILED.value, why or "it could not be indexed")

    def _missing(self, queued: Queued) -> None:
        """Leave a source that is not found here to other machines; fail it where there is none."""
        hosts = {*queued.missing_on, self._host}
        with self._store.read() as connection:
            known = workers.unended(connection)
        living = self._store.living(known)
        with self._store.write() as connection:
            lost = set(workers.lost(connection, living))
            others = {host for host, _ in workers.processes(connection, living - lost)}
            if others - hosts:
                queue.give_back(connection, queued, missing_on=self._host)
            else:
                problem = JobProblem(
                    Kind.SOURCE_NOT_FOUND.value,
                    f"nothing is there on {', '.join(sorted(hosts))}",
                    "mount the footage at the same place on every machine, and queue it again",
                )
                queue.end(connection, queued, QueuedState.FAILED, problem=problem)
        became = Became.BACK if others - hosts else Became.FAILED
        self._became(became, queued, f"nothing is there on {self._host}")

    def _back(self, queued: Queued, message: str, problem: JobProblem | None = None) -> None:
        with self._store.write() as connection:
            queue.give_back(connection, queued, problem=problem)
        self._became(Became.BACK, queued, message)

    def _failed(self, queued: Queued, problem: JobProblem) -> None:
        with self._store.write() as connection:
            queue.end(connection, queued, QueuedState.FAILED, problem=problem)
        self._became(Became.FAILED, queued, problem.message)

    def _unexpected(self, queued: Queued, error: Exception) -> None:
        """Give a source back after an error that may not come again; three times, then no more."""
        told = error if isinstance(error, ReidsearchError) else as_ours(error)
        if isinstance(told, StorageError):  # no memory, no file descriptors
            raise told from error
        problem = JobProblem.of(told)
        if queued.attempts >= MOST_ATTEMPTS:
            self._failed(queued, problem)
        else:
            self._back(queued, told.message, problem)

    def _became(
        self,
        became: Became,
        queued: Queued,
        message: str = "",
        footage_s: float = 0.0,
        seconds: float = 0.0,
    ) -> None:
        self._report = self._report.with_one(became)
        self._tell(Told(became, queued, message, footage_s, seconds))
