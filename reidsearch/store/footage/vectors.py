"""Embeddings of what can belong to an identity: tracklets' means, and crops' own."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from sqlalchemy import Connection, select

from reidsearch.domain.crops import Vectors
from reidsearch.domain.decisions import Member
from reidsearch.store import tables
from reidsearch.store.chunks import of_ids
from reidsearch.store.database import selects
from reidsearch.store.tables.footage import tracklet_embedding


def vectors_of(connection: Connection, members: Collection[Member]) -> dict[Member, Vectors]:
    """Return the (d,) float32 embedding of each, of unit length, by the archive's model."""
    found: dict[Member, Vectors] = {}
    for kind, table, column in (
        ("tracklet", tracklet_embedding, tracklet_embedding.c.tracklet_id),
        ("crop", tables.embedding, tables.embedding.c.crop_id),
    ):
        ids = sorted(one.number for one in members if one.kind == kind)
        question = select(column, table.c.vector).where(table.c.model_id == selects.MODEL_ID)
        for part in of_ids(question, column, ids):
            for number, vector in connection.execute(part):
                found[Member(kind, number)] = np.frombuffer(vector, "<f4")
    return found
