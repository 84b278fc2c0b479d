"""Locks on all machines: advisory locks of a connection of their own.

The server frees such a lock when the connection is gone, whatever became of its process. Notes
beside it say who holds it; a note counts only while its server process holds the lock.

An index run has one connection for all of its locks: the writer lock, which runs share, the run's
own, and the sources that it has claimed. So either it has them all, or none of them any more.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from reidsearch.base.address import PostgresAddress
from reidsearch.base.errors import ArchiveLocked, StorageError
from reidsearch.store.database import lock_notes
from reidsearch.store.database.postgresql.connections import PROVEN, connected, driver

CLASS = 0x7265  # of the two numbers that name an advisory lock of a database
RUNS = 0x7266  # the class of the locks of index runs, whose second number is the run's


class Lock(IntEnum):
    """The locks of an archive; claims of sources are named by one number, of 64 bits."""

    WRITER = 1
    JOBS = 2
    TRANSACTION = 3
    UPLOAD = 4


@dataclass(slots=True)
class _Held:
    connection: Any
    lock: Lock
    run_id: int | None = None


class _OfThread(threading.local):
    """The locks that a thread holds."""

    def __init__(self) -> None:
        self.held: dict[Lock, _Held] = {}


class SessionLocks:
    """The locks that one open archive holds; any thread may ask.

    Args:
        asks: gives a connection for a short question.
    """

    def __init__(
        self, address: PostgresAddress, asks: Callable[[], AbstractContextManager[Connection]]
    ) -> None:
        self._address = address
        self._asks = asks
        self._mine = _OfThread()

    @contextlib.contextmanager
    def hold(self, lock: Lock, *, shared: bool = False, wait: bool = False) -> Iterator[None]:
        """Hold a lock, alone or with others who share it.

        Args:
            wait: for who holds it; else at once or not at all.

        Raises:
            ArchiveLocked: somebody holds it in a way that excludes this.
        """
        take = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
        with connected(self._address) as connection:
            # The server, too, notices within a minute that this machine is gone.
            connection.execute("SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10")
            if wait:
                connection.execute("SELECT pg_advisory_lock(%s, %s)", (CLASS, int(lock)))
            else:
                taken = connection.execute(f"SELECT {take}(%s, %s)", (CLASS, int(lock))).fetchone()
                if not taken or not taken[0]:
                    raise self._refusal(lock)
            held = self._mine.held[lock] = _Held(connection, lock)
            try:
                self._sign(held)
                yield
            finally:
                del self._mine.held[lock]
                with contextlib.suppress(driver().Error):
                    connection.execute(_FORGET, (connection.info.backend_pid,))
                    connection.execute("SELECT pg_advisory_unlock_all()")

    def begin_run(self, run_id: int) -> None:
        """Take the lock of an index run, whose writer lock this thread holds."""
        held = self._mine.held[Lock.WRITER]
        with self._lost_if_gone():
            held.connection.execute("SELECT pg_advisory_lock(%s, %s)", (RUNS, run_id))
            held.run_id = run_id
            self._sign(held)

    @contextlib.contextmanager
    def claim(self, number: int) -> Iterator[bool]:
        """Claim a source within this thread's index run; give whether it could be had.

        Args:
            number: of 64 bits, signed.
        """
        connection = self._mine.held[Lock.WRITER].connection
        with self._lost_if_gone():
            row = connection.execute(
                "SELECT pg_try_advisory_lock(%s::bigint)", (number,)
            ).fetchone()
        taken = bool(row and row[0])
        try:
            yield taken
        finally:
            if taken:
                with contextlib.suppress(driver().Error):  # then it was freed with the connection
                    connection.execute("SELECT pg_advisory_unlock(%s::bigint)", (number,))

    def require_held(self, connection: Connection) -> None:
        """Refuse to go on in a thread whose locks the server has freed.

        Args:
            connection: in the transaction that is to write.

        Raises:
            StorageError: another one may hold them by now.
        """
        held = self._mine.held.get(Lock.WRITER)
        if held is None:
            return
        names = (CLASS, int(Lock.WRITER)) if held.run_id is None else (RUNS, held.run_id)
        asked = connection.exec_driver_sql(
            f"SELECT count(*) {_HELD} AND pid = %s", (*names, held.connection.info.backend_pid)
        )
        if not asked.scalar():
            raise self._lost()

    def is_held(self, lock: Lock) -> bool:
        """Tell whether anybody holds a lock just now, alone or shared."""
        return bool(self._holders(lock))

    def is_held_alone(self, lock: Lock) -> bool:
        """Tell whether somebody holds a lock just now that nobody can share."""
        return any(alone for alone, _ in self._holders(lock))

    def holder(self, lock: Lock) -> str | None:
        """Return how messages name who holds a lock; None: nobody does."""
        named = [name for _, name in self._holders(lock)]
        if not named:
            return None
        others = len(named) - 1
        return named[0] if not others else f"{named[0]} and {others} more"

    def runs(self) -> frozenset[int]:
        """Return the index runs whose locks are held just now."""
        with self._asks() as connection:
            rows = connection.exec_driver_sql(_RUNS, (RUNS,))
            return frozenset(int(number) for number in rows.scalars())

    def _holders(self, lock: Lock) -> list[tuple[bool, str]]:
        """Who holds a lock: whether alone, and how messages name them."""
        names = (CLASS, int(lock))
        try:
            with self._asks() as connection:
                rows = connection.exec_driver_sql(_HOLDERS, names).all()
        except ProgrammingError:  # an archive that is to be migrated may have no notes
            with self._asks() as connection:
                rows = connection.exec_driver_sql(_NAMELESS, names).all()
        return [(alone, lock_notes.named(lock_notes.read(note or ""))) for alone, note in rows]

    def _sign(self, held: _Held) -> None:
        """Write down who holds a lock, and for which index run."""
        errors = driver().errors
        note = json.dumps(lock_notes.note(held.run_id))
        # An archive that is to be migrated may have no such notes; the lock holds, only nameless.
        absent = (errors.UndefinedTable, errors.InvalidSchemaName, errors.UndefinedColumn)
        with contextlib.suppress(*absent):
            held.connection.execute(_SIGN, (held.connection.info.backend_pid, note))

    def _refusal(self, lock: Lock) -> ArchiveLocked:
        if lock is Lock.JOBS:
            return ArchiveLocked(f"another process runs the jobs of {self._address}")
        return ArchiveLocked(
            f"{self._address} is being written by {self.holder(lock) or 'another process'}",
            "wait for it or stop it; queries work meanwhile",
        )

    @contextlib.contextmanager
    def _lost_if_gone(self) -> Iterator[None]:
        try:
            yield
        except driver().OperationalError as error:
            raise self._lost() from error

    def _lost(self) -> StorageError:
        return StorageError(
            f"{self._address}: the connection that held the writer lock was lost; nothing more is "
            "written",
            "do the same again: what was committed is kept, and it goes on from there",
        )


_GRANTED = (
    "FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted "
    "AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) "
    "AND objsubid = 2 AND classid = %s"
)
_HELD = f"{_GRANTED} AND objid = %s"
_RUNS = f"SELECT objid::bigint {_GRANTED}"
# The first one to have come is named first, as far as numbers of processes tell.
_HOLDERS = (
    f"SELECT mode = 'ExclusiveLock', (SELECT note FROM {PROVEN}.lock_note WHERE backend = pid) "  # noqa: S608
    f"{_HELD} ORDER BY pid"
)
_NAMELESS = f"SELECT mode = 'ExclusiveLock', NULL {_HELD}"
_SIGN = (
    f"WITH gone AS (DELETE FROM {PROVEN}.lock_note WHERE backend NOT IN "  # noqa: S608
    "(SELECT pid FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND pid IS NOT NULL)) "
    f"INSERT INTO {PROVEN}.lock_note (backend, note) VALUES (%s, %s) "
    "ON CONFLICT (backend) DO UPDATE SET note = excluded.note"
)
_FORGET = f"DELETE FROM {PROVEN}.lock_note WHERE backend = %s"  # noqa: S608
