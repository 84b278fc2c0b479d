"""Hits of an index are answers only when the database's own embeddings confirm their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reidsearch.domain.adjustment import Adjustment, centred
from reidsearch.domain.crops import Crop, CropIds, Vectors
from reidsearch.index.contract import Hits, Truth
from reidsearch.index.cores import products
from reidsearch.store.crops.disagreement import disagreement, require_deleted
from reidsearch.store.crops.state import State
from reidsearch.store.crops.store import Store

# FAISS sums in another order than NumPy; for unit vectors of 256 floats they agree to 1e-6.
SCORE_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Hits that the database confirmed, in their order.

    Args:
        crops: what was found.
        scores: (m,) float32 inner products, perhaps adjusted, not increasing.
        exact: whether no better ones are stored; otherwise `Gallery.recall` tells.
    """

    crops: tuple[Crop, ...]
    scores: Vectors
    exact: bool = True

    @property
    def pairs(self) -> list[tuple[Crop, float]]:
        """Crops with their scores."""
        return list(zip(self.crops, self.scores.tolist(), strict=True))

    @property
    def ids(self) -> CropIds:
        """(m,) int64 crop ids."""
        return np.array([crop.crop_id for crop in self.crops], dtype=np.int64)


def confirm(
    store: Store,
    state: State | None,
    truth: Truth,
    queries: Vectors,
    found: Sequence[Hits],
    adjust: Adjustment | None = None,
) -> list[Confirmed]:
    """Check hits of (n, d) queries, in any order, against the database's own embeddings.

    Args:
        state: where the archive stood when the index was caught up.
        truth: the database's embeddings, verified when they were read for this answer.
        adjust: of the scores; what is left of an embedding is computed from it anew.

    Raises:
        ArchiveError: the database does not confirm a score, or lost a crop.
    """
    wanted = {crop_id for hits in found for crop_id in hits.ids.tolist()}
    if not wanted:
        return [Confirmed((), np.empty(0, np.float32), hits.exact) for hits in found]
    held = {crop.crop_id: crop for crop in store.crops(sorted(wanted))}
    ids, vectors = truth(np.array(sorted(held), dtype=np.int64))
    if len(ids) < len(wanted):
        require_deleted(store, wanted.difference(ids.tolist()), state)
    if adjust is not None:
        vectors = centred(vectors, adjust.means[adjust.slots[ids]])
    confirmed = []
    for query, hits in zip(queries, found, strict=True):
        rows = np.searchsorted(ids, hits.ids)
        there = np.append(ids, -1)[rows] == hits.ids  # the others were erased meanwhile
        scores, of = hits.scores[there], hits.ids[there]
        true = products(vectors[rows[there]], query)
        wrong = ~(np.abs(true - scores) <= SCORE_TOLERANCE)
        if wrong.any():
            at = int(wrong.argmax())
            raise disagreement(store, int(of[at]), float(scores[at]), float(true[at]))
        crops = tuple(held[crop_id] for crop_id in of.tolist())
        confirmed.append(Confirmed(crops, scores, hits.exact))
    return confirmed
