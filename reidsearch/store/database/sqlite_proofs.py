"""How SQLite keeps and compares the digests of rows; what they cover is in `store/row_digests.py`.

Nothing of it is in the file but the digests. A connection that writes has temporary triggers: an
inserted row gets its digest unless it brings one (`inserting`), a changed one is proven before it
gets another, so that a change never makes a damaged row look whole. A connection that reads has
temporary views with the names of the tables, which stand before them: every row that a statement
takes is proven on its way, and no statement has to ask for it. Whoever counts or filters whole
tables reads past the views (`UNPROVEN`), because calling into Python for every row costs fifty
times what SQLite does.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from secrets import token_bytes
from typing import Any, TypeAlias

from sqlalchemy import JSON, Column, Connection, String, Table

from reidsearch.store.row_digests import (
    DIGEST,
    SHA256,
    Value,
    blob_of,
    covered,
    digest_of,
    fits,
    has_digest,
    row_name,
    told_of,
)
from reidsearch.store.tables.every import metadata

_Value: TypeAlias = Callable[[Column[Any], str], str]
_JOINED_TO_MANY = frozenset({"camera"})
"""Tables of few rows, without floats, that statements join to each of many: the same is proven."""
_MISMATCH = "user-defined function raised exception"


@dataclass(frozen=True, slots=True)
class DamagedRow:
    """A row that is not what was written: which one, as messages name it; empty: not known."""

    table: str
    row: str


class _Found(threading.local):
    """The row at which the present statement of this thread stopped."""

    row: DamagedRow | None = None


_found = _Found()


def stopped_at(error: sqlite3.Error) -> DamagedRow | None:
    """Return the damaged row that made a statement of this thread fail; None: no row did."""
    if str(error) != _MISMATCH:
        return None
    row, _found.row = _found.row, None
    return row or DamagedRow("", "")  # a number that became bytes that are no text


def on_reading(connection: sqlite3.Connection) -> None:
    """Let a connection prove every row that it reads."""
    on_migrating(connection)
    for statement in _views():
        connection.execute(statement)


def on_writing(connection: sqlite3.Connection) -> None:
    """Let a connection give a digest to every row that it writes."""
    on_migrating(connection)
    for statement in _triggers():
        connection.execute(statement)


def on_migrating(connection: sqlite3.Connection) -> None:
    """Let a connection compute digests; `seal` gives them to rows."""
    connection.create_function("row_digest", -1, _digest_function, deterministic=True)
    connection.create_function("row_intact", -1, _intact_function, deterministic=True)
    connection.create_function("row_intact_again", -1, _intact_again, deterministic=True)
    connection.create_function("blob_intact", 5, _blob_function, deterministic=True)


def intact(table: Table) -> str:
    """Return the SQL of the condition that raises where a row is not what was written."""
    return _intact(table, f"{table.name}.")


def damaged(table: Table) -> str:
    """Return the SQL of the condition on rows that are not what was written; it raises nothing."""
    return f"({table.name}.{DIGEST} IS NOT {digest(table, f'{table.name}.', _told)})"


def seal(connection: Connection) -> None:
    """Give a digest to every row that has none: new ones, and those that a migration changed."""
    for table in _with_digest():
        connection.exec_driver_sql(
            f"UPDATE {table.name} SET {DIGEST} = {digest(table, '')} WHERE {DIGEST} IS NULL"  # noqa: S608
        )


def rows_proven(
    connection: Connection, table: Table, after: int, most: int
) -> tuple[int | None, int, list[dict[str, Value]]]:
    """Prove some rows of a table, by row id.

    Args:
        connection: past the views.

    Returns:
        The last row's id (None: there was none), how many were read, and of the damaged ones the
        columns of `told_of`.
    """
    told = told_of(table)
    names = ", ".join(_told(table.c[name], "") for name in told)
    whole = f"{DIGEST} IS {digest(table, '', _told)}"
    rows = connection.exec_driver_sql(
        f"SELECT rowid, {whole}, {names} FROM main.{table.name} WHERE rowid > ? "  # noqa: S608
        "ORDER BY rowid LIMIT ?",
        (after, most),
    ).all()
    odd = [dict(zip(told, row[2:], strict=True)) for row in rows if not row[1]]
    return rows[-1][0] if rows else None, len(rows), odd


def _digest_function(table: str, *values: Value) -> bytes:
    # Values of other kinds than a column holds have a digest that none is equal to.
    return digest_of(table, values) if fits(metadata.tables[table], values) else token_bytes(8)


def _intact_function(table: str, digest: Value, *values: Value) -> int:
    if digest_of(table, values) != digest or not fits(metadata.tables[table], values):
        names = [column.name for column in covered(metadata.tables[table])]
        told = told_of(metadata.tables[table])
        row = row_name({name: values[names.index(name)] for name in told})
        _found.row = DamagedRow(table, row)
        raise ValueError
    return 1


# Kinds are told apart: 1 and 1.0 are equal, and one of them is damage. What raises is not kept.
_intact_again = lru_cache(maxsize=1024, typed=True)(_intact_function)


def _blob_function(table: str, key: str, value: Value, blob: Value, sha256: Value) -> int:
    if not isinstance(blob, bytes) or hashlib.sha256(blob).digest() != sha256:
        _found.row = DamagedRow(table, row_name({key: value}))
        raise ValueError
    return 1


def _with_digest() -> list[Table]:
    return [table for table in metadata.tables.values() if has_digest(table)]


@cache
def _views() -> tuple[str, ...]:
    # `likely`: otherwise SQLite takes the proof for a filter, and may join in another order.
    return tuple(
        f"CREATE TEMP VIEW {table.name} AS SELECT * FROM main.{table.name} "  # noqa: S608
        f"WHERE likely((SELECT {_intact(table, '')}))"
        for table in metadata.tables.values()
    )


@cache
def _triggers() -> tuple[str, ...]:
    made = []
    for table in _with_digest():
        name = table.name
        columns = ", ".join(f'"{column.name}"' for column in table.c if column.name != DIGEST)
        renewed = (
            f"BEGIN UPDATE {name} SET {DIGEST} = {digest(table, '')} "  # noqa: S608
            "WHERE rowid = NEW.rowid; END"
        )
        made += [
            f"CREATE TEMP TRIGGER {name}_inserted AFTER INSERT ON main.{name} "
            f"WHEN NEW.{DIGEST} IS NULL {renewed}",
            f"CREATE TEMP TRIGGER {name}_proven BEFORE UPDATE OF {columns} ON main.{name} "
            f"BEGIN SELECT {_intact(table, 'OLD.')}; END",
            f"CREATE TEMP TRIGGER {name}_changed AFTER UPDATE OF {columns} ON main.{name} "
            f"{renewed}",
        ]
    return tuple(made)


def digest(table: Table, prefix: str, value: _Value | None = None) -> str:
    """Return the SQL of a row's digest."""
    return f"row_digest('{table.name}', {_arguments(table, prefix, value or _as_declared)})"


def _intact(table: Table, prefix: str) -> str:
    if has_digest(table):
        arguments = _arguments(table, prefix, _as_declared)
        proof = "row_intact_again" if table.name in _JOINED_TO_MANY else "row_intact"
        return f"{proof}('{table.name}', {prefix}{DIGEST}, {arguments})"
    key = told_of(table)[-1]
    blob = f"{prefix}{blob_of(table)}, {prefix}{SHA256}"
    return f"blob_intact('{table.name}', '{key}', {prefix}{key}, {blob})"


def _arguments(table: Table, prefix: str, value: _Value) -> str:
    return ", ".join(value(column, prefix) for column in covered(table))


def _as_declared(column: Column[Any], prefix: str) -> str:
    # A fifth of the time of `_told`; both give the same of all that a column should hold.
    if isinstance(column.type, String | JSON):
        return _told(column, prefix)
    return f'{prefix}"{column.name}"'


def _told(column: Column[Any], prefix: str) -> str:
    # Text that is no UTF-8 any more cannot be handed to Python as text.
    value = f'{prefix}"{column.name}"'
    return f"iif(typeof({value}) = 'text', hex({value}), {value})"
