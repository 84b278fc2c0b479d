"""What can be linked: every tracklet, and every crop that belongs to none, with its embedding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, exists, select

from reidsearch.domain.crops import Vectors
from reidsearch.domain.decisions import Member, Presence
from reidsearch.store import tables
from reidsearch.store.database import selects
from reidsearch.store.footage.presence import presences
from reidsearch.store.footage.tracklet_edits import splits_in_force
from reidsearch.store.tables.footage import moment, tracklet_embedding


@dataclass(frozen=True, slots=True)
class LinkingCandidates:
    """All that can be linked.

    Args:
        vectors: (n, d) float32, rows of unit length: of tracklets the robust mean of their views.
        presences: n, in the same order: tracklets by id, then crops by id.
        split: tracklets that somebody has split: each with those that were split from it.
    """

    vectors: Vectors
    presences: tuple[Presence, ...]
    split: Mapping[int, tuple[int, ...]]


def linking_candidates(connection: Connection, dimension: int) -> LinkingCandidates:
    """Read everything that can be linked.

    Args:
        dimension: of the archive's model.
    """
    own = tracklet_embedding.c
    embedded = tables.embedding.c
    of_tracklets = connection.execute(
        select(own.tracklet_id, own.vector)
        .where(own.model_id == selects.MODEL_ID)
        .order_by(own.tracklet_id)
    ).all()
    of_crops = connection.execute(
        select(embedded.crop_id, embedded.vector)
        .where(
            embedded.model_id == selects.MODEL_ID,
            ~exists().where(moment.c.crop_id == embedded.crop_id),
        )
        .order_by(embedded.crop_id)
    ).all()
    members = [
        *(Member("tracklet", number) for number, _ in of_tracklets),
        *(Member("crop", number) for number, _ in of_crops),
    ]
    blob = b"".join(vector for _, vector in (*of_tracklets, *of_crops))
    vectors = np.frombuffer(blob, "<f4").reshape(len(members), dimension)
    seen = presences(connection, members)
    present = tuple(seen[member] for member in members)
    return LinkingCandidates(vectors, present, splits_in_force(connection))
