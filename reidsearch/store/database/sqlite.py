"""All that only SQLite does. Another database would need a file like this one, and no other."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import QueuePool

from reidsearch.base.errors import ArchiveError, ArchiveLocked, ReidsearchError, StorageError

DATABASE = "archive.db"
BUSY_TIMEOUT_S = 30.0
MINIMUM_VERSION = (3, 35, 0)


def engine_for(folder: Path, *, read_only: bool, rebuilding: bool = False) -> Engine:
    """An engine on `folder`'s database whose errors are already reidsearch's.

    Args:
        read_only: the connections cannot change anything; works on read-only media too.
        rebuilding: tables will be rebuilt; foreign keys must not act meanwhile (dropping the old
            table would delete what refers to it), and are proven afterwards.
    """
    path = folder / DATABASE
    address = _address(path, read_only=read_only)
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: sqlite3.connect(
            address, uri=True, timeout=BUSY_TIMEOUT_S, check_same_thread=False
        ),
        poolclass=QueuePool,
    )
    event.listen(engine, "connect", _configure(read_only, rebuilding))
    event.listen(engine, "begin", _begin_reading if read_only else _begin_writing)
    event.listen(engine, "handle_error", _translate_for(path), retval=True)
    return engine


def _address(path: Path, *, read_only: bool) -> str:
    mode = "rwc"
    if read_only:
        mode = "rw" if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK) else "ro"
    address = f"file:{quote(os.fsencode(path.resolve()))}?mode={mode}"
    if mode == "ro" and not _has_log(path):
        # WAL needs a shared-memory file; where nobody can write, nobody changes the file either.
        address += "&immutable=1"
    return address


def _has_log(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.is_file() and log.stat().st_size > 0


def _configure(read_only: bool, rebuilding: bool) -> Callable[[Any, Any], None]:
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        # SQLAlchemy's begin event starts transactions; the driver must not start its own.
        connection.isolation_level = None
        # 8 MiB keep the upper pages of every table at hand; with SQLite's own 2 MiB, looking up ten
        # matches among 100 000 crops took twice as long (benchmarks/query_warm.py). Each
        # connection has its own, and an index run has five (benchmarks/memory.py).
        pragmas = [
            f"foreign_keys={'OFF' if rebuilding else 'ON'}",
            "secure_delete=ON",
            "temp_store=MEMORY",
            "cache_size=-8192",
        ]
        if read_only:
            pragmas.append("query_only=ON")
        else:
            # FULL: an acknowledged crop survives a power cut, not only a killed process.
            pragmas += ["journal_mode=WAL", "synchronous=FULL"]
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    return configure


def broken_references(connection: Connection) -> int:
    """How many rows refer to a row that does not exist."""
    return len(connection.exec_driver_sql("PRAGMA foreign_key_check").all())


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    # IMMEDIATE: the write lock is taken now, not in the middle where waiting would deadlock.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _translate_for(path: Path) -> Callable[[ExceptionContext], ReidsearchError | None]:
    def translate(context: ExceptionContext) -> ReidsearchError | None:
        return translated(path, context.original_exception)

    return translate


def translated(path: Path, error: BaseException) -> ReidsearchError | None:
    """What an error of SQLite means for the user; None when it is a mistake of ours."""
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extended part
    said = f"{path}: {error}"
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return StorageError(
            said, "free some space and run the same command again; nothing committed is lost"
        )
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return StorageError(said, "the archive's folder must be writable for this command")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return ArchiveLocked(said, "another program holds the database; try again")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return ArchiveError(
            said, f"run: reidsearch check -a {path.parent}   or restore from a backup"
        )
    return None


class ChangeWatch:
    """Tells whether anybody has committed to the database since the last time it was asked.

    Ten microseconds, where a query through SQLAlchemy costs half a millisecond. It holds a
    connection of its own, on which nothing else is ever read.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / DATABASE
        address = _address(self._path, read_only=True)
        self._connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_TIMEOUT_S, check_same_thread=False, isolation_level=None
        )
        self._seen: int | None = None

    def changed(self) -> bool:
        """Whether something was committed since the last call; True at the first."""
        try:
            version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error as error:
            raise translated(self._path, error) or error from error
        seen, self._seen = self._seen, version
        return version != seen

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()


def integrity(connection: Connection) -> list[str]:
    """What SQLite itself finds damaged: pages, indexes, foreign keys. Empty when whole."""
    found = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
    for table, rowid, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
        found.append(f"row {rowid} of {table} refers to a missing {parent}")
    return found


def forget_deleted_pages(folder: Path) -> bool:
    """Move everything from the write-ahead log into the database and empty the log.

    Deleted rows are zeroed in the database (secure_delete) but linger in the log until then.

    Returns:
        False when a reader still holds the log; it is emptied when that reader is gone.
    """
    connection = sqlite3.connect(folder / DATABASE, timeout=5, isolation_level=None)
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    return not busy


def copy_consistently(folder: Path, target: Path) -> None:
    """Write a compact, consistent copy of the database while others read and write.

    VACUUM INTO reads one snapshot, where the backup API starts over whenever somebody commits.

    Raises:
        ReidsearchError: as for every access to the database.
    """
    path = folder / DATABASE
    connection = sqlite3.connect(
        _address(path, read_only=True), uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
    )
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        raise translated(path, error) or error from error
    finally:
        connection.close()


def library_version() -> tuple[int, ...]:
    """The version of the SQLite library."""
    return sqlite3.sqlite_version_info


def bytes_on_disk(folder: Path) -> int:
    """Size of the database with its log."""
    return sum(path.stat().st_size for path in folder.glob(f"{DATABASE}*"))
