"""SQLite under an archive: `Sqlite` implements `store.contract.Database`.

All that only SQLite does is here: pragmas, locking, error codes, its own check, VACUUM INTO.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from reidsearch.base import atomic, own_files
from reidsearch.base.errors import (
    ArchiveError,
    ArchiveLocked,
    Kind,
    ReidsearchError,
    StorageError,
    exhausted,
)
from reidsearch.store.database import opening, proofs
from reidsearch.store.database.damage import damage_of
from reidsearch.store.database.lock import is_locked, live_run, sign, writer_lock
from reidsearch.store.database.log import require_whole_log
from reidsearch.store.row_digests import Value

DATABASE = "archive.db"
BUSY_TIMEOUT_S = 30.0
MINIMUM_VERSION = (3, 35, 0)
PURGE_TIMEOUT_S = 5.0
ROWS_AT_ONCE = 5000
LOWEST_ROW_ID = -(2**63)
_ERRORS = (sqlite3.Error, UnicodeDecodeError)
FILES_OPENED = 4  # by SQLite at once: the database, its log, the shared memory, one to spare
KEPT_CONNECTIONS = 16  # of threads that read at once; more are opened and closed as they come


class Sqlite(contextlib.AbstractContextManager["Sqlite"]):
    """The SQLite database of an archive's folder; see `store.contract`.

    Reading works on read-only media too. What writing needs is opened with the first `write`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / DATABASE
        opening.require_own(self._path)
        require_whole_log(self._path)
        self._reading = _engine(self._path, _begin_reading, proofs.on_reading, read_only=True)
        self._writing: Engine | None = None
        self._in_write = threading.local()
        self._making = threading.Lock()
        self._watch = _ChangeWatch(self._path)

    @property
    def location(self) -> str:
        """The folder."""
        return str(self._folder)

    def read(self) -> AbstractContextManager[Connection]:
        """See `Database.read`."""
        return self._connected({})

    def scan(self) -> AbstractContextManager[Connection]:
        """See `Database.scan`."""
        return self._connected(proofs.UNPROVEN)

    def _connected(self, options: dict[str, Any]) -> AbstractContextManager[Connection]:
        if os.access(self._path, os.W_OK):  # then SQLite itself sees what others commit
            return self._reading.connect().execution_options(**options)
        return self._reading_unchanged(options)

    @contextlib.contextmanager
    def _reading_unchanged(self, options: dict[str, Any]) -> Iterator[Connection]:
        """Give a connection, and refuse what it read of a file that changed under it."""
        with self._reading.connect().execution_options(**options) as connection:
            opened: Any = connection.connection.dbapi_connection
            snapshot: opening.Snapshot | None = opened.snapshot
            try:
                yield connection
            finally:
                if snapshot is not None:
                    opening.require_unchanged(self._path, snapshot)

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """See `Database.write`."""
        if getattr(self._in_write, "now", False):
            raise RuntimeError("write() within write() would wait for itself")
        self._in_write.now = True
        try:
            with self._writer().begin() as connection:
                yield connection
        finally:
            self._in_write.now = False

    def _writer(self) -> Engine:
        with self._making:
            if self._writing is None:
                self._writing = _engine(
                    self._path, _begin_writing, proofs.on_writing, read_only=False
                )
            return self._writing

    def lock(self) -> AbstractContextManager[None]:
        """See `Database.lock`."""
        return writer_lock(self._folder)

    def locked(self) -> bool:
        """See `Database.locked`."""
        return is_locked(self._folder)

    def announce(self, run_id: int) -> None:
        """Write the run into the note beside the lock."""
        sign(self._folder, run_id)

    def live_run(self) -> int | None:
        """Ask the lock, then the note beside it."""
        return live_run(self._folder)

    def changed(self) -> bool:
        """See `Database.changed`."""
        return self._watch.changed()

    def rows_proven(self, table: Table) -> Iterator[tuple[int, list[dict[str, Value]]]]:
        """See `Database.rows_proven`."""
        last: int | None = LOWEST_ROW_ID
        while last is not None:
            with self.scan() as connection:
                last, count, damaged = proofs.rows_proven(connection, table, last, ROWS_AT_ONCE)
            yield count, damaged

    def damage(self) -> list[str]:
        """Return what SQLite finds damaged: pages, indexes, foreign keys."""
        with self.read() as connection:
            rows = connection.execute(text("PRAGMA integrity_check"))
            found = [row[0] for row in rows if row[0] != "ok"]
            for table, rowid, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
                found.append(f"row {rowid} of {table} refers to a missing {parent}")
        return found

    def copy_to(self, folder: Path) -> Path:
        """See `Database.copy_to`.

        VACUUM INTO reads one snapshot, where the backup API starts over whenever somebody commits.
        """
        target = folder / DATABASE
        own_files.create(target).close()  # for its permissions: SQLite's are wider
        with _connected(self._path) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
        return target

    def purge(self) -> bool:
        """Move everything from the write-ahead log into the database and empty the log.

        Deleted rows are zeroed in the database (secure_delete) but linger in the log until then.
        """
        # A connection of its own, with a short wait: a reader may stay for hours.
        with _connected(self._path, timeout_s=PURGE_TIMEOUT_S, read_only=False) as connection:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def size_bytes(self) -> int:
        """Return size of the database with its log."""
        return sum(path.stat().st_size for path in self._folder.glob(f"{DATABASE}*"))

    def close(self) -> None:
        """Close all connections; the last one to leave an archive empties its log."""
        self._watch.close()
        self._reading.dispose()
        if self._writing is not None:
            self._writing.dispose()

    def __exit__(self, *_: object) -> None:
        self.close()


def holds_archive(folder: Path) -> bool:
    """Tell whether an archive's database lies in this folder, or something with its name."""
    return os.path.lexists(folder / DATABASE)


@contextlib.contextmanager
def creating(folder: Path) -> Iterator[Connection]:
    """Give a transaction on a new, empty database; it takes its name when that is committed.

    The caller holds the writer lock.
    """
    # A folder of its own: beside the database SQLite keeps its log.
    with atomic.scratch_folder(folder / DATABASE) as making:
        own_files.create(making / DATABASE).close()  # for its permissions: SQLite's are wider
        engine = _engine(making / DATABASE, _begin_writing, proofs.on_migrating, read_only=False)
        try:
            with engine.begin() as connection:
                yield connection
                proofs.seal(connection)
        finally:
            engine.dispose()
        atomic.publish(making / DATABASE, folder / DATABASE)
        if shared := folder.stat().st_mode & 0o060:
            (folder / DATABASE).chmod(0o600 | shared)


@contextlib.contextmanager
def rebuilding(folder: Path) -> Iterator[Connection]:
    """Give one transaction in which tables may be rebuilt; the caller holds the writer lock.

    Foreign keys do not act meanwhile (dropping the old table would delete what refers to it);
    `broken_references` tells before the end whether they hold.
    """
    opening.require_own(folder / DATABASE)
    require_whole_log(folder / DATABASE)
    engine = _engine(
        folder / DATABASE,
        _begin_writing,
        proofs.on_migrating,
        read_only=False,
        foreign_keys=False,
    )
    try:
        with engine.begin() as connection:
            yield connection
            proofs.seal(connection)
    finally:
        engine.dispose()


def broken_references(connection: Connection) -> int:
    """Return how many rows refer to a row that does not exist."""
    return len(connection.exec_driver_sql("PRAGMA foreign_key_check").all())


def _engine(
    path: Path,
    begin: Callable[[Connection], None],
    prove: Callable[[sqlite3.Connection], None],
    *,
    read_only: bool,
    foreign_keys: bool = True,
) -> Engine:
    """An engine whose errors are already reidsearch's.

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
    event.listen(engine, "begin", begin)
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
    except _ERRORS as error:
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
        except _ERRORS as error:
            raise translated(path, error) or error from error

    return configure


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
    """Return what an error of SQLite means for the user; None when it is a mistake of ours."""
    if isinstance(error, UnicodeDecodeError):  # of the text in a message of SQLite's
        return _damaged(path, f"{path} holds text that is none")
    if not isinstance(error, sqlite3.Error):
        return None
    if (damage := damage_of(path.parent, error)) is not None:
        return damage
    whole = getattr(error, "sqlite_errorcode", 0)
    if resource := _exhausted(path, whole):
        return resource
    code = whole & 0xFF  # without the extended part
    said = f"{path}: {error}"
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return StorageError(
            said, "free some space and run the same command again; nothing committed is lost"
        )
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return opening.refusal(path, said)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return ArchiveLocked(said, "another program holds the database; try again")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return _damaged(path, said)
    return None


def _damaged(path: Path, said: str) -> ArchiveError:
    return ArchiveError(
        said,
        "verify the archive, or restore it from a backup",
        kind=Kind.DATABASE_DAMAGED,
        archive=path.parent,
    )


def _exhausted(path: Path, code: int) -> StorageError | None:
    """Return the error of a process without descriptors or memory, which SQLite tells as another.

    Where it could not open a file, this tries whether any can be opened: not the database, since
    closing that again would give up the locks that SQLite holds on it.
    """
    if code in {sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_IOERR_NOMEM}:
        return exhausted(MemoryError(), str(path))
    if code & 0xFF == sqlite3.SQLITE_CANTOPEN:
        descriptors = []
        try:
            for _ in range(FILES_OPENED):
                descriptors.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            return exhausted(error, str(path))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
    return None


class _ChangeWatch:
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
            except _ERRORS as error:
                raise translated(self._path, error) or error from error
            seen, self._seen = self._seen, version
            return version != seen

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@contextlib.contextmanager
def _connected(
    path: Path, *, timeout_s: float = BUSY_TIMEOUT_S, read_only: bool = True
) -> Iterator[sqlite3.Connection]:
    """A connection without SQLAlchemy, for what cannot be done in a transaction."""
    connection = _connect(path, timeout_s, read_only=read_only)
    try:
        yield connection
    except _ERRORS as error:
        raise translated(path, error) or error from error
    finally:
        connection.close()


def library_version() -> tuple[int, ...]:
    """Return the version of the SQLite library."""
    return sqlite3.sqlite_version_info
