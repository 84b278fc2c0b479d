"""Connections to an archive's SQLite: how they are made and configured, and kept in a pool.

What goes wrong on them is already reidsearch's error (`errors.translated`).
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from reidsearch.base.errors import ReidsearchError
from reidsearch.store.database import opening
from reidsearch.store.database.errors import ERRORS, translated

# An error while a connection is closed is no news for a user: the pool would print its traceback.
logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())

BUSY_TIMEOUT_S = 30.0
KEPT_CONNECTIONS = 16  # of threads that read at once; more are opened and closed as they come


def open_engine(
    path: Path,
    prove: Callable[[sqlite3.Connection], None],
    *,
    read_only: bool,
    foreign_keys: bool = True,
) -> Engine:
    """Return an engine whose errors are already reidsearch's.

    Args:
        prove: adds to a connection what keeps and compares the digests of rows.
    """
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: _connect(path, BUSY_TIMEOUT_S, read_only=read_only),
        poolclass=QueuePool,
        pool_size=KEPT_CONNECTIONS,
        max_overflow=-1,  # a reader never waits for another one's connection
        pool_use_lifo=True,  # the connection with the warmest cache first
    )
    event.listen(engine, "connect", _configure(path, prove, read_only, foreign_keys))
    if read_only:
        event.listen(engine, "checkout", _require_current(path))
    event.listen(engine, "begin", _begin_reading(path) if read_only else _begin_writing)
    event.listen(engine, "handle_error", _translate_for(path), retval=True)
    return engine


class _Opened(sqlite3.Connection):
    """A connection that knows what it was opened on."""

    snapshot: opening.Snapshot | None = None
    """What the files have to stay as while it reads; None: it sees what others commit."""

    def is_current(self, path: Path) -> bool:
        return self.snapshot is None or self.snapshot == opening.Snapshot.of(path)


def _connect(path: Path, timeout_s: float, *, read_only: bool) -> _Opened:
    """Open a connection, without the driver's own transactions.

    Raises:
        ReidsearchError: that cannot be done, as `translated` has it.
    """
    address, snapshot = opening.address(path, read_only=read_only)
    try:
        connection = sqlite3.connect(
            address,
            uri=True,
            timeout=timeout_s,
            check_same_thread=False,
            isolation_level=None,
            factory=_Opened,
        )
        opening.harden(connection)
    except ERRORS as error:
        raise translated(path, error) or error from error
    connection.snapshot = snapshot
    return connection


def _require_current(path: Path) -> Callable[[Any, Any, Any], None]:
    def require(connection: _Opened, _record: object, _proxy: object) -> None:
        if not connection.is_current(path):
            raise DisconnectionError  # the pool opens another, by what lies there now

    return require


def _configure(
    path: Path,
    prove: Callable[[sqlite3.Connection], None],
    read_only: bool,
    foreign_keys: bool,
) -> Callable[[Any, Any], None]:
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        # 8 MiB keep the upper pages of every table at hand; with SQLite's own 2 MiB, looking up ten
        # matches among 100 000 crops took twice as long (benchmarks/query_warm.py). Each
        # connection has its own, and an index run has five (benchmarks/memory.py).
        pragmas = [
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            "secure_delete=ON",
            "temp_store=MEMORY",
            "cache_size=-8192",
        ]
        if not read_only:
            # FULL: an acknowledged crop survives a power cut, not only a killed process.
            pragmas += ["journal_mode=WAL", "synchronous=FULL"]
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")
            prove(connection)
            if read_only:
                # After it nothing temporary can be made.
                connection.execute("PRAGMA query_only=ON")
        except ERRORS as error:
            raise translated(path, error) or error from error

    return configure


def _begin_reading(path: Path) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        opened: Any = connection.connection.dbapi_connection
        try:
            opened.execute("BEGIN")  # past SQLAlchemy: as long again as reading a row
        except ERRORS as error:
            raise translated(path, error) or error from error

    return begin


def _begin_writing(connection: Connection) -> None:
    # IMMEDIATE: the write lock is taken now, not in the middle where waiting would deadlock.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _translate_for(path: Path) -> Callable[[ExceptionContext], ReidsearchError | None]:
    def translate(context: ExceptionContext) -> ReidsearchError | None:
        return translated(path, context.original_exception)

    return translate


@contextlib.contextmanager
def connected(
    path: Path, *, timeout_s: float = BUSY_TIMEOUT_S, read_only: bool = True
) -> Iterator[sqlite3.Connection]:
    """Give a connection without SQLAlchemy, for what cannot be done in a transaction."""
    connection = _connect(path, timeout_s, read_only=read_only)
    try:
        yield connection
    except ERRORS as error:
        raise translated(path, error) or error from error
    finally:
        connection.close()


class ChangeWatch:
    """Tells whether anybody has committed to the database since the last time it was asked.

    Ten microseconds, where a query through SQLAlchemy costs half a millisecond. It holds a
    connection of its own, on which nothing else is ever read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = _connect(path, BUSY_TIMEOUT_S, read_only=True)
        self._seen: int | None = None
        self._asking = threading.Lock()

    def changed(self) -> bool:
        """Tell whether something was committed since the last call; True at the first."""
        with self._asking:
            if not self._connection.is_current(self._path):
                self._connection.close()
                self._connection = _connect(self._path, BUSY_TIMEOUT_S, read_only=True)
                self._seen = None
            try:
                version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
            except ERRORS as error:
                raise translated(self._path, error) or error from error
            seen, self._seen = self._seen, version
            return version != seen

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
