"""Re-identification quality as Open Model Zoo's accuracy checker computes it on Market-1501.

The removal of same-camera positives belongs here alone; a user's search never does it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.errors import UsageError
from reidsearch.records import Vectors

JUNK = -1
"""Crops of this person are dropped; person 0, the distractors, stays in the gallery."""

RANKS = (1, 5, 10, 20)

# Queries scored at once: bounds the score matrix, 256 x 20 000 float32 is 20 MB.
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Labelled:
    """Embeddings with their truth.

    Args:
        vectors: (n, d) float32, rows of unit length.
        persons: (n,) int64.
        cameras: (n,) int64.
    """

    vectors: Vectors
    persons: NDArray[np.int64]
    cameras: NDArray[np.int64]

    def __post_init__(self) -> None:
        if not (len(self.vectors) == len(self.persons) == len(self.cameras)):
            raise UsageError("vectors, persons and cameras differ in length")


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures between 0 and 1.

    Args:
        valid_queries: queries that had a positive left; the others are not counted anywhere.
        cmc: rank -> share of queries whose first correct item stands at that rank or before.
        map_trapezoid: mean average precision, the zoo's: for hit h of H at rank k,
            the mean of ((h-1)/(k-1) + h/k) / 2, the first term 1 where k = 1.
        map_step: the same of h/k, as torchreid computes it; 0.4 to 2.7 points higher.
    """

    valid_queries: int
    cmc: dict[int, float]
    map_trapezoid: float
    map_step: float


def evaluate(query: Labelled, gallery: Labelled) -> Quality:
    """Rank the gallery for every query by the inner product, and count.

    For each query, gallery items of the same person and the same camera are removed. Items of
    equal score stand in the gallery's order.

    Raises:
        UsageError: no query has a positive in another camera.
    """
    query, gallery = _without_junk(query), _without_junk(gallery)
    first: list[int] = []
    trapezoid: list[float] = []
    step: list[float] = []
    for start in range(0, len(query.vectors), _BLOCK):
        block = slice(start, start + _BLOCK)
        scores = query.vectors[block] @ gallery.vectors.T
        orders = np.argsort(-scores, axis=1, kind="stable")
        people, cameras = query.persons[block], query.cameras[block]
        for order, person, camera in zip(orders, people, cameras, strict=True):
            same = gallery.persons[order] == person
            kept = ~(same & (gallery.cameras[order] == camera))
            ranks = np.flatnonzero(same[kept]) + 1
            if len(ranks):
                first.append(int(ranks[0]))
                trapezoid.append(_trapezoid(ranks))
                step.append(float(np.mean(np.arange(1, len(ranks) + 1) / ranks)))
    if not first:
        raise UsageError(
            "no query has a crop of the same person by another camera in the gallery",
            "label at least one person in two cameras",
        )
    reached = np.array(first)
    return Quality(
        valid_queries=len(first),
        cmc={rank: float(np.mean(reached <= rank)) for rank in RANKS},
        map_trapezoid=float(np.mean(trapezoid)),
        map_step=float(np.mean(step)),
    )


def _trapezoid(ranks: NDArray[np.int64]) -> float:
    """Average precision between the precision just before and just after each hit."""
    hits = np.arange(1, len(ranks) + 1)
    before = np.where(ranks == 1, 1.0, (hits - 1) / np.maximum(ranks - 1, 1))
    return float(np.mean((before + hits / ranks) / 2))


def _without_junk(items: Labelled) -> Labelled:
    kept = items.persons != JUNK
    return Labelled(items.vectors[kept], items.persons[kept], items.cameras[kept])
