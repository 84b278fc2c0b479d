"""Reading embeddings of an open archive: of some crops, of all, or just whose there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from sqlalchemy import Select, select

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.domain.crops import Crop, CropIds, Vectors
from reidsearch.store import tables
from reidsearch.store.chunks import chunks, possible
from reidsearch.store.crops.reading import read_crop
from reidsearch.store.crops.store import Store
from reidsearch.store.database import selects

EMBEDDINGS_CHUNK = 4096
PROVEN_AT_ONCE = 256  # rows, while a core's own cache holds them


def crops_with_embeddings(store: Store, ids: Iterable[int]) -> dict[int, tuple[Crop, Vectors]]:
    """Return those crops that are stored, by id, each with its (d,) embedding."""
    found: dict[int, tuple[Crop, Vectors]] = {}
    with store.read() as connection:
        wanted = possible(ids)
        for start in range(0, len(wanted), EMBEDDINGS_CHUNK):
            part = {"ids": json.dumps(wanted[start : start + EMBEDDINGS_CHUNK])}
            for row in connection.execute(selects.CROPS_WITH_EMBEDDINGS, part).all():
                found[row.id] = read_crop(row), np.frombuffer(row.vector, dtype="<f4")
    return found


def embeddings_of(store: Store, ids: Iterable[int]) -> dict[int, Vectors]:
    """Return the (d,) embeddings of those crops that are stored, by id."""
    found: dict[int, Vectors] = {}
    with store.read() as connection:
        for part in chunks(possible(ids)):
            for row in connection.execute(selects.EMBEDDINGS, {"ids": part}):
                found[row.crop_id] = np.frombuffer(row.vector, dtype="<f4")
    return found


def embedding_rows(store: Store, ids: CropIds, dimension: int) -> tuple[CropIds, Vectors]:
    """Return those of increasing `ids` that have an embedding, and (n, d) of them.

    Raises:
        ArchiveError: one has not the model's dimension (a damaged row).
    """
    rows: list[Any] = []
    with store.read() as connection:
        for start in range(0, len(ids), EMBEDDINGS_CHUNK):
            part = {"ids": json.dumps(ids[start : start + EMBEDDINGS_CHUNK].tolist())}
            rows.extend(connection.execute(selects.EMBEDDING_ROWS, part).all())
    return _joined(store, rows, dimension)


def embedding_count(store: Store) -> int:
    """Return how many embeddings of the archive's model there are."""
    with store.scan() as connection:
        return connection.execute(selects.EMBEDDING_COUNT).scalar_one()


def some_embeddings(store: Store, count: int, dimension: int) -> Vectors:
    """Return (n, d) of about `count` crops of the whole archive; all where there are fewer."""
    last = store.state().last_crop_id
    drawn = np.random.default_rng(0).integers(1, last + 1, count) if last > count else None
    ids = np.arange(1, last + 1) if drawn is None else np.unique(drawn)
    return embedding_rows(store, ids, dimension)[1]


def _joined(store: Store, rows: Sequence[Any], dimension: int) -> tuple[CropIds, Vectors]:
    ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    blob = b"".join([row[1] for row in rows])
    if len(blob) != len(rows) * dimension * 4:
        raise ArchiveError(
            f"{store.location}: an embedding between crops {ids[0]} and {ids[-1]} is damaged",
            kind=Kind.ARCHIVE_DAMAGED,
            archive=store.location,
        )
    return ids, np.frombuffer(blob, dtype="<f4").reshape(len(rows), dimension)


def embeddings_after(
    store: Store, crop_id: int, dimension: int
) -> Iterator[tuple[CropIds, Vectors]]:
    """Yield all embeddings of crops above `crop_id`, in chunks of increasing ids.

    Raises:
        ArchiveError: one has not the model's dimension, or is not what was written.
    """
    e = tables.embedding.c
    last = crop_id
    while True:
        query = (
            select(e.crop_id, e.vector, e.sha256)
            .where(e.model_id == selects.MODEL_ID, e.crop_id > last)
            .order_by(e.crop_id)
            .limit(EMBEDDINGS_CHUNK)
        )
        rows = _proven(store, query)
        if rows is None:  # by the views, which tell what is damaged
            with store.read() as connection:
                rows = list(connection.execute(query).all())
        if not rows:
            return
        ids, vectors = _joined(store, rows, dimension)
        yield ids, vectors
        last = int(ids[-1])


def _proven(store: Store, query: Select[Any]) -> list[Any] | None:
    """Return the rows of a query for crop ids, vectors and checksums; None: one is damaged.

    Past the views, which call into Python from within SQLite for every row. They are proven here
    as the views would.
    """
    rows: list[Any] = []
    with store.scan() as connection:
        for part in connection.execute(query).partitions(PROVEN_AT_ONCE):
            for _, vector, checksum in part:
                if not isinstance(vector, bytes) or sha256(vector).digest() != checksum:
                    return None
            rows.extend(part)
    return rows


def embedded_ids(store: Store, up_to: int) -> CropIds:
    """Return ids up to `up_to` that have an embedding, increasing."""
    e = tables.embedding.c
    query = select(e.crop_id).where(e.model_id == selects.MODEL_ID, e.crop_id <= up_to)
    with store.scan() as connection:
        return np.fromiter(connection.scalars(query.order_by(e.crop_id)), dtype=np.int64)
