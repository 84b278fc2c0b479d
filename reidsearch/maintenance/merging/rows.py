"""Reading rows of one archive and writing them to another under other ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, insert, select, update

from reidsearch.base.errors import absent
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.database.proofs import intact
from reidsearch.store.row_digests import DIGEST

Values = dict[str, Any]


def rows_of(connection: Connection, column: Column[Any], ids: Sequence[int]) -> list[Values]:
    """Return all rows of a table whose column is one of these, proven, in the order of its key."""
    table = column.table
    found: list[Values] = []
    for part in chunks(ids):
        chosen = select(table).where(column.in_(part)).order_by(*table.primary_key)
        found += [dict(row._mapping) for row in connection.execute(chosen)]
    return found


def add(connection: Connection, table: Table, rows: Iterable[Values]) -> int:
    """Insert rows; the database gives their digests anew. Returns how many there were."""
    values = [{name: value for name, value in row.items() if name != DIGEST} for row in rows]
    if values:
        connection.execute(insert(table), values)
    return len(values)


def add_one(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    """Insert one row, whose id the database gives; return that."""
    values = {name: value for name, value in row.items() if name not in {DIGEST, "id"}}
    made = connection.execute(insert(table).values(values)).inserted_primary_key
    if made is None:
        raise absent("the id of a new row")
    return int(made[0])


def take_ids(connection: Connection, counter: str, number: int) -> int:
    """Take so many new ids of a counter of the archive; return the first."""
    archive = tables.archive
    row = connection.execute(select(archive).where(intact(archive))).one()
    first = int(row._mapping[counter])
    if number:
        connection.execute(update(archive).values({counter: first + number}))
    return first
