"""SQLite under an archive: `Sqlite` implements `store.contract.Database`.

All that only SQLite does is in this folder: connections and their pragmas (`connections`), what is
looked at before (`opening`, `log`), error codes (`errors`), and here its own check and VACUUM INTO.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Table, text

from reidsearch.base import atomic, own_files
from reidsearch.store.database import opening, schema
from reidsearch.store.database import sqlite_proofs as proofs
from reidsearch.store.database.connections import ChangeWatch, connected, open_engine
from reidsearch.store.database.lock import (
    RUNNER,
    WORKER,
    holder,
    is_locked,
    live_runs,
    runner_lock,
    sign,
    worker_lock,
    writer_lock,
)
from reidsearch.store.database.log import require_whole_log
from reidsearch.store.database.unproven import UNPROVEN
from reidsearch.store.database.waiting import ChangePoll

if TYPE_CHECKING:
    from reidsearch.store.row_digests import Value

DATABASE = "archive.db"
MINIMUM_VERSION = (3, 35, 0)
PURGE_TIMEOUT_S = 5.0
ROWS_AT_ONCE = 5000
LOWEST_ROW_ID = -(2**63)


class Sqlite(contextlib.AbstractContextManager["Sqlite"]):
    """The SQLite database of an archive's folder; see `store.contract`.

    Reading works on read-only media too. What writing needs is opened with the first `write`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / DATABASE
        opening.require_own(self._path)
        require_whole_log(self._path)
        self._reading = open_engine(self._path, proofs.on_reading, read_only=True)
        self._writing: Engine | None = None
        self._filling: Engine | None = None
        self._in_write = threading.local()
        self._making = threading.Lock()
        self._watch = ChangeWatch(self._path)
        self._poll = ChangePoll(self._path)

    @property
    def location(self) -> str:
        """The folder."""
        return str(self._folder)

    @property
    def in_file(self) -> bool:
        """It is."""
        return True

    def require_current(self, connection: Connection) -> None:
        """See `Database.require_current`."""
        schema.require_current(connection, self._folder)

    def writable(self) -> bool:
        """Ask the folder."""
        return os.access(self._folder, os.W_OK)

    def read(self) -> AbstractContextManager[Connection]:
        """See `Database.read`."""
        return self._connected({})

    def scan(self) -> AbstractContextManager[Connection]:
        """See `Database.scan`."""
        return self._connected(UNPROVEN)

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
    def unproven(self, connection: Connection) -> Iterator[Connection]:
        """See `Database.unproven`."""
        before = connection.get_execution_options().get("schema_translate_map")
        connection.execution_options(**UNPROVEN)
        try:
            yield connection
        finally:
            connection.execution_options(schema_translate_map=before)

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
                self._writing = open_engine(self._path, proofs.on_writing, read_only=False)
            return self._writing

    @contextlib.contextmanager
    def fill(self) -> Iterator[Connection]:
        """See `Database.fill`."""
        with self._making:
            if self._filling is None:
                self._filling = open_engine(
                    self._path, proofs.on_writing, read_only=False, foreign_keys=False
                )
        with self._filling.begin() as connection:
            yield connection

    def lock(self) -> AbstractContextManager[None]:
        """See `Database.lock`."""
        return writer_lock(self._folder)

    def indexing(self) -> AbstractContextManager[None]:
        """Hold the writer lock: SQLite has one index run at a time."""
        return self.lock()

    def may_index(self) -> bool:
        """See `Database.may_index`."""
        return not self.locked()

    def locked(self) -> bool:
        """See `Database.locked`."""
        return is_locked(self._folder)

    def holder(self) -> str | None:
        """Ask the lock, then the note beside it."""
        return holder(self._folder) if is_locked(self._folder) else None

    def uploading(self) -> AbstractContextManager[None]:
        """Do nothing: who derives files holds the writer lock."""
        return contextlib.nullcontext()

    def running_jobs(self) -> AbstractContextManager[None]:
        """See `Database.running_jobs`."""
        return runner_lock(self._folder)

    def jobs_run(self) -> bool:
        """See `Database.jobs_run`."""
        return is_locked(self._folder, RUNNER)

    def working(self, worker_id: int) -> AbstractContextManager[None]:
        """See `Database.working`."""
        return worker_lock(self._folder)

    def living(self, worker_ids: Collection[int]) -> frozenset[int]:
        """See `Database.living`."""
        held = bool(worker_ids) and is_locked(self._folder, WORKER)
        return frozenset({max(worker_ids)} if held else ())

    def cut_off(self, host: str, pid: int) -> None:
        """Nothing: locks of a file go with the process alone."""

    def announce(self, run_id: int) -> None:
        """Write the run into the note beside the lock."""
        sign(self._folder, run_id)

    def live_runs(self) -> frozenset[int]:
        """Ask the lock, then the note beside it."""
        return live_runs(self._folder)

    @contextlib.contextmanager
    def claim(self, sha256: bytes) -> Iterator[bool]:
        """Give it: nobody else indexes."""
        del sha256
        yield True

    def changed(self) -> bool:
        """See `Database.changed`."""
        return self._watch.changed()

    def wait_for_change(self, timeout_s: float) -> bool:
        """See `Database.wait_for_change`."""
        return self._poll.wait(timeout_s)

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
        with connected(self._path) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
        return target

    def purge(self) -> bool:
        """Move everything from the write-ahead log into the database and empty the log.

        Deleted rows are zeroed in the database (secure_delete) but linger in the log until then.
        """
        # A connection of its own, with a short wait: a reader may stay for hours.
        with connected(self._path, timeout_s=PURGE_TIMEOUT_S, read_only=False) as connection:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def server_keeps(self) -> None:
        """Nothing: the database is a file."""

    def size_bytes(self) -> int:
        """Return size of the database with its log."""
        return sum(path.stat().st_size for path in self._folder.glob(f"{DATABASE}*"))

    def close(self) -> None:
        """Close all connections; the last one to leave an archive empties its log."""
        self._poll.close()
        self._watch.close()
        self._reading.dispose()
        for engine in (self._writing, self._filling):
            if engine is not None:
                engine.dispose()

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
        engine = open_engine(making / DATABASE, proofs.on_migrating, read_only=False)
        try:
            with engine.begin() as connection:
                yield connection
                proofs.seal(connection)
        finally:
            engine.dispose()
        _emptied_log(making / DATABASE)
        atomic.publish(making / DATABASE, folder / DATABASE)
        if shared := folder.stat().st_mode & 0o060:
            (folder / DATABASE).chmod(0o600 | shared)


def _emptied_log(path: Path) -> None:
    """Move everything into the database's file: closing it tries that, and tells no error.

    Raises:
        StorageError: there is no room for it.
    """
    with connected(path, read_only=False) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


@contextlib.contextmanager
def rebuilding(folder: Path) -> Iterator[Connection]:
    """Give one transaction in which tables may be rebuilt; the caller holds the writer lock.

    Foreign keys do not act meanwhile (dropping the old table would delete what refers to it);
    `broken_references` tells before the end whether they hold.
    """
    opening.require_own(folder / DATABASE)
    require_whole_log(folder / DATABASE)
    engine = open_engine(
        folder / DATABASE,
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


def library_version() -> tuple[int, ...]:
    """Return the version of the SQLite library."""
    return sqlite3.sqlite_version_info
