"""PostgreSQL under an archive: `Postgres` implements `store.contract.Database`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table

from reidsearch.base.address import PostgresAddress
from reidsearch.base.errors import UsageError
from reidsearch.domain.certificates import ServerKeeps
from reidsearch.store.database.postgresql import making, proofs, worker_locks
from reidsearch.store.database.postgresql.connections import (
    TABLES,
    connect,
    connected,
    driver,
    name_of,
    open_engine,
)
from reidsearch.store.database.postgresql.errors import translated
from reidsearch.store.database.postgresql.listening import Listener
from reidsearch.store.database.postgresql.locks import Lock, SessionLocks
from reidsearch.store.database.postgresql.writing import Transactions
from reidsearch.store.database.unproven import UNPROVEN
from reidsearch.store.row_digests import Value, told_of
from reidsearch.store.tables.every import metadata

ROWS_AT_ONCE = 5000
_AMISS = (
    "SELECT 'index ' || indexrelid::regclass || ' is not valid' "
    "FROM pg_catalog.pg_index JOIN pg_catalog.pg_class ON pg_class.oid = indrelid "
    "WHERE relnamespace = 'main'::regnamespace AND NOT indisvalid "
    "UNION ALL SELECT 'constraint ' || conname || ' of ' || conrelid::regclass "
    "|| ' is not enforced' FROM pg_catalog.pg_constraint "
    "WHERE connamespace = 'main'::regnamespace AND NOT convalidated"
)
_SERVER = "SELECT current_setting('server_version'), current_setting('archive_mode', true)"
_REPLICAS = (
    "SELECT coalesce(nullif(application_name, ''), host(client_addr), 'not told') "
    "FROM pg_catalog.pg_stat_replication ORDER BY 1"
)
_SLOTS = "SELECT slot_name::text FROM pg_catalog.pg_replication_slots ORDER BY 1"


class Postgres(contextlib.AbstractContextManager["Postgres"]):
    """The PostgreSQL database of an archive; see `store.contract`.

    Reading works where nothing may be written. What writing needs is opened with the first `write`.
    """

    def __init__(self, address: PostgresAddress) -> None:
        self._address = address
        # The first to be told that nothing is there.
        self._watch = _ChangeWatch(address, self._connect_anew)
        self._reading = open_engine(address, read_only=True)
        self._writing: Engine | None = None
        self._in_write = threading.local()
        self._making = threading.Lock()
        self._locks = SessionLocks(address, self._reading.connect)
        self._transactions = Transactions(address)
        self._listener = Listener(address)

    @property
    def location(self) -> str:
        """The address, which has no password in it."""
        return str(self._address)

    @property
    def in_file(self) -> bool:
        """It is the server's."""
        return False

    def require_current(self, connection: Connection) -> None:
        """See `Database.require_current`."""
        making.require_current(connection, self._address)

    def writable(self) -> bool:
        """Ask the server: a replica, and a role with no right to it, can only read."""
        with self.scan() as connection:
            told = connection.exec_driver_sql(
                "SELECT NOT pg_is_in_recovery() "
                f"AND has_table_privilege('{TABLES}.log_entry', 'INSERT')"
            )
            return bool(told.scalar())

    def read(self) -> AbstractContextManager[Connection]:
        """See `Database.read`."""
        return self._reading.connect()

    def scan(self) -> AbstractContextManager[Connection]:
        """See `Database.scan`."""
        return self._reading.connect().execution_options(**UNPROVEN)

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
        """See `Database.write`.

        Transactions that write follow each other, so that ids are committed in their order.
        """
        if getattr(self._in_write, "now", False):
            raise RuntimeError("write() within write() would wait for itself")
        self._in_write.now = True
        try:
            with self._transactions.begin(self._writer()) as connection:
                self._locks.require_held(connection)
                yield connection
        finally:
            self._in_write.now = False

    def fill(self) -> AbstractContextManager[Connection]:
        """See `Database.fill`: the target of a copy has no references (`references`)."""
        return self.write()

    def _writer(self) -> Engine:
        with self._making:
            if self._writing is None:
                self._writing = open_engine(self._address, read_only=False)
            return self._writing

    def lock(self) -> AbstractContextManager[None]:
        """See `Database.lock`."""
        return self._locks.hold(Lock.WRITER)

    def indexing(self) -> AbstractContextManager[None]:
        """Hold the writer lock with all who index."""
        return self._locks.hold(Lock.WRITER, shared=True)

    def locked(self) -> bool:
        """See `Database.locked`."""
        return self._locks.is_held(Lock.WRITER)

    def may_index(self) -> bool:
        """See `Database.may_index`."""
        return not self._locks.is_held_alone(Lock.WRITER)

    def holder(self) -> str | None:
        """Ask the lock and the notes beside it."""
        return self._locks.holder(Lock.WRITER)

    def uploading(self) -> AbstractContextManager[None]:
        """See `Database.uploading`."""
        return self._locks.hold(Lock.UPLOAD, wait=True)

    def running_jobs(self) -> AbstractContextManager[None]:
        """See `Database.running_jobs`."""
        return self._locks.hold(Lock.JOBS)

    def jobs_run(self) -> bool:
        """See `Database.jobs_run`."""
        return self._locks.is_held(Lock.JOBS)

    def working(self, worker_id: int) -> AbstractContextManager[None]:
        """See `Database.working`."""
        return worker_locks.working(self._address, worker_id)

    def living(self, worker_ids: Collection[int]) -> frozenset[int]:
        """See `Database.living`."""
        return worker_locks.living(self._address, worker_ids)

    def cut_off(self, host: str, pid: int) -> None:
        """See `Database.cut_off`: they are known by the name that all of them have."""
        with connected(self._address) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
                "WHERE datname = current_database() AND application_name = %s",
                (name_of(host, pid),),
            )

    def announce(self, run_id: int) -> None:
        """Take the run's own lock."""
        self._locks.begin_run(run_id)

    def live_runs(self) -> frozenset[int]:
        """Ask for locks of runs."""
        return self._locks.runs()

    def claim(self, sha256: bytes) -> AbstractContextManager[bool]:
        """Hold an advisory lock by the first 64 bits, which dies with the run's other locks."""
        return self._locks.claim(int.from_bytes(sha256[:8], "big", signed=True))

    def changed(self) -> bool:
        """See `Database.changed`."""
        return self._watch.changed()

    def wait_for_change(self, timeout_s: float) -> bool:
        """See `Database.wait_for_change`."""
        return self._listener.wait(timeout_s)

    def rows_proven(self, table: Table) -> Iterator[tuple[int, list[dict[str, Value]]]]:
        """See `Database.rows_proven`."""
        told = told_of(table)
        names = ", ".join(f'"{name}"' for name in told)
        query = f"SELECT {proofs.whole(table, '')}, {names} FROM {TABLES}.{table.name}"  # noqa: S608
        with self.scan() as connection:
            rows = connection.execution_options(yield_per=ROWS_AT_ONCE).exec_driver_sql(query)
            for part in rows.partitions():
                yield (
                    len(part),
                    [dict(zip(told, row[1:], strict=True)) for row in part if not row[0]],
                )
            connection.execution_options(yield_per=None, stream_results=False)

    def damage(self) -> list[str]:
        """Return what the server knows to be amiss: indexes and relations that do not hold.

        Pages are read when rows are proven; the server compares their checksums then.
        """
        with self.scan() as connection:
            found = connection.exec_driver_sql(_AMISS)
            return list(found.scalars())

    def copy_to(self, folder: Path) -> Path:
        """Refuse it: the rows have to be copied (`store/copying`).

        Raises:
            UsageError: always.
        """
        raise UsageError(
            f"{self._address} is a database of PostgreSQL, and no file that could be copied",
            "copy its rows",
        )

    def purge(self) -> bool:
        """Remove dead rows from the tables.

        The server's log, its replicas and its backups keep what they hold.
        """
        with connected(self._address) as connection:
            connection.execute(
                "VACUUM " + ", ".join(f'{TABLES}."{name}"' for name in metadata.tables)
            )
            needed = connection.execute(
                "SELECT count(*) FROM pg_catalog.pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND age(backend_xmin) > 0"
            ).fetchone()
        return not (needed and needed[0])

    def server_keeps(self) -> ServerKeeps:
        """Ask the server; of a replica that this role may not see, the name is `not told`."""
        with self.scan() as connection:
            version, archive = connection.exec_driver_sql(_SERVER).one()
            replicas = connection.exec_driver_sql(_REPLICAS).scalars()
            slots = connection.exec_driver_sql(_SLOTS).scalars()
            return ServerKeeps(version, archive, tuple(replicas), tuple(slots))

    def _connect_anew(self) -> None:
        """Give up the connections that are kept; what is at work with one is not disturbed."""
        self._reading.dispose()
        if self._writing is not None:
            self._writing.dispose()

    def size_bytes(self) -> int:
        """Return size of the database."""
        with self.scan() as connection:
            told = connection.exec_driver_sql("SELECT pg_database_size(current_database())")
            return int(told.scalar() or 0)

    def close(self) -> None:
        """Close all connections."""
        self._listener.close()
        self._watch.close()
        self._connect_anew()
        self._transactions.close()

    def __exit__(self, *_: object) -> None:
        self.close()


class _ChangeWatch:
    """Tells whether anybody has committed since the last time it was asked.

    A snapshot names all transactions that it sees, so equal ones see the same. It costs one short
    question; what is committed to other databases of the server makes it True as well.
    """

    def __init__(self, address: PostgresAddress, lost: Callable[[], None]) -> None:
        self._address = address
        self._lost = lost
        self._connection = connect(address, autocommit=True)
        self._seen: str | None = None
        self._asking = threading.Lock()

    def changed(self) -> bool:
        """Tell whether something was committed since the last call; True at the first."""
        with self._asking:
            now = self._asked() or self._asked_again()
            seen, self._seen = self._seen, now
            return now != seen

    def _asked(self) -> str | None:
        """The present snapshot; None: the connection is lost."""
        try:
            row: Any = self._connection.execute("SELECT pg_current_snapshot()::text").fetchone()
        except driver().Error as error:
            if self._connection.closed:
                return None
            raise translated(str(self._address), error) or error from error
        return str(row[0])

    def _asked_again(self) -> str | None:
        # The server was restarted, or the network was away: the other connections are lost too.
        self._connection = connect(self._address, autocommit=True)
        self._lost()
        return self._asked()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
