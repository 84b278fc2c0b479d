"""How many of the true best an index finds: measured on the archive's own vectors.

Queries are drawn from what the index holds, every other one turned away from it by a random
direction, as another picture of the same person would be. The truth is the index's own proven
answer, whose proof does not depend on what is measured here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.answers import Recall
from reidsearch.domain.crops import Vectors
from reidsearch.index.contract import IndexDamaged, VectorIndex

QUERIES = 100
DEPTHS = (10, 100)
CHANGED_SHARE = 0.2  # of an index, until which a recall that was measured of it holds
# A query turned so far scores 0.8 with the vector it came from: as within a tracklet (0.65 to
# 0.85 on real footage).
TURNED_TO = 0.8
Z = 1.96  # of a normal distribution: 95 of 100


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found of the true k best.

    Args:
        found / asked: by k, over all queries.
        crops: how many the index held.
        adjusted: whether by camera-adjusted scores, and so of these.
    """

    found: dict[int, int]
    asked: dict[int, int]
    crops: int
    adjusted: bool = False

    def at(self, k: int) -> Recall | None:
        """Return the recall of an answer of k: of the next depth measured, or the deepest."""
        depth = next((depth for depth in sorted(self.asked) if depth >= k), max(self.asked))
        return recall(self.found[depth], self.asked[depth], depth)

    def holds_for(self, crops: int, *, adjusted: bool) -> bool:
        """Tell whether it still says what an index finds that now holds so many crops."""
        return self.adjusted == adjusted and abs(crops - self.crops) <= CHANGED_SHARE * crops

    def to_row(self) -> dict[str, Any]:
        """Return the value for the `generation` table."""
        return {
            "crops": self.crops,
            "adjusted": self.adjusted,
            "at": {str(k): [self.found[k], self.asked[k]] for k in self.asked},
        }

    @classmethod
    def of_row(cls, row: dict[str, Any] | None) -> Measured | None:
        """Read a value of the `generation` table.

        Raises:
            IndexDamaged: it is none.
        """
        if row is None or (isinstance(row, dict) and not row.get("at", True)):
            return None
        try:
            pairs = {int(k): (int(found), int(asked)) for k, (found, asked) in row["at"].items()}
            crops, adjusted = int(row["crops"]), row.get("adjusted", False) is True
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise IndexDamaged("the recall that was measured of the index is damaged") from error
        if any(k < 1 or asked < 1 or not 0 <= hit <= asked for k, (hit, asked) in pairs.items()):
            raise IndexDamaged("the recall that was measured of the index cannot be")
        found = {k: pair[0] for k, pair in pairs.items()}
        return cls(found, {k: pair[1] for k, pair in pairs.items()}, crops, adjusted)


def recall(found: int, asked: int, k: int) -> Recall:
    """Return a recall with Wilson's interval, which is wide where few were asked for."""
    share, z2 = found / asked, Z * Z
    middle = (share + z2 / (2 * asked)) / (1 + z2 / asked)
    spread = math.sqrt(share * (1 - share) / asked + z2 / (4 * asked * asked))
    half = Z * spread / (1 + z2 / asked)
    return Recall(share, max(0.0, middle - half), min(1.0, middle + half), k, asked)


def measure(index: VectorIndex, adjust: Adjustment | None = None, seed: int = 0) -> Measured | None:
    """Ask the index what it holds, both ways, as searches do.

    Returns:
        None when every answer is proven anyway.
    """
    depths = [k for k in DEPTHS if not index.plan(k).exact]
    if not depths:
        return None
    queries = _queries(index, np.random.default_rng(seed))
    if adjust is not None:
        queries = adjust.queries(queries, [None] * len(queries))
    found, asked = {}, {}
    truth = index.search_many(queries, max(depths), exact=True, adjust=adjust)
    for k in depths:
        hits = index.search_many(queries, k, adjust=adjust)
        asked[k] = sum(len(best.ids[:k]) for best in truth)
        # By the k-th score, not by id: of equals any will do.
        found[k] = sum(
            int((hit.scores >= best.scores[:k][-1]).sum())
            for best, hit in zip(truth, hits, strict=True)
        )
    return Measured(found, asked, len(index), adjust is not None)


def _queries(index: VectorIndex, rng: np.random.Generator) -> Vectors:
    ids = np.sort(rng.choice(index.ids(), min(QUERIES, len(index)), replace=False))
    own = index.vectors(ids)
    aside = rng.standard_normal(own.shape, dtype=np.float32)
    aside -= np.sum(aside * own, axis=1, keepdims=True) * own
    aside *= math.sqrt(1 - TURNED_TO**2) / np.linalg.norm(aside, axis=1, keepdims=True)
    turned = TURNED_TO * own + aside
    queries: Vectors = np.where((np.arange(len(ids)) % 2 == 0)[:, None], own, turned)
    return queries
