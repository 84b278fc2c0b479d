"""Which derived files are in force: rows that describe index generations and neighbour graphs.

A derived file is announced in the transaction that gives it its name: whoever reads the row finds
the file, and a crash before the commit leaves the file before it in force.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    Text,
    cast,
    delete,
    insert,
    select,
    update,
)

from reidsearch.base.errors import absent
from reidsearch.base.timecode import now, to_us
from reidsearch.domain.event_log import Event
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import damaged
from reidsearch.store.event_log import append
from reidsearch.store.tables.neighbours import neighbours

INDEX_FOLDER = "index"
GRAPH_FOLDER = "neighbours"
GENERATION_NAME = re.compile(r"generation-[0-9]{6,19}\.index")
GRAPH_NAME = re.compile(r"graph-[0-9]{6,19}\.npy")
LARGEST = 1 << 53

Publish = Callable[[int], str]
"""Given the number of a file's row: gives the file its name, which it returns."""


def generation_name(number: int) -> str:
    """Return the name of a generation's file."""
    return f"generation-{number:06d}.index"


def graph_name(number: int) -> str:
    """Return the name of a graph's file."""
    return f"graph-{number:06d}.npy"


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
    odd: str = ""
    """What in the row cannot be; then the rest says that there is nothing."""


@dataclass(frozen=True, slots=True)
class GraphFile:
    """A written neighbour graph, as the database describes it."""

    number: int
    model_id: int
    path: Path
    size_bytes: int
    sha256: bytes
    crops: int
    adjusted_by: bytes | None
    """SHA-256 of the camera means that its scores are adjusted by; None: they are plain."""
    odd: str = ""
    """What in the row cannot be; then the rest says that there is nothing."""


def newest_generation(store: Store) -> Generation | None:
    """Return the generation in force."""
    row = _newest(store, tables.generation)
    if row is None:
        return None
    folder = store.derived(INDEX_FOLDER)
    odd = _odd(row, GENERATION_NAME, ("last_crop_id", "erasures"))
    if not odd and not isinstance(row.kind, str):
        odd = "its kind is no text"
    recall = None
    if not odd and row.recall is not None:
        try:
            recall = json.loads(row.recall)
        except (TypeError, ValueError, RecursionError):
            odd = "its recall is no JSON"
    if odd:
        path = folder / generation_name(row.id)
        return Generation(row.id, "", 0, path, 0, b"", 0, 0, -1, None, odd)
    return Generation(
        number=row.id,
        kind=row.kind,
        model_id=row.model_id,
        path=folder / row.file,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        crops=row.crops,
        last_crop_id=row.last_crop_id,
        erasures=row.erasures,
        recall=recall,
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
    """Put a generation in force; return its number. The caller may write its files."""
    values = {"kind": kind, "last_crop_id": last_crop_id, "erasures": erasures, "recall": recall}
    with store.write() as connection:
        return _announce(connection, tables.generation, store.node, contents, values, publish)


def newest_graph(store: Store) -> GraphFile | None:
    """Return the neighbour graph in force."""
    row = _newest(store, neighbours)
    if row is None:
        return None
    folder = store.derived(GRAPH_FOLDER)
    odd = _odd(row, GRAPH_NAME)
    if not odd and not isinstance(row.adjusted_by, bytes | None):
        odd = "the checksum of its camera means is none"
    if odd:
        return GraphFile(row.id, 0, folder / graph_name(row.id), 0, b"", 0, None, odd)
    path = folder / row.file
    by = row.adjusted_by
    return GraphFile(row.id, row.model_id, path, row.size_bytes, row.sha256, row.crops, by)


def announce_graph(
    store: Store,
    contents: Contents,
    publish: Publish,
    adjusted_by: bytes | None,
    *,
    asked: bool = False,
) -> int:
    """Put a neighbour graph in force; return its number. The caller may write its files.

    Args:
        asked: somebody asked for it, and the event log says so; else it is part of something else.
    """
    with store.write() as connection:
        values = {"adjusted_by": adjusted_by}
        number = _announce(connection, neighbours, store.node, contents, values, publish)
        if asked:
            append(connection, Event.PREPARE_RERANKING, {"crops": contents.crops})
        return number


def forget_graph(store: Store) -> None:
    """Leave no neighbour graph in force here; the caller may write these files."""
    with store.write() as connection:
        connection.execute(delete(neighbours).where(_of(neighbours, store.node)))


def _newest(store: Store, table: Table) -> Row[Any] | None:
    """The row in force, with JSON as text: what is odd in it is for the caller to find.

    It is read past the proof, which is a column of it: a file whose row is damaged is made anew,
    as one that is damaged itself.
    """
    columns: list[Any] = [cast(c, Text).label(c.name) if c.name == "recall" else c for c in table.c]
    columns.append(damaged(table).label("damaged"))
    query = select(*columns).where(_of(table, store.node)).order_by(table.c.id.desc()).limit(1)
    with store.scan() as connection:
        return connection.execute(query).one_or_none()


def _odd(row: Row[Any], name: re.Pattern[str], counts: Sequence[str] = ()) -> str:
    """Return what in a row cannot be, whoever wrote it; empty: it makes sense."""
    if row.damaged:
        return "its row is not what was written"
    for column in ("id", "model_id", "size_bytes", "crops", *counts):
        value = getattr(row, column)
        if not isinstance(value, int) or not 0 <= value <= LARGEST:
            return f"its {column} is no count"
    if not isinstance(row.sha256, bytes) or len(row.sha256) != 32:
        return "its checksum is none"
    # A name with a path in it would lead elsewhere.
    if not isinstance(row.file, str) or not name.fullmatch(row.file):
        return "its file name is none of an index or graph"
    return ""


def _announce(
    connection: Connection,
    table: Table,
    node: str | None,
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
            node=node,
            **values,
        )
    ).inserted_primary_key
    if inserted is None:
        raise absent("the id of a new row")
    number = int(inserted[0])
    name = publish(number)
    connection.execute(update(table).where(table.c.id == number).values(file=name))
    connection.execute(delete(table).where(table.c.id != number, _of(table, node)))
    return number


def _of(table: Table, node: str | None) -> ColumnElement[bool]:
    """Rows of the files that are here: each machine derives its own from a database of a server."""
    return table.c.node.is_(None) if node is None else table.c.node == node
