"""Which derived files are in force: rows that describe index generations and neighbour graphs.

A derived file is announced in the transaction that gives it its name: whoever reads the row finds
the file, and a crash before the commit leaves the file before it in force.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, insert, select, update

from reidsearch.base.errors import absent
from reidsearch.base.timecode import now, to_us
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.tables.neighbours import neighbours

INDEX_FOLDER = "index"
GRAPH_FOLDER = "neighbours"

Publish = Callable[[int], str]
"""Given the number of a file's row: gives the file its name, which it returns."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file must be.

    Args:
        model_id: of the embeddings that it was made from.
        crops: how many it holds.
    """

    model_id: int
    size_bytes: int
    sha256: bytes
    crops: int


@dataclass(frozen=True, slots=True)
class Generation:
    """One built state of the index, as the database describes it."""

    number: int
    kind: str
    model_id: int
    path: Path
    size_bytes: int
    sha256: bytes
    crops: int
    last_crop_id: int
    erasures: int
    recall: dict[str, Any] | None
    """What `recall.to_row` made; None for an index that is exact whatever is asked."""


@dataclass(frozen=True, slots=True)
class GraphFile:
    """A written neighbour graph, as the database describes it."""

    number: int
    model_id: int
    path: Path
    size_bytes: int
    sha256: bytes
    crops: int


def newest_generation(store: Store) -> Generation | None:
    """Return the generation in force."""
    row = _newest(store, tables.generation)
    if row is None:
        return None
    return Generation(
        number=row.id,
        kind=row.kind,
        model_id=row.model_id,
        path=store.derived(INDEX_FOLDER) / row.file,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        crops=row.crops,
        last_crop_id=row.last_crop_id,
        erasures=row.erasures,
        recall=row.recall,
    )


def announce_generation(
    store: Store,
    contents: Contents,
    publish: Publish,
    *,
    kind: str,
    last_crop_id: int,
    erasures: int,
    recall: dict[str, Any] | None,
) -> int:
    """Put a generation in force; return its number. The caller holds the writer lock."""
    values = {"kind": kind, "last_crop_id": last_crop_id, "erasures": erasures, "recall": recall}
    with store.write() as connection:
        return _announce(connection, tables.generation, contents, values, publish)


def newest_graph(store: Store) -> GraphFile | None:
    """Return the neighbour graph in force."""
    row = _newest(store, neighbours)
    if row is None:
        return None
    path = store.derived(GRAPH_FOLDER) / row.file
    return GraphFile(row.id, row.model_id, path, row.size_bytes, row.sha256, row.crops)


def announce_graph(store: Store, contents: Contents, publish: Publish) -> int:
    """Put a neighbour graph in force; return its number. The caller holds the writer lock."""
    with store.write() as connection:
        return _announce(connection, neighbours, contents, {}, publish)


def forget_graph(store: Store) -> None:
    """Leave no neighbour graph in force; the caller holds the writer lock."""
    with store.write() as connection:
        connection.execute(delete(neighbours))


def _newest(store: Store, table: Table) -> Row[Any] | None:
    with store.read() as connection:
        return connection.execute(select(table).order_by(table.c.id.desc()).limit(1)).one_or_none()


def _announce(
    connection: Connection,
    table: Table,
    contents: Contents,
    values: dict[str, Any],
    publish: Publish,
) -> int:
    inserted = connection.execute(
        insert(table).values(
            model_id=contents.model_id,
            file="",
            size_bytes=contents.size_bytes,
            sha256=contents.sha256,
            crops=contents.crops,
            built_us=to_us(now()),
            **values,
        )
    ).inserted_primary_key
    if inserted is None:
        raise absent("the id of a new row")
    number = int(inserted[0])
    name = publish(number)
    connection.execute(update(table).where(table.c.id == number).values(file=name))
    connection.execute(delete(table).where(table.c.id != number))
    return number
