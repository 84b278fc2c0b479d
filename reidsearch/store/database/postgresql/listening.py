"""Waiting for commits to PostgreSQL: every transaction that writes notifies, a thread listens.

It listens on a connection of its own, made with the first wait. A notification says only that
there is something to look at.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import Any

from reidsearch.base.address import PostgresAddress
from reidsearch.base.errors import ReidsearchError
from reidsearch.store.database.postgresql.connections import connected
from reidsearch.store.database.waiting import Told

CHANNEL = "reidsearch"
RETRIES_EVERY_S = 1.0
REPLICA_LOOKS_EVERY_S = 0.5  # a replica hears no notifications


class Listener:
    """Waits for commits of anybody; any number of threads may wait."""

    def __init__(self, address: PostgresAddress) -> None:
        self._address = address
        self._moved = threading.Condition()
        self._count = 0
        self._told = Told()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._waking, self._awake = socket.socketpair()

    def wait(self, timeout_s: float) -> bool:
        """See `Database.wait_for_change`."""
        with self._moved:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._listen, name="listen", daemon=True)
                self._thread.start()
                self._count += 1
            told = self._told.count
            self._moved.wait_for(lambda: self._count != told or self._closed.is_set(), timeout_s)
            self._told.count = self._count
            return self._count != told

    def _tell(self) -> None:
        with self._moved:
            self._count += 1
            self._moved.notify_all()

    def _listen(self) -> None:
        while not self._closed.is_set():
            # A server that is away is told by whoever looks; here it is tried again.
            with contextlib.suppress(ReidsearchError), connected(self._address) as connection:
                row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
                if row and row[0]:
                    self._look(connection)
                else:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._tell()  # of what was committed while nobody listened
                    self._hear(connection)
            self._closed.wait(RETRIES_EVERY_S)

    def _hear(self, connection: Any) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(self._awake, selectors.EVENT_READ)
            while not self._closed.is_set():
                if any(True for _ in connection.notifies(timeout=0)):
                    self._tell()
                selector.select()

    def _look(self, connection: Any) -> None:
        seen = None
        while not self._closed.wait(REPLICA_LOOKS_EVERY_S):
            now = connection.execute("SELECT pg_current_snapshot()::text").fetchone()
            if now != seen:
                seen = now
                self._tell()

    def close(self) -> None:
        """End all waiting, and the connection."""
        self._closed.set()
        with self._moved:
            self._moved.notify_all()
        with contextlib.suppress(OSError):  # closed before
            self._waking.send(b"\0")
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._waking.close()
        self._awake.close()
