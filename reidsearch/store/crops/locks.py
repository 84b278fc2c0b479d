"""The locks of an open archive: who writes its rows, and who the files that are here."""

from __future__ import annotations

import contextlib
import threading
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection

from reidsearch.base.errors import ArchiveLocked
from reidsearch.store.contract import Database
from reidsearch.store.crops.state import State
from reidsearch.store.database.lock import FILES, files_lock, is_locked


class LocksOfThread(threading.local):
    """What a thread holds of the locks of one open archive."""

    writer = False
    """The writer lock, alone or with other index runs."""
    deriving = False
    """The right to write the files of index and neighbour graph."""

    @contextlib.contextmanager
    def marked(self, name: str) -> Iterator[None]:
        """Say that the thread holds it within."""
        setattr(self, name, True)
        try:
            yield
        finally:
            setattr(self, name, False)


class Fence(threading.local):
    """What a thread's writing asks first; see `StoreLocks.fenced`."""

    require: Callable[[Connection], object] | None = None


class StoreLocks:
    """The locks of a `Store`, which gives the attributes."""

    _database: Database
    _holds: LocksOfThread
    _fence: Fence
    folder: Path
    node: str | None
    finish: Callable[[], object] | None

    @property
    @abstractmethod
    def location(self) -> str:
        """Where the archive is, as messages and commands name it."""

    @abstractmethod
    def state(self) -> State:
        """Return where the archive stands now."""

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the writer lock for many transactions; see `Database.lock`.

        What an earlier writer left pending is finished first.
        """
        with self._database.lock(), self._holds.marked("writer"):
            if self.finish is not None and self.state().pending:
                self.finish()
            yield

    @contextlib.contextmanager
    def indexing(self) -> Iterator[None]:
        """Hold the writer lock for an index run; see `Database.indexing`.

        What an earlier writer left pending is finished first, unless another process of this
        machine is at its files.
        """
        with self._database.indexing(), self._holds.marked("writer"):
            if self.finish is not None and self.state().pending:
                with contextlib.suppress(ArchiveLocked):
                    self.finish()
            yield

    @contextlib.contextmanager
    def deriving(self, *, wait: bool = False) -> Iterator[None]:
        """Hold the right to write the files of index and neighbour graph that are here.

        Those of an archive's folder are written under the writer lock. Those of a machine whose
        archive is a database have a lock of their own, so that they wait for nobody elsewhere. A
        thread that has the right already keeps it.

        Args:
            wait: for another process of this machine; else at once or not at all.

        Raises:
            ArchiveLocked: another process writes them.
            StorageError: nothing can be written there.
        """
        held = self._holds.deriving or (self.node is None and self._holds.writer)
        if held:
            yield
        elif self.node is None:
            with self.lock():
                yield
        else:
            with files_lock(self.folder, self.location, wait=wait), self._holds.marked("deriving"):
                yield

    def derives(self) -> bool:
        """Tell whether somebody writes those files just now, or may."""
        return self.locked() if self.node is None else is_locked(self.folder, FILES)

    def locked(self) -> bool:
        """Tell whether somebody holds the writer lock."""
        return self._database.locked()

    def holder(self) -> str | None:
        """Return how messages name who holds the writer lock just now; None: nobody does."""
        return self._database.holder()

    def uploading(self) -> AbstractContextManager[None]:
        """Hold the right to change what a server has of the archive; see `Database.uploading`."""
        return self._database.uploading()

    def running_jobs(self) -> AbstractContextManager[None]:
        """Hold the right to run the archive's jobs; see `Database.running_jobs`."""
        return self._database.running_jobs()

    def jobs_run(self) -> bool:
        """Tell whether somebody holds the right to run the archive's jobs just now."""
        return self._database.jobs_run()

    def may_index(self) -> bool:
        """Tell whether an index run could begin just now."""
        return self._database.may_index()

    def working(self, worker_id: int) -> AbstractContextManager[None]:
        """Hold the sign that a worker of the queue lives; see `Database.working`."""
        return self._database.working(worker_id)

    def living(self, worker_ids: Collection[int]) -> frozenset[int]:
        """Return those of these workers that live; see `Database.living`."""
        return self._database.living(worker_ids)

    def cut_off(self, host: str, pid: int) -> None:
        """End the connections of a process that does not answer; see `Database.cut_off`."""
        self._database.cut_off(host, pid)

    def announce(self, run_id: int) -> None:
        """Take the lock of an index run, before its row is committed; see `Database.announce`."""
        self._database.announce(run_id)

    def live_runs(self) -> frozenset[int]:
        """Return the index runs at work just now."""
        return self._database.live_runs()

    def claim(self, sha256: bytes) -> AbstractContextManager[bool]:
        """Claim a source for this thread's index run; see `Database.claim`."""
        return self._database.claim(sha256)

    @contextlib.contextmanager
    def fenced(self, require: Callable[[Connection], object]) -> Iterator[None]:
        """Ask `require`, which raises to refuse, in every transaction in which this thread writes.

        For work that another process may take over meanwhile: nothing is committed after that.
        """
        self._fence.require = require
        try:
            yield
        finally:
            self._fence.require = None
