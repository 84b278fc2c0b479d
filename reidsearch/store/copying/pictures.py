"""Rows of an archive as they are copied: pictures in its store of objects among those of others.

A copy owns nothing of the store: whatever is deleted in one of the two, the other has it still. So
all pictures are copied into its database, wherever the source keeps them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.copying import rows
from reidsearch.store.copying.rows import Values, key_of, without_blob
from reidsearch.store.pictures.holder import Holder
from reidsearch.store.pictures.places import objects_of, place_of
from reidsearch.store.pictures.reading import Outside, loaded, outside_of
from reidsearch.store.tables.pictures import picture_object

LOADED_AT_ONCE = 200


def count(connection: Connection, table: Table) -> int:
    """Return how many rows of a table are copied."""
    outside = rows.count(connection, picture_object) if table is tables.picture else 0
    return rows.count(connection, table) + outside


def proven(connection: Connection, table: Table, last: Values | None = None) -> Iterator[Values]:
    """Yield the rows that are copied, each proven, in the order of keys and without blobs.

    Args:
        last: up to this key; None: all.

    Raises:
        ArchiveError: a row is damaged.
    """
    held = (without_blob(table, row) for row in rows.read(connection, table, last=last))
    if table is not tables.picture:
        return held
    query = _outside()
    if last is not None:
        query = query.where(picture_object.c.crop_id <= last[0])
    outside = ((one.crop_id, None, one.sha256) for one in _found(connection, query))
    return heapq.merge(held, outside, key=lambda row: key_of(table, row))


def read(
    store: Holder, connection: Connection, table: Table, *, after: Values | None = None
) -> Iterator[Values]:
    """Yield the rows that are copied, as `rows.read`; pictures come from where they are.

    Args:
        connection: a state of the archive.

    Raises:
        ArchiveError: a row or a picture is damaged, or a picture is missing.
        StorageError: the store of objects cannot be used.
    """
    held = rows.read(connection, table, after=after)
    if table is not tables.picture:
        return held
    query = _outside()
    if after is not None:
        query = query.where(picture_object.c.crop_id > after[0])
    outside = _content(store, connection, _found(connection, query))
    return heapq.merge(held, outside, key=lambda row: key_of(table, row))


def read_keys(
    store: Holder, connection: Connection, table: Table, keys: Sequence[Values]
) -> Iterator[Values]:
    """Yield the rows of these keys, in any order; see `read`."""
    held = rows.read_keys(connection, table, keys)
    if table is not tables.picture:
        return held
    outside = (
        one
        for part in chunks([key[0] for key in keys])
        for one in _found(connection, _outside().where(picture_object.c.crop_id.in_(part)))
    )
    return chain(held, _content(store, connection, outside))


def _outside() -> Select[Any]:
    return select(picture_object).order_by(picture_object.c.crop_id)


def _found(connection: Connection, query: Select[Any]) -> Iterator[Outside]:
    options = {"yield_per": rows.ROWS_AT_ONCE}
    return map(outside_of, connection.execute(query, execution_options=options))


def _content(store: Holder, connection: Connection, some: Iterator[Outside]) -> Iterator[Values]:
    """Read pictures from the store of objects, some side by side."""
    place = place_of(connection)
    while part := list(islice(some, LOADED_AT_ONCE)):
        read = (
            loaded(objects_of(store, place), part)
            if place
            else ((one.crop_id, None) for one in part)
        )
        for one, (crop_id, jpeg) in zip(part, read, strict=True):
            if jpeg is None:
                where = f" in {place.address}" if place else ""
                raise ArchiveError(
                    f"the picture of crop {crop_id} is damaged or missing{where}",
                    "where that crop was deleted meanwhile, copy again; else delete it, or bring "
                    "the object back from a copy of the store",
                    kind=Kind.PICTURE_GONE,
                    crop=crop_id,
                )
            yield crop_id, jpeg, one.sha256
