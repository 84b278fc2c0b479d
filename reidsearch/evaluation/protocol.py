"""Re-identification quality as Open Model Zoo's accuracy checker computes it on Market-1501.

The removal of same-camera positives belongs here alone; a user's search never does it. How the
gallery is ranked is passed in (`Ranking`), so that re-ranking is measured by the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import UsageError
from reidsearch.datasets.labels import DISTRACTOR, Labelled
from reidsearch.domain.crops import Vectors
from reidsearch.domain.figures import RANKS, Quality
from reidsearch.evaluation.bootstrap import intervals_of_means
from reidsearch.evaluation.pairs import Pairs

JUNK = -1
"""Crops of this person are dropped."""


# Queries ranked at once: bounds the score matrix, 256 x 20 000 float32 is 20 MB.
_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A gallery of n, ranked for m queries.

    Args:
        order: (m, n) int64, every row of the gallery once, best first.
        scores: (m, n) float32, column j of gallery row j, larger is better, comparable between
            queries; None where there are none that can be compared.
    """

    order: NDArray[np.int64]
    scores: NDArray[np.float32] | None


Ranker: TypeAlias = Callable[[Vectors], Ranked]
"""(m, d) float32 queries -> how the gallery is ranked for each, alone or in a batch the same."""

Ranking: TypeAlias = Callable[[Vectors], Ranker]
"""A (n, d) float32 gallery -> its `Ranker`. What is prepared once for a gallery is done here."""


def inner_product(gallery: Vectors) -> Ranker:
    """The bare ranking by score; equal scores stand in the gallery's order."""

    def rank(query: Vectors) -> Ranked:
        scores = query @ gallery.T
        return Ranked(np.argsort(-scores, axis=1, kind="stable"), scores)

    return rank


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of one query that had a right answer left.

    Args:
        query: its row.
        ranks: (h,) int64, ranks of all right items, from 1, increasing.
        right, wrong: gallery rows of the first right and the first wrong item; -1: none is wrong.
        by_camera: gallery camera -> ranks of the right items among that camera's items alone.
    """

    query: int
    ranks: NDArray[np.int64]
    right: int
    wrong: int
    by_camera: Mapping[int, NDArray[np.int64]]


def outcomes(
    query: Labelled,
    gallery: Labelled,
    ranking: Ranking = inner_product,
    pairs: Pairs | None = None,
) -> Iterator[Outcome]:
    """Rank the gallery for every query, and see what became of it, in the order of the queries.

    For each query, gallery items of the same person and the same camera are removed; they are
    there while ranking, as in any gallery. Queries that have no right item left are passed over.

    Args:
        pairs: told the scores of every query with every item that was kept.
    """
    asked = np.flatnonzero((query.persons != JUNK) & (query.persons != DISTRACTOR))
    held = np.flatnonzero(gallery.persons != JUNK)
    persons, cameras = gallery.persons[held], gallery.cameras[held]
    rank = ranking(gallery.vectors[held])
    for start in range(0, len(asked), _BLOCK):
        rows = asked[start : start + _BLOCK]
        ranked = rank(query.vectors[rows])
        for place, row in enumerate(rows.tolist()):
            order = ranked.order[place]
            same = persons[order] == query.persons[row]
            kept = ~(same & (cameras[order] == query.cameras[row]))
            order, right = order[kept], same[kept]
            hits = np.flatnonzero(right)
            if not len(hits):
                continue
            if pairs is not None and ranked.scores is not None:
                pairs.add(ranked.scores[place, order], right)
            wrong = int(np.argmin(right))
            yield Outcome(
                query=row,
                ranks=hits + 1,
                right=int(held[order[hits[0]]]),
                wrong=-1 if right[wrong] else int(held[order[wrong]]),
                by_camera=_by_camera(cameras[order], right),
            )


def _by_camera(
    cameras: NDArray[np.int64], right: NDArray[np.bool_]
) -> dict[int, NDArray[np.int64]]:
    found = {}
    for camera in np.unique(cameras[right]).tolist():
        found[camera] = np.flatnonzero(right[cameras == camera]) + 1
    return found


def evaluate(query: Labelled, gallery: Labelled, ranking: Ranking = inner_product) -> Quality:
    """Rank the gallery for every query, and count; the rules are those of `outcomes`.

    Raises:
        UsageError: no query has a positive in another camera.
    """
    found = list(outcomes(query, gallery, ranking))
    return quality([each.ranks for each in found], query.persons[[each.query for each in found]])


def quality(ranks: Sequence[NDArray[np.int64]], persons: NDArray[np.int64]) -> Quality:
    """The figures of queries whose right items stand at these ranks.

    Args:
        ranks: of each valid query, (h,) int64 from 1, increasing.
        persons: (v,) int64, who was searched for.

    Raises:
        UsageError: there is no valid query.
    """
    if not len(ranks):
        raise UsageError(
            "no query has a crop of the same person by another camera in the gallery",
            "label at least one person in two cameras",
        )
    first = np.array([each[0] for each in ranks])
    values = {
        **{f"rank_{rank}": (first <= rank).astype(np.float64) for rank in RANKS},
        "map_trapezoid": np.array([_trapezoid(each) for each in ranks]),
        "map_step": np.array([float(np.mean(_hits(each) / each)) for each in ranks]),
        "minp": np.array([len(each) / each[-1] for each in ranks]),
    }
    means = {name: float(np.mean(each)) for name, each in values.items()}
    return Quality(
        valid_queries=len(ranks),
        cmc={rank: means[f"rank_{rank}"] for rank in RANKS},
        map_trapezoid=means["map_trapezoid"],
        map_step=means["map_step"],
        minp=means["minp"],
        people=len(np.unique(persons)),
        intervals=intervals_of_means(values, persons),
    )


def _hits(ranks: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.arange(1, len(ranks) + 1)


def _trapezoid(ranks: NDArray[np.int64]) -> float:
    """Average precision between the precision just before and just after each hit."""
    hits = _hits(ranks)
    before = np.where(ranks == 1, 1.0, (hits - 1) / np.maximum(ranks - 1, 1))
    return float(np.mean((before + hits / ranks) / 2))
