"""Waiting for commits: which of them a thread has been told of, and how SQLite's are noticed."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from reidsearch.store.database.connections import ChangeWatch

LOOKS_EVERY_S = 0.1
"""SQLite tells nobody of a commit; asking it costs ten microseconds."""


class Told(threading.local):
    """How much was noticed when a thread was last told; at first it knows of nothing."""

    count = 0


class ChangePoll:
    """Waits for commits to SQLite by looking; any number of threads may wait."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._watch: ChangeWatch | None = None
        self._looking = threading.Lock()
        self._closed = threading.Event()
        self._count = 0
        self._told = Told()

    def wait(self, timeout_s: float) -> bool:
        """See `Database.wait_for_change`."""
        until = time.monotonic() + timeout_s
        while not self._closed.is_set():
            count = self._noticed()
            if count != self._told.count:
                self._told.count = count
                return True
            left_s = until - time.monotonic()
            if left_s <= 0:
                break
            self._closed.wait(min(LOOKS_EVERY_S, left_s))
        return False

    def _noticed(self) -> int:
        # A watch of its own: what it tells here, `Database.changed` must tell as well.
        with self._looking:
            if self._closed.is_set():
                return self._told.count
            if self._watch is None:
                self._watch = ChangeWatch(self._path)
            self._count += self._watch.changed()
            return self._count

    def close(self) -> None:
        """End all waiting."""
        self._closed.set()
        with self._looking:
            if self._watch is not None:
                self._watch.close()
