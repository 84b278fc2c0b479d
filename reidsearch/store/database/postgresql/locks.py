"""One writer at a time on all machines: advisory locks of a connection of their own.

The server frees such a lock when the connection is gone, whatever became of its process. A note
beside it says who holds it; it counts only while the lock is held.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from reidsearch.base.address import PostgresAddress
from reidsearch.base.errors import ArchiveLocked, StorageError
from reidsearch.store.database import lock_notes
from reidsearch.store.database.postgresql.connections import PROVEN, connected, driver

CLASS = 0x7265  # of the two numbers that name an advisory lock of a database


class Lock(IntEnum):
    """The locks of an archive."""

    WRITER = 1
    JOBS = 2
    TRANSACTION = 3


class SessionLocks:
    """The locks that one open archive holds; any thread may ask."""

    def __init__(self, address: PostgresAddress) -> None:
        self._address = address
        self._held: dict[Lock, Any] = {}

    @contextlib.contextmanager
    def hold(self, lock: Lock) -> Iterator[None]:
        """Hold a lock; at once or not at all.

        Raises:
            ArchiveLocked: somebody holds it.
        """
        with connected(self._address) as connection:
            # The server, too, notices within a minute that this machine is gone.
            connection.execute("SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10")
            taken = connection.execute(
                "SELECT pg_try_advisory_lock(%s, %s)", (CLASS, int(lock))
            ).fetchone()
            if not taken or not taken[0]:
                raise self._refusal(lock)
            self._held[lock] = connection
            try:
                self.sign(lock)
                yield
            finally:
                del self._held[lock]
                with contextlib.suppress(driver().Error):
                    connection.execute(_FORGET, (int(lock),))
                    connection.execute("SELECT pg_advisory_unlock(%s, %s)", (CLASS, int(lock)))

    def sign(self, lock: Lock, run_id: int | None = None) -> None:
        """Write down who holds a lock, and for which index run; by its holder."""
        held = self._held.get(lock)
        errors = driver().errors
        if held is None:
            return
        # An archive that is to be migrated may have no notes; the lock holds, only nameless.
        with contextlib.suppress(errors.UndefinedTable, errors.InvalidSchemaName):
            held.execute(_SIGN, (int(lock), json.dumps(lock_notes.note(run_id))))

    def backend(self, lock: Lock) -> int | None:
        """Return the number of the server's process that holds a lock for this archive."""
        held = self._held.get(lock)
        return None if held is None else int(held.info.backend_pid)

    def is_held(self, lock: Lock) -> bool:
        """Tell whether anybody holds a lock just now."""
        return self._asked(lock)[0]

    def note(self, lock: Lock) -> dict[str, Any]:
        """Return the note beside a lock; nothing when nobody holds it."""
        held, note = self._asked(lock)
        return lock_notes.read(note) if held and note is not None else {}

    def _asked(self, lock: Lock) -> tuple[bool, str | None]:
        with connected(self._address) as connection:
            row = connection.execute(_ASK, (CLASS, int(lock), int(lock))).fetchone()
        return (bool(row[0]), row[1]) if row else (False, None)

    def _refusal(self, lock: Lock) -> ArchiveLocked:
        if lock is Lock.JOBS:
            return ArchiveLocked(f"another process runs the jobs of {self._address}")
        return ArchiveLocked(
            f"{self._address} is being written by {lock_notes.named(self.note(lock))}",
            "wait for it or stop it; queries work meanwhile",
        )


def lost(address: PostgresAddress) -> StorageError:
    """Return the error of a writer whose lock is gone: another one may hold it by now."""
    return StorageError(
        f"{address}: the connection that held the writer lock was lost; nothing more is written",
        "do the same again: what was committed is kept, and it goes on from there",
    )


HELD_BY = (
    "SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted "
    "AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) "
    "AND classid = %s AND objid = %s AND objsubid = 2"
)
_ASK = f"SELECT ({HELD_BY}) > 0, (SELECT note FROM {PROVEN}.lock_note WHERE lock = %s)"  # noqa: S608
_SIGN = (
    f"INSERT INTO {PROVEN}.lock_note (lock, note) VALUES (%s, %s) "  # noqa: S608
    "ON CONFLICT (lock) DO UPDATE SET note = excluded.note"
)
_FORGET = f"DELETE FROM {PROVEN}.lock_note WHERE lock = %s"  # noqa: S608
