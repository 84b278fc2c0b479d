"""What tables refer to, while an archive is filled in another order than its rows were made in.

SQLite does not look at references on a connection that says so; PostgreSQL has to be without them
until all rows are there, and then proves all of them at once.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table
from sqlalchemy.exc import IntegrityError

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.store.database import sqlite

_HELD = (
    "SELECT relname::text, conname::text, pg_get_constraintdef(pg_constraint.oid) "
    "FROM pg_catalog.pg_constraint JOIN pg_catalog.pg_class ON pg_class.oid = conrelid "
    "WHERE contype = 'f' AND connamespace = 'main'::regnamespace ORDER BY 1, 2"
)


def taken_away(connection: Connection) -> list[list[str]]:
    """Take the references away that would be looked at; return them: table, name, definition."""
    if connection.dialect.name == "sqlite":
        return []
    held = [list(row) for row in connection.exec_driver_sql(_HELD)]
    for table, name, _ in held:
        connection.exec_driver_sql(f'ALTER TABLE main."{table}" DROP CONSTRAINT "{name}"')
    return held


def given_back(connection: Connection, held: list[list[str]]) -> None:
    """Make them again, and prove that all hold.

    Raises:
        ArchiveError: rows refer to rows that are not there.
    """
    try:
        if connection.dialect.name == "sqlite":
            broken = sqlite.broken_references(connection)
        else:
            broken = 0
            for table, name, made in held:
                told = made.replace("%", "%%")
                connection.exec_driver_sql(
                    f'ALTER TABLE main."{table}" ADD CONSTRAINT "{name}" {told}'
                )
    except IntegrityError as error:
        raise _broken(f" ({error.orig})") from error
    if broken:
        raise _broken("")


def _broken(told: str) -> ArchiveError:
    return ArchiveError(
        f"rows refer to rows that are missing{told}; nothing was made of the copy",
        "verify the archive that is copied",
        kind=Kind.ARCHIVE_DAMAGED,
    )


def counter_of(connection: Connection, table: Table) -> int:
    """Return the highest number that a table's rows ever had; 0: none, or it counts none."""
    if table.autoincrement_column is None:
        return 0
    name, column = table.name, table.autoincrement_column.name
    held = connection.exec_driver_sql(f'SELECT max("{column}") FROM main."{name}"').scalar() or 0  # noqa: S608
    if connection.dialect.name == "sqlite":
        if not table.dialect_options["sqlite"]["autoincrement"]:
            return int(held)
        seen = connection.exec_driver_sql(
            "SELECT seq FROM main.sqlite_sequence WHERE name = ?", (name,)
        ).scalar()
    else:
        sequence = connection.exec_driver_sql(_SEQUENCE, (f'main."{name}"', column)).scalar()
        if sequence is None:
            return int(held)
        seen = connection.exec_driver_sql(
            f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"  # noqa: S608
        ).scalar()
    return max(int(held), int(seen or 0))


def set_counter(connection: Connection, table: Table, highest: int) -> None:
    """Let a table give no number again that one of its rows ever had."""
    if table.autoincrement_column is None or highest < 1:
        return
    name, column = table.name, table.autoincrement_column.name
    if connection.dialect.name == "sqlite":
        if table.dialect_options["sqlite"]["autoincrement"]:
            connection.exec_driver_sql("DELETE FROM main.sqlite_sequence WHERE name = ?", (name,))
            connection.exec_driver_sql(
                "INSERT INTO main.sqlite_sequence (name, seq) VALUES (?, ?)", (name, highest)
            )
        return
    sequence = connection.exec_driver_sql(_SEQUENCE, (f'main."{name}"', column)).scalar()
    if sequence is not None:
        connection.exec_driver_sql("SELECT setval(%s::regclass, %s)", (sequence, highest))


_SEQUENCE = "SELECT pg_get_serial_sequence(%s, %s)"
