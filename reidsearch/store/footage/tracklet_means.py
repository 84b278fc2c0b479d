"""The embedding of a tracklet is derived from its views'; made anew when those change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, exists, insert, select, true

from reidsearch.domain.crops import Vectors
from reidsearch.domain.embeddings import robust_mean
from reidsearch.store import tables
from reidsearch.store.chunks import CHUNK
from reidsearch.store.crops.rows import embedding_row
from reidsearch.store.database.proofs import intact
from reidsearch.store.tables.footage import moment, tracklet, tracklet_embedding, tracklet_part


def means(
    connection: Connection, model_id: int, ids: Sequence[int], newest_crop: int | None = None
) -> Iterator[tuple[int, Vectors]]:
    """Yield the robust mean of each of these tracklets' views, computed from their embeddings.

    Args:
        newest_crop: the last view that counts; None: all do.
    """
    until = true() if newest_crop is None else moment.c.crop_id <= newest_crop
    for start in range(0, len(ids), CHUNK):
        rows = connection.execute(
            select(moment.c.tracklet_id, moment.c.quality, tables.embedding.c.vector)
            .join(tables.embedding, tables.embedding.c.crop_id == moment.c.crop_id)
            .where(
                tables.embedding.c.model_id == model_id,
                moment.c.tracklet_id.in_(ids[start : start + CHUNK]),
                intact(tables.embedding),
                intact(moment),
                until,
            )
            .order_by(moment.c.tracklet_id, moment.c.crop_id)
        )
        views: dict[int, list[tuple[float, bytes]]] = {}
        for row in rows:
            views.setdefault(row.tracklet_id, []).append((row.quality, row.vector))
        for tracklet_id, held in views.items():
            vectors = np.stack([np.frombuffer(vector, "<f4") for _, vector in held])
            yield tracklet_id, robust_mean(vectors, np.array([quality for quality, _ in held]))


def renew_means(connection: Connection, model_id: int, ids: Iterable[int] | None = None) -> None:
    """Write the means of these tracklets (None: of all) for a model; others' are dropped.

    A tracklet without a view left has no mean, and is deleted; so is what it shows of a source of
    which it has none left.
    """
    wanted = list(
        connection.scalars(select(tracklet.c.id).order_by(tracklet.c.id)) if ids is None else ids
    )
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        connection.execute(
            delete(tracklet_embedding).where(tracklet_embedding.c.tracklet_id.in_(part))
        )
        rows = [
            tracklet_row(tracklet_id, model_id, vector)
            for tracklet_id, vector in means(connection, model_id, part)
        ]
        if rows:
            connection.execute(insert(tracklet_embedding), rows)
        _drop_empty(connection, part)


def _drop_empty(connection: Connection, ids: Sequence[int]) -> None:
    """Delete of these tracklets the parts that have no view left, and those without a part."""
    crop, part = tables.crop.c, tracklet_part.c
    views = exists().where(
        moment.c.tracklet_id == part.tracklet_id,
        moment.c.crop_id == crop.id,
        crop.source_id == part.source_id,
    )
    connection.execute(delete(tracklet_part).where(part.tracklet_id.in_(ids), ~views))
    parts = exists().where(part.tracklet_id == tracklet.c.id)
    connection.execute(delete(tracklet).where(tracklet.c.id.in_(ids), ~parts))


def tracklet_row(tracklet_id: int, model_id: int, vector: Any) -> dict[str, Any]:
    """Return one row of `tracklet_embedding`."""
    row = embedding_row(0, model_id, vector)
    return {"tracklet_id": tracklet_id, **{k: v for k, v in row.items() if k != "crop_id"}}
