"""Which crops may be answers, which of them may be among the best, and their own scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import Hits, Truth, in_order, merged, no_hits, no_ids
from reidsearch.index.milvus.server import Where

ROUNDED = 1e-4
"""How far the server's products may be from NumPy's: both sum float32, in another order."""

READ_AT_ONCE = 4096  # embeddings that are read from the database


@dataclass(frozen=True, slots=True)
class Candidates:
    """Crops of the server that may be answers.

    Args:
        ids: increasing.
        where: the rows that are searched, which hold all of them.
        rows: how many these are.
    """

    ids: CropIds
    where: Where
    rows: int

    def among(self, ids: CropIds) -> NDArray[np.bool_]:
        """Tell which of some ids are candidates."""
        at = np.searchsorted(self.ids, ids)
        return np.asarray(np.append(self.ids, -1)[at] == ids)


def common(held: CropIds, allowed: CropIds) -> CropIds:
    """Return those of increasing ids that are in others; either may be the longer one."""
    few, many = (held, allowed) if len(held) < len(allowed) else (allowed, held)
    at = np.searchsorted(many, few)
    found: CropIds = few[np.append(many, -1)[at] == few]
    return found


def may_reach(
    query: Vectors,
    least: float,
    chosen: Candidates,
    product: float,
    adjust: Adjustment | None,
    known: CropIds,
) -> CropIds:
    """Candidates that may score `least` though their products are no better than one.

    Args:
        query: (1, d).
        known: increasing ids that are left out.
    """
    if adjust is None:
        if product + ROUNDED < least:
            return no_ids()
        return np.setdiff1d(chosen.ids, known, assume_unique=True)
    bound = np.full(len(chosen.ids), product, dtype=np.float32)
    scores = adjust.scores(bound[None], adjust.offsets(query), chosen.ids)[0]
    scores += adjust.errors(np.full(len(bound), 2 * ROUNDED, np.float32), chosen.ids)
    return np.setdiff1d(chosen.ids[scores >= least], known, assume_unique=True)


def of_rows(
    truth: Truth, queries: Vectors, k: int | None, ids: CropIds, adjust: Adjustment | None
) -> list[Hits]:
    """The k best (None: all) of increasing ids for each query, by the database's embeddings."""
    best = [no_hits()] * len(queries)
    offsets = adjust.offsets(queries) if adjust is not None else None
    for start in range(0, len(ids), READ_AT_ONCE):
        held, vectors = truth(ids[start : start + READ_AT_ONCE])
        scores = queries @ vectors.T
        if adjust is not None and offsets is not None:
            scores = adjust.scores(scores, offsets, held)
        best = [
            merged(one, in_order(held, row, k, exact=True), k, exact=True)
            for one, row in zip(best, scores, strict=True)
        ]
    return best
