"""A worker's heartbeat: a thread that renews its lease and tells how far it is."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from reidsearch.base.errors import ReidsearchError
from reidsearch.domain.queue import Queued
from reidsearch.store import workers
from reidsearch.store.contract import Transaction
from reidsearch.store.crops.store import Store
from reidsearch.store.queue_reading import reached_us
from reidsearch.store.workers import Beat


class Heartbeat:
    """What a worker has done, and the thread that tells it.

    Also the `Progress` of what it is at: only the share of the whole counts.

    Args:
        every_s: how often it tells.
        lease_s: for how long what it is at is its own after each time.
    """

    def __init__(self, store: Store, worker_id: int, every_s: float, lease_s: float) -> None:
        self._store, self._worker_id = store, worker_id
        self._every_s, self._lease_s = every_s, lease_s
        self._lock = threading.Lock()
        self._at: Queued | None = None
        self._began, self._reached_us = 0.0, 0
        self._depth, self._total, self._done_units = 0, 0, 0
        self._done, self._bytes, self._footage_s, self._busy_s = 0, 0, 0.0, 0.0

    @contextlib.contextmanager
    def beating(self) -> Iterator[None]:
        """Tell until the block ends."""
        ended = threading.Event()
        thread = threading.Thread(target=self._beat, args=(ended,), name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _beat(self, ended: threading.Event) -> None:
        while True:
            # A database that is away is told by what the worker commits.
            with contextlib.suppress(ReidsearchError):
                self.tell()
            if ended.wait(self._every_s):
                return

    def tell(self) -> None:
        """Renew the lease now. Raises ReidsearchError: the database is away."""
        with self._store.write() as connection:
            workers.beat(connection, self._worker_id, self._told(connection), self._lease_s)

    def _told(self, connection: Transaction) -> Beat:
        with self._lock:
            at, share = self._at, self._share()
            done, done_bytes, footage_s, busy_s = (
                self._done,
                self._bytes,
                self._footage_s,
                self._busy_s,
            )
            if at is None:
                return Beat(None, None, done, done_bytes, footage_s, busy_s)
            busy_s += time.monotonic() - self._began
            done_bytes += round(at.size_bytes * (share or 0.0))
        reached = reached_us(connection, at.location)
        footage_s += max(0, reached - self._reached_us) / 1e6
        return Beat(at.queued_id, share, done, done_bytes, footage_s, busy_s)

    def takes(self, queued: Queued) -> None:
        """Note what is worked on from now on."""
        with self._store.read() as connection:
            reached = reached_us(connection, queued.location)
        with self._lock:
            self._at, self._began, self._reached_us = queued, time.monotonic(), reached
            self._depth = self._total = self._done_units = 0

    def leaves(self, *, done: bool) -> float:
        """Note that nothing is worked on; return how much footage was committed meanwhile, s."""
        at = self._at
        if at is None:
            return 0.0
        reached = self._reached_us
        with contextlib.suppress(ReidsearchError), self._store.read() as connection:
            reached = reached_us(connection, at.location)
        footage_s = max(0, reached - self._reached_us) / 1e6
        with self._lock:
            self._at = None
            self._busy_s += time.monotonic() - self._began
            self._footage_s += footage_s
            self._done += done
            self._bytes += round(at.size_bytes * (1.0 if done else self._share() or 0.0))
        return footage_s

    def _share(self) -> float | None:
        return min(self._done_units / self._total, 1.0) if self._total else None

    # -- as the `Progress` of what it is at ---------------------------------------------------

    def begin(self, task: str, total: int | None, unit: str) -> None:
        """Begin the whole, or something within it."""
        with self._lock:
            self._depth += 1
            if self._depth == 1:
                self._total, self._done_units = total or 0, 0

    def advance(self, done: int = 1, /, **counts: int) -> None:
        """Move the whole on."""
        with self._lock:
            if self._depth <= 1:
                self._done_units += done

    def working_on(self, what: str) -> None:
        """Nothing: the source is named by its row."""

    def end(self) -> None:
        """End what began last."""
        with self._lock:
            self._depth = max(0, self._depth - 1)
