"""Connections to an archive's PostgreSQL: how they are made and configured, and kept in a pool.

What goes wrong on them is already reidsearch's error (`errors.translated`). Where a password is
needed libpq finds it itself: in PGPASSWORD, PGPASSFILE or ~/.pgpass, or a service file.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Engine, Integer, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import QueuePool

from reidsearch.base.address import PostgresAddress
from reidsearch.base.errors import ReidsearchError, StorageError, UsageError
from reidsearch.base.foreign_errors import exhausted
from reidsearch.store.database.postgresql.errors import translated

if TYPE_CHECKING:
    import psycopg

LOCK_TIMEOUT_S = 30.0
IDLE_IN_WRITE_S = 20.0
"""A process that is frozen within a transaction that writes is cut off before others give up."""
DESCRIPTORS = 4  # that a connection needs while it is made
CONNECT_TIMEOUT_S = 10
KEPT_CONNECTIONS = 16  # of threads that read at once; more are opened and closed as they come
PROVEN, TABLES = "proven", "main"

# A server or a network that is gone is noticed within a minute, not after two hours.
_KEEPALIVE = {"keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3}


def driver() -> Any:
    """Return psycopg.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import psycopg
    except ImportError as error:
        raise UsageError(
            f"an archive of PostgreSQL needs psycopg, which cannot be loaded: {error}",
            "install reidsearch[team]",
        ) from error
    return psycopg


def name_of(host: str, pid: int) -> str:
    """Return the name that all connections of a process have; the server knows 63 letters."""
    return f"reidsearch {pid} on {host}"[:63]


def connect(address: PostgresAddress, *, autocommit: bool = False, **options: Any) -> Any:
    """Open a connection.

    Args:
        options: parameters of libpq that go before those of the address.

    Raises:
        ReidsearchError: that cannot be done, as `translated` has it.
    """
    psycopg = driver()
    wanted: dict[str, Any] = {
        **_KEEPALIVE,
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": name_of(socket.gethostname(), os.getpid()),
        "client_encoding": "utf8",
    }
    try:
        given = psycopg.conninfo.conninfo_to_dict(address.url)
        wanted = {name: value for name, value in wanted.items() if name not in given}
        connection = psycopg.connect(address.url, autocommit=autocommit, **{**wanted, **options})
    except psycopg.Error as error:
        lacking = _no_descriptors(str(address))
        raise lacking or translated(str(address), error) or error from error
    connection.adapters.register_loader("numeric", _number_loader())
    return connection


def _no_descriptors(location: str) -> StorageError | None:
    """Return the error of a process that can open too few files to connect: libpq tells nothing."""
    with contextlib.ExitStack() as opened:
        try:
            for _ in range(DESCRIPTORS):
                opened.enter_context(socket.socket())
        except OSError as error:
            return exhausted(error, location)
    return None


@contextlib.contextmanager
def connected(address: PostgresAddress, **options: Any) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection without SQLAlchemy, in autocommit, for what needs no transaction."""
    connection = connect(address, autocommit=True, **options)
    try:
        yield connection
    except driver().Error as error:
        raise translated(str(address), error) or error from error
    finally:
        connection.close()


def open_engine(address: PostgresAddress, *, read_only: bool, migrating: bool = False) -> Engine:
    """Return an engine whose errors are already reidsearch's.

    A reading one gives connections on one snapshot, whose rows are proven.

    Args:
        migrating: tables are made or changed with it.
    """
    idle_s = 0.0 if read_only or migrating else IDLE_IN_WRITE_S
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: _configured(connect(address), address, read_only=read_only, idle_s=idle_s),
        poolclass=QueuePool,
        pool_size=KEPT_CONNECTIONS,
        max_overflow=-1,  # a reader never waits for another one's connection
        pool_use_lifo=True,
        use_native_hstore=False,  # looking for it costs a query
    )
    if not migrating:
        # Any number may be asked for: with 32 bits a larger one would be an error, not absent.
        engine.dialect.colspecs = {**engine.dialect.colspecs, Integer: _Wide}
    event.listen(engine, "handle_error", _translate_for(str(address)), retval=True)
    return engine


class _Wide(BigInteger):
    """Integers that statements bind, whatever their column's width is."""

    render_bind_cast = True


def _configured(
    connection: Any, address: PostgresAddress, *, read_only: bool, idle_s: float
) -> Any:
    psycopg = driver()
    path = f"{PROVEN}, {TABLES}, pg_temp" if read_only else f"{TABLES}, pg_temp"
    settings = [
        f"SET search_path = {path}",
        f"SET lock_timeout = {int(LOCK_TIMEOUT_S * 1000)}",
        f"SET idle_in_transaction_session_timeout = {int(idle_s * 1000)}",
        "SET timezone = 'UTC'",
    ]
    if not read_only:
        # An acknowledged crop survives a power cut, whatever the server's default is.
        settings.append("SET synchronous_commit = on")
        # The server, too, notices within a minute that this machine is gone, and lets others write.
        settings += ["SET tcp_keepalives_idle = 20", "SET tcp_keepalives_interval = 10"]
    try:
        connection.execute("; ".join(settings))
        connection.commit()
    except psycopg.Error as error:
        connection.close()
        raise translated(str(address), error) or error from error
    if read_only:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
    return connection


def _number_loader() -> type[Any]:
    """Sums of integers are integers, means are floats, as in SQLite; never a `Decimal`."""
    from psycopg.adapt import Loader

    class NumberLoader(Loader):
        def load(self, data: Any) -> int | float:
            text = bytes(data).decode("ascii")
            return int(text) if text.lstrip("-").isdigit() else float(text)

    return NumberLoader


def _translate_for(location: str) -> Callable[[ExceptionContext], ReidsearchError | None]:
    def translate(context: ExceptionContext) -> ReidsearchError | None:
        return translated(location, context.original_exception)

    return translate
