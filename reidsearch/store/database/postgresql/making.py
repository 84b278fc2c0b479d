"""An archive's beginning in PostgreSQL, and its change of version."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from reidsearch.base.address import PostgresAddress
from reidsearch.base.errors import ArchiveError, Kind, ReidsearchError, StorageError
from reidsearch.store.database import schema
from reidsearch.store.database.postgresql import proofs
from reidsearch.store.database.postgresql.connections import (
    TABLES,
    connected,
    driver,
    open_engine,
)
from reidsearch.store.database.postgresql.locks import CLASS, Lock, SessionLocks

LEAST_VERSION = 150000
EVERYBODYS = "postgres"  # the database that every server has: from it others are made
COLLATIONS = {"C", "POSIX"}


def holds_archive(address: PostgresAddress) -> bool:
    """Tell whether this database is there and holds an archive's tables."""
    try:
        with connected(address) as connection:
            return _has_tables(connection)
    except ArchiveError as error:
        if error.kind == Kind.ARCHIVE_MISSING:
            return False
        raise


def _has_tables(connection: Any) -> bool:
    row = connection.execute(f"SELECT to_regclass('{TABLES}.archive') IS NOT NULL").fetchone()
    return bool(row and row[0])


def require_database(address: PostgresAddress) -> None:
    """Make the database where it is absent; refuse one that cannot hold an archive.

    Raises:
        StorageError: it cannot be made.
        ArchiveError: it sorts text in another way than by its code points, it is not of UTF-8, the
            server is too old, or what lies there is no archive.
    """
    try:
        _require_fit(address)
    except ArchiveError as error:
        if error.kind != Kind.ARCHIVE_MISSING:
            raise
        _make_database(address)
        _require_fit(address)


def _make_database(address: PostgresAddress) -> None:
    psycopg = driver()
    name = psycopg.conninfo.conninfo_to_dict(address.url).get("dbname")
    made = psycopg.sql.SQL(
        "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'"
    )
    try:
        with (
            connected(address, dbname=EVERYBODYS) as connection,
            contextlib.suppress(psycopg.errors.DuplicateDatabase),
        ):
            connection.execute(made.format(psycopg.sql.Identifier(name)))
    except ReidsearchError as error:
        raise StorageError(
            f"{address} is not there, and cannot be made: {error.message}",
            f"let somebody make the database {name}, of the encoding UTF8 and the collation C",
        ) from error


def _require_fit(address: PostgresAddress) -> None:
    with connected(address) as connection:
        version = connection.info.server_version
        row = connection.execute(
            "SELECT pg_encoding_to_char(encoding), datcollate, datlocprovider::text, "
            "to_regnamespace('main') IS NOT NULL "
            "FROM pg_catalog.pg_database WHERE datname = current_database()"
        ).fetchone()
        there = _has_tables(connection)
    if version < LEAST_VERSION:
        raise ArchiveError(
            f"{address}: PostgreSQL {version // 10000} is too old",
            f"take one of version {LEAST_VERSION // 10000} or later",
        )
    encoding, collation, provider, taken = row or ("", "", "", False)
    by_code_point = provider == "b" or (provider == "c" and collation in COLLATIONS)
    if encoding != "UTF8" or not by_code_point:
        raise ArchiveError(
            f"{address} is a database of {encoding} with the collation {collation}; an archive "
            "takes UTF8 and C, so that text sorts in the same way everywhere",
            "make another one from template0, of the encoding UTF8 and the collation C",
        )
    if taken and not there:
        raise ArchiveError(
            f"{address} has a schema {TABLES} that is no archive's", "give another database"
        )


@contextlib.contextmanager
def creating(address: PostgresAddress) -> Iterator[Connection | None]:
    """Give a transaction in which the tables are made; None: somebody has made them meanwhile."""
    with _changing(address) as connection:
        if connection.exec_driver_sql(f"SELECT to_regclass('{TABLES}.archive')").scalar():
            yield None
            return
        connection.exec_driver_sql(f"CREATE SCHEMA {TABLES}")
        connection.exec_driver_sql(f"SET LOCAL search_path = {TABLES}, pg_temp")
        schema.upgrade(connection)
        proofs.install(connection)
        yield connection


@contextlib.contextmanager
def locked(address: PostgresAddress) -> Iterator[None]:
    """Hold the writer lock of an archive that cannot be opened as it is.

    Raises:
        ArchiveLocked: somebody holds it.
    """
    engine = open_engine(address, read_only=True)
    try:
        with SessionLocks(address, engine.connect).hold(Lock.WRITER):
            yield
    finally:
        engine.dispose()


@contextlib.contextmanager
def rebuilding(address: PostgresAddress) -> Iterator[Connection]:
    """Give one transaction in which tables may be changed; no row has a digest kept meanwhile.

    The caller holds the writer lock.
    """
    with _changing(address) as connection:
        proofs.remove(connection)
        yield connection
        proofs.seal(connection)
        proofs.install(connection)


@contextlib.contextmanager
def _changing(address: PostgresAddress) -> Iterator[Connection]:
    engine = open_engine(address, read_only=False, migrating=True)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(
                f"SELECT pg_advisory_xact_lock({CLASS}, {int(Lock.TRANSACTION)})"
            )
            yield connection
    finally:
        engine.dispose()


def require_current(connection: Connection, address: PostgresAddress) -> None:
    """Refuse an archive of another version, or one that another program has changed.

    Raises:
        ArchiveError: it holds something else.
        ArchiveVersionError: it has to be migrated, or this program to be upgraded.
    """
    schema.require_revision(revision(connection), address)
    proofs.require_installed(connection, str(address))


def revision(connection: Connection) -> str | None:
    """Return the archive's revision; None when it has no tables."""
    table = f"{TABLES}.alembic_version"
    if connection.exec_driver_sql(f"SELECT to_regclass('{table}')").scalar() is None:
        return None
    found: str | None = connection.exec_driver_sql(
        f"SELECT version_num FROM {table}"  # noqa: S608
    ).scalar()
    return found
