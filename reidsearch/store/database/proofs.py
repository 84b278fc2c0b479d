"""Conditions by which statements prove rows, written for the database that runs them.

What a digest covers is in `store/row_digests.py`; how SQLite keeps and compares it in
`sqlite_proofs`, how PostgreSQL does in `postgresql/proofs`.
"""

from __future__ import annotations

from sqlalchemy import Boolean, ColumnElement, Connection, Table, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.store.database import sqlite_proofs
from reidsearch.store.database.postgresql import proofs as postgresql_proofs
from reidsearch.store.row_digests import DIGEST
from reidsearch.store.tables.every import metadata


class _Proof(ColumnElement[bool]):
    """A condition on the rows of a table, which each dialect writes in its own way."""

    inherit_cache = True
    type = Boolean()
    _traverse_internals = [  # noqa: RUF012 - as SQLAlchemy reads it: what tells statements apart
        ("table", InternalTraversal.dp_string),
        ("raises", InternalTraversal.dp_boolean),
    ]

    def __init__(self, table: str, raises: bool) -> None:
        self.table = table
        self.raises = raises

    def self_group(self, against: object = None) -> _Proof:
        return self


@compiles(_Proof, "sqlite")
def _of_sqlite(element: _Proof, _compiler: object, **_: object) -> str:
    table = metadata.tables[element.table]
    return sqlite_proofs.intact(table) if element.raises else sqlite_proofs.damaged(table)


@compiles(_Proof, "postgresql")
def _of_postgresql(element: _Proof, _compiler: object, **_: object) -> str:
    table, prefix = metadata.tables[element.table], f"{element.table}."
    if element.raises:
        return postgresql_proofs.intact(table, prefix)
    return f"(NOT {postgresql_proofs.whole(table, prefix)})"


def intact(table: Table) -> ColumnElement[bool]:
    """Return the condition that proves the rows of a table, for a statement past the views.

    A writing connection has no views: what it reads to decide by is proven by this.
    """
    return _Proof(table.name, raises=True)


def damaged(table: Table) -> ColumnElement[bool]:
    """Return the condition on rows of a table that are not what was written; it raises nothing."""
    return _Proof(table.name, raises=False)


def require_intact(connection: Connection, table: Table) -> None:
    """Prove all rows of a small table, of which none may be passed over.

    Raises:
        ArchiveError: one is damaged.
    """
    rows = select(func.count()).select_from(table)
    if connection.scalar(rows) != connection.scalar(rows.where(intact(table))):
        raise ArchiveError(
            f"a row of table {table.name} is damaged",
            "verify the archive",
            kind=Kind.ARCHIVE_DAMAGED,
            table=table.name,
        )


def seal(connection: Connection) -> None:
    """Give a digest to every row that has none, on a connection that migrates."""
    sqlite = connection.dialect.name == "sqlite"
    (sqlite_proofs if sqlite else postgresql_proofs).seal(connection)


def reseal(connection: Connection, table: Table) -> None:
    """Take the rows of a table for what they are: they are about to be made anew."""
    sqlite = connection.dialect.name == "sqlite"
    made = sqlite_proofs.digest(table, "") if sqlite else postgresql_proofs.digest(table, "")
    connection.exec_driver_sql(f"UPDATE main.{table.name} SET {DIGEST} = {made}")  # noqa: S608
