"""How PostgreSQL keeps and compares the digests of rows; what they cover is in `row_digests`.

A trigger of each table gives an inserted row its digest, and proves a changed one before it gets
another. A view of each table, in the schema that reading connections look into first, proves every
row on its way. The digest is the beginning of a SHA-256 of the table's name and of the columns in
PostgreSQL's own binary form (`record_send`), which tells types, lengths and nulls apart: it is
computed by the server, so it differs from the one that SQLite keeps of the same row.

All this is made by `install` when an archive is made or migrated, and is no part of the migrations.
"""

from __future__ import annotations

import hashlib
from functools import cache

from sqlalchemy import Connection, Table

from reidsearch.base.errors import ArchiveError, ArchiveVersionError, Kind
from reidsearch.store.database.postgresql.connections import PROVEN, TABLES
from reidsearch.store.database.postgresql.errors import DAMAGED
from reidsearch.store.row_digests import DIGEST, SHA256, blob_of, covered, has_digest, told_of
from reidsearch.store.tables.every import metadata

TRIGGER = "row_digest"
_TRIGGERS = (
    "SELECT relname::text, tgname::text, tgenabled::text FROM pg_catalog.pg_trigger "
    "JOIN pg_catalog.pg_class ON pg_class.oid = tgrelid "
    "WHERE relnamespace = 'main'::regnamespace AND NOT tgisinternal"
)
_OTHERS = (
    "SELECT count(*), obj_description(to_regnamespace('proven')::oid, 'pg_namespace') "
    "FROM pg_catalog.pg_class "
    "WHERE relnamespace = 'main'::regnamespace AND relkind IN ('v', 'm', 'f')"
)
DIGEST_BYTES = 8


def digest(table: Table, prefix: str) -> str:
    """Return the SQL of a row's digest."""
    columns = ", ".join(f'{prefix}"{column.name}"' for column in covered(table))
    told = f"convert_to('{table.name}', 'UTF8') || record_send(ROW({columns}))"
    return f"substr(sha256({told}), 1, {DIGEST_BYTES})"


def whole(table: Table, prefix: str) -> str:
    """Return the SQL that tells whether a row is what was written; it raises nothing."""
    if has_digest(table):
        return f"coalesce({prefix}{DIGEST} = {digest(table, prefix)}, false)"
    return f"coalesce(sha256({prefix}{blob_of(table)}) = {prefix}{SHA256}, false)"


def intact(table: Table, prefix: str) -> str:
    """Return the SQL of a condition that raises where a row is not what was written.

    `IS NOT NULL` lets the planner expect that all rows pass: it joins in the same order then.
    """
    told = " || ', ' || ".join(f"'{name} ' || {prefix}\"{name}\"::text" for name in told_of(table))
    refused = f"{PROVEN}.damaged('{table.name}', {told})"
    return f"(CASE WHEN {whole(table, prefix)} THEN true ELSE {refused} END IS NOT NULL)"


def install(connection: Connection) -> None:
    """Make triggers, views and notes anew; on a connection that looks into `main`."""
    for statement in (*_removing(), *_making()):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def remove(connection: Connection) -> None:
    """Take triggers and views away, so that a migration can change the tables."""
    for statement in _removing():
        connection.exec_driver_sql(statement)


def seal(connection: Connection) -> None:
    """Give a digest to every row that has none: new ones, and those that a migration changed."""
    for table in _with_digest():
        connection.exec_driver_sql(
            f"UPDATE {TABLES}.{table.name} SET {DIGEST} = {digest(table, '')} "  # noqa: S608
            f"WHERE {DIGEST} IS NULL"
        )


def require_installed(connection: Connection, where: str) -> None:
    """Refuse a database whose triggers and views are not those of this version.

    Raises:
        ArchiveError: some are missing, or there are others.
        ArchiveVersionError: another version made them.
    """
    triggers = connection.exec_driver_sql(_TRIGGERS)
    others, told = connection.exec_driver_sql(_OTHERS).one()
    expected = sorted((table.name, TRIGGER, "O") for table in _with_digest())
    if told and told != version():
        raise ArchiveVersionError(
            f"what proves the rows of {where} was made by another version",
            "migrate it",
            kind=Kind.ARCHIVE_OUTDATED,
            archive=where,
        )
    if sorted(tuple(row) for row in triggers) != expected or others or not told:
        raise ArchiveError(
            f"the database of {where} has not the triggers of this version, or others: it was "
            "changed by another program",
            "restore it from a backup",
            kind=Kind.ARCHIVE_FOREIGN,
        )


@cache
def version() -> str:
    """Return what tells the present triggers and views from those of other versions."""
    return hashlib.sha256("\n".join(_making_but_version()).encode()).hexdigest()[:32]


def _with_digest() -> list[Table]:
    return [table for table in metadata.tables.values() if has_digest(table)]


def _removing() -> list[str]:
    return [f"DROP SCHEMA IF EXISTS {PROVEN} CASCADE"]  # the triggers go with their functions


@cache
def _making() -> tuple[str, ...]:
    return (*_making_but_version(), f"COMMENT ON SCHEMA {PROVEN} IS '{version()}'")


@cache
def _making_but_version() -> tuple[str, ...]:
    made = [
        f"CREATE SCHEMA {PROVEN}",
        f"CREATE TABLE {PROVEN}.lock_note (backend integer PRIMARY KEY, note text NOT NULL)",
        f"CREATE TABLE {PROVEN}.commit_note (writer text PRIMARY KEY, number bigint NOT NULL, "
        "at timestamptz NOT NULL DEFAULT now())",
        f"CREATE FUNCTION {PROVEN}.damaged(named text, told text) RETURNS boolean "
        "LANGUAGE plpgsql IMMUTABLE COST 10000 AS $$ BEGIN "
        f"RAISE EXCEPTION USING ERRCODE = '{DAMAGED}', MESSAGE = named, DETAIL = told; END $$",
    ]
    for table in metadata.tables.values():
        name = table.name
        made.append(
            f"CREATE VIEW {PROVEN}.{name} AS SELECT * FROM {TABLES}.{name} "  # noqa: S608
            f"WHERE {intact(table, f'{name}.')}"
        )
        if not has_digest(table):
            continue
        columns = ", ".join(f'"{column.name}"' for column in table.c if column.name != DIGEST)
        made += [
            f"CREATE FUNCTION {PROVEN}.{name}_digest() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF TG_OP = 'UPDATE' AND NOT {intact(table, 'OLD.')} THEN RETURN NULL; END IF; "
            f"NEW.{DIGEST} := {digest(table, 'NEW.')}; RETURN NEW; END $$",
            f"CREATE TRIGGER {TRIGGER} BEFORE INSERT OR UPDATE OF {columns} "
            f"ON {TABLES}.{name} FOR EACH ROW EXECUTE FUNCTION {PROVEN}.{name}_digest()",
        ]
    return tuple(made)
