"""Inserting many rows at once: what an index run does most.

SQLite takes a microsecond for a row, SQLAlchemy five for its values and a trigger as long for the
digest, because it writes the row a second time. So SQLite is given plain values, with the digest
among them. It is of the very values that are bound: should SQLite keep others, the row is refused
when it is read. A value of a kind that its column does not hold, which SQLite may convert, is left
to the trigger. PostgreSQL computes digests itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Boolean, Connection, String, Table, insert

from reidsearch.store.row_digests import (
    DIGEST,
    Value,
    blob_of,
    covered,
    digest_of,
    fits,
    has_digest,
)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that tell every column but the digest, defaults too.

    Raises:
        KeyError: a column is not told.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_statement(table), _values(table, rows))
    else:
        connection.execute(insert(table), rows)


@cache
def _names(table: Table) -> tuple[str, ...]:
    """The columns in the order of the statement: those that a digest is of come first."""
    blob = blob_of(table)
    return (*(column.name for column in covered(table)), *([blob] if blob else []))


@cache
def _statement(table: Table) -> str:
    names = [*_names(table), *([DIGEST] if has_digest(table) else [])]
    columns, values = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    return f"INSERT INTO {table.name} ({columns}) VALUES ({values})"  # noqa: S608


def _values(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Value, ...]]:
    """Return the values of rows as the statement takes them."""
    names = _names(table)
    told, types = itemgetter(*names), [table.c[name].type for name in names]
    jsons = [at for at, one in enumerate(types) if isinstance(one, JSON)]
    truths = [at for at, one in enumerate(types) if isinstance(one, Boolean)]
    texts = [at for at, one in enumerate(types) if isinstance(one, String | JSON)]
    digested = has_digest(table)
    made: list[tuple[Value, ...]] = []
    for row in rows:
        values = list(told(row))
        for at in jsons:
            values[at] = json.dumps(values[at])
        for at in truths:
            values[at] = int(values[at])
        made.append((*values, _digest(table, values, texts)) if digested else tuple(values))
    return made


def _digest(table: Table, values: Sequence[Value], texts: Sequence[int]) -> bytes | None:
    """Return the digest of a row whose values are bound; None: the trigger has to give it one."""
    told = list(values[: len(covered(table))])
    for at in texts:
        text = told[at]
        if isinstance(text, str):
            told[at] = text.encode().hex().upper()
    return digest_of(table.name, told) if fits(table, told) else None
