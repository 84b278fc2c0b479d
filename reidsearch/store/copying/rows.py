"""Rows as plain values: read in the order of their keys, inserted, compared, and digested.

Both kinds of databases give the same values for what means the same: JSON is its text as stored,
a truth value is 0 or 1. The digests of rows are not among them: each database keeps its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Insert,
    LargeBinary,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    tuple_,
)
from sqlalchemy.exc import DBAPIError

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.store.chunks import chunks
from reidsearch.store.row_digests import DIGEST, SHA256, Value, blob_of, row_name
from reidsearch.store.tables.every import metadata

Values: TypeAlias = tuple[Value, ...]

OBJECTS = frozenset({"picture_store", "picture_object", "picture_gone"})
OWN = OBJECTS | {"archive", "generation", "neighbours", "pending", "session"}
"""Tables whose rows are an archive's own: its state, derived files, work left to do, who is in.

And its objects: pictures in a store are copied as rows of `picture`, see `copying.pictures`.
"""
BLOBS_AT_ONCE, ROWS_AT_ONCE = 25, 1000
BYTES_AT_ONCE = 4 << 20  # of a transaction


def copied_tables() -> list[Table]:
    """Return the tables whose rows are copied, those that are referred to first."""
    return [table for table in metadata.sorted_tables if table.name not in OWN]


@cache
def columns_of(table: Table) -> tuple[Column[Any], ...]:
    """Return the columns that are copied."""
    return tuple(column for column in table.c if column.name != DIGEST)


def key_of(table: Table, row: Values) -> Values:
    """Return the key of a row."""
    return tuple(row[at] for at in _key_places(table))


@cache
def _key_places(table: Table) -> tuple[int, ...]:
    names = [column.name for column in columns_of(table)]
    return tuple(names.index(column.name) for column in table.primary_key)


@cache
def _blob_places(table: Table) -> tuple[int, int] | None:
    """The places of a blob and of its checksum; None: there is none."""
    blob = blob_of(table)
    names = [column.name for column in columns_of(table)]
    return None if blob is None else (names.index(blob), names.index(SHA256))


def count(connection: Connection, table: Table) -> int:
    """Return how many rows a table has."""
    return connection.scalar(select(func.count()).select_from(table)) or 0


def last_key(connection: Connection, table: Table) -> Values | None:
    """Return the highest key of a table; None: it is empty."""
    keys = [*table.primary_key]
    newest = select(*keys).order_by(*(key.desc() for key in keys)).limit(1)
    row = connection.execute(newest).one_or_none()
    return tuple(row) if row else None


def read(
    connection: Connection,
    table: Table,
    *,
    after: Values | None = None,
    last: Values | None = None,
) -> Iterator[Values]:
    """Yield the rows of a table in the order of their keys.

    Args:
        connection: of `Database.read`, which proves every row.
        after: those whose key is higher; None: all.
        last: those up to this key; None: all.

    Raises:
        ArchiveError: a row is damaged, or what it holds differs from its checksum.
    """
    query = _query(table).order_by(*table.primary_key)
    if after is not None:
        query = query.where(_tuple(table) > tuple_(*after))
    if last is not None:
        query = query.where(_tuple(table) <= tuple_(*last))
    yield from _rows(connection, table, query)


def read_keys(connection: Connection, table: Table, keys: Sequence[Values]) -> Iterator[Values]:
    """Yield the rows of these keys, in any order."""
    for part in chunks(keys):
        yield from _rows(connection, table, _query(table).where(_tuple(table).in_(part)))


def _rows(connection: Connection, table: Table, query: Select[Any]) -> Iterator[Values]:
    at_once = BLOBS_AT_ONCE if _has_blob(table) else ROWS_AT_ONCE
    blob = _blob_places(table)
    found = connection.execute(query, execution_options={"yield_per": at_once})
    for row in found:
        values = tuple(int(one) if isinstance(one, bool) else one for one in row)
        if blob is not None:
            _require_blob(table, values, *blob)
        yield values


def _has_blob(table: Table) -> bool:
    return any(isinstance(one.type, LargeBinary) and one.type.length is None for one in table.c)


def _require_blob(table: Table, row: Values, blob: int, sha256: int) -> None:
    held = row[blob]
    if not isinstance(held, bytes) or hashlib.sha256(held).digest() != row[sha256]:
        names = [column.name for column in table.primary_key]
        told = row_name(dict(zip(names, key_of(table, row), strict=True)))
        raise ArchiveError(
            f"a row of table {table.name} is damaged ({told}): its checksum differs",
            "verify the archive",
            kind=Kind.ARCHIVE_DAMAGED,
            table=table.name,
            row=told,
        )


@cache
def _query(table: Table) -> Select[Any]:
    return select(*(_told(column) for column in columns_of(table)))


def _told(column: Column[Any]) -> ColumnElement[Any]:
    # As text: a null of JSON and one of SQL are different, and both are None when they are read.
    return cast(column, Text).label(column.name) if isinstance(column.type, JSON) else column


def _tuple(table: Table) -> Any:
    return tuple_(*table.primary_key)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows; the database gives each its digest.

    Raises:
        ArchiveError: the database takes no such values.
    """
    names = [column.name for column in columns_of(table)]
    given = [dict(zip(names, _taken(table, row), strict=True)) for row in rows]
    try:
        connection.execute(_inserting(table, connection.dialect.name), given)
    except DBAPIError as error:
        raise ArchiveError(
            f"rows of table {table.name} cannot be held there: {error.orig}",
            "verify the archive that is copied",
        ) from error


def _taken(table: Table, row: Values) -> Iterator[Any]:
    for column, value in zip(columns_of(table), row, strict=True):
        yield bool(value) if isinstance(column.type, Boolean) and value is not None else value


@cache
def _inserting(table: Table, dialect: str) -> Insert:
    made: dict[str, Any] = {}
    for column in columns_of(table):
        if isinstance(column.type, JSON):
            text = bindparam(column.name, type_=Text())
            # SQLite keeps JSON as text, and would take such a cast for one to a number.
            made[column.name] = text if dialect == "sqlite" else cast(text, JSON)
    return insert(table).values(
        {column.name: made.get(column.name, bindparam(column.name)) for column in columns_of(table)}
    )


def delete_rows(connection: Connection, table: Table, keys: Sequence[Values]) -> None:
    """Delete the rows of these keys."""
    for part in chunks(keys):
        connection.execute(delete(table).where(_tuple(table).in_(part)))


def batches(rows: Iterable[Values]) -> Iterator[list[Values]]:
    """Part rows into as many as one transaction takes."""
    batch: list[Values] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum(len(one) if isinstance(one, str | bytes) else 8 for one in row)
        if size >= BYTES_AT_ONCE or len(batch) >= ROWS_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def without_blob(table: Table, row: Values) -> Values:
    """Return a row without the content that its checksum is of."""
    blob = _blob_places(table)
    return row if blob is None else (*row[: blob[0]], None, *row[blob[0] + 1 :])


class Digest:
    """The digest of a table's rows, by their values; a blob enters through its SHA-256."""

    def __init__(self, table: Table) -> None:
        self._sum = hashlib.sha256(table.name.encode())
        self._blob = _blob_places(table)
        self.rows = 0

    def add(self, row: Values) -> None:
        """Take a row in, the next one in the order of keys."""
        self.rows += 1
        if self._blob is not None:
            row = row[: self._blob[0]] + row[self._blob[0] + 1 :]
        # `ascii` of numbers, text and bytes is the same for every version of Python.
        self._sum.update(ascii(row).encode() + b"\n")

    def hexdigest(self) -> str:
        """Return it."""
        return self._sum.hexdigest()
