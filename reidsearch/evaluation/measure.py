"""All that is told of one way of searching on one data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reidsearch.datasets.labels import Labelled
from reidsearch.datasets.readers import DataSet, LabelledCrop
from reidsearch.domain.crops import Vectors
from reidsearch.evaluation.pairs import Pairs, Rate
from reidsearch.evaluation.protocol import (
    Outcome,
    Quality,
    Ranking,
    inner_product,
    outcomes,
    quality,
)

CURVE_RANKS = 50
WORST = 8


@dataclass(frozen=True, slots=True)
class Misranked:
    """A query whose first answer is wrong.

    Args:
        rank: where the best right crop stands.
        wrong_score, right_score: inner products with the query.
    """

    query: LabelledCrop
    wrong: LabelledCrop
    right: LabelledCrop
    rank: int
    wrong_score: float
    right_score: float


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What one way of searching is worth on one data set.

    Args:
        data: name of the data set.
        queries, gallery: crops on either side.
        distractors: crops of the gallery that show nobody who is searched for.
        people: different persons among the queries.
        cameras: their names.
        notes: what was left out of the data set, and why.
        quality: over all cameras.
        by_cameras: (camera of the query, camera of the gallery) -> the same, with the gallery of
            that camera alone.
        curve: share of valid queries with a right crop among the first 1, 2, ... 50.
        positives, negatives: how many pairs the rates and histograms are made of: every valid
            query with every item of the gallery that the protocol keeps.
        rates: empty where the ranking has no scores that can be compared between queries.
        same, different: (100,) counts of pairs by score, in bins of `pairs.EDGES`.
        worst: the valid queries with the lowest best right crop, the worst first.
    """

    data: str
    queries: int
    gallery: int
    distractors: int
    people: int
    cameras: tuple[str, ...]
    notes: tuple[str, ...]
    quality: Quality
    by_cameras: Mapping[tuple[str, str], Quality]
    curve: tuple[float, ...]
    positives: int
    negatives: int
    rates: tuple[Rate, ...]
    same: NDArray[np.int64] = field(repr=False)
    different: NDArray[np.int64] = field(repr=False)
    worst: tuple[Misranked, ...] = field(repr=False)


def measure(
    data: DataSet, rows: Mapping[str, Vectors], ranking: Ranking = inner_product
) -> Evaluation:
    """Compute every figure by the protocol.

    Args:
        rows: name of a crop -> (d,) float32 of unit length, as `embed_set` gives them.
        ranking: how the gallery is ranked.

    Raises:
        UsageError: no query has a crop of the same person by another camera in the gallery.
    """
    query, gallery = data.labelled(rows)
    pairs = Pairs(len(data.query) * len(data.gallery))
    found = list(outcomes(query, gallery, ranking, pairs))
    overall = quality([each.ranks for each in found], query.persons[[o.query for o in found]])
    first = np.array([each.ranks[0] for each in found])
    return Evaluation(
        data=data.name,
        queries=len(data.query),
        gallery=len(data.gallery),
        distractors=sum(crop.person is None for crop in data.gallery),
        people=len({crop.person for crop in data.query}),
        cameras=data.cameras,
        notes=data.notes,
        quality=overall,
        by_cameras=_by_cameras(data, query, found),
        curve=tuple(float(np.mean(first <= rank)) for rank in range(1, CURVE_RANKS + 1)),
        positives=pairs.positives,
        negatives=pairs.negatives,
        rates=pairs.rates(),
        same=pairs.same,
        different=pairs.different,
        worst=_worst(data, query, gallery, found),
    )


def _by_cameras(
    data: DataSet, query: Labelled, found: list[Outcome]
) -> dict[tuple[str, str], Quality]:
    ranks: dict[tuple[int, int], list[NDArray[np.int64]]] = {}
    persons: dict[tuple[int, int], list[int]] = {}
    for outcome in found:
        for camera, each in outcome.by_camera.items():
            pair = int(query.cameras[outcome.query]), camera
            ranks.setdefault(pair, []).append(each)
            persons.setdefault(pair, []).append(int(query.persons[outcome.query]))
    return {
        (data.cameras[pair[0]], data.cameras[pair[1]]): quality(
            ranks[pair], np.array(persons[pair], np.int64)
        )
        for pair in sorted(ranks)
    }


def _worst(
    data: DataSet, query: Labelled, gallery: Labelled, found: list[Outcome]
) -> tuple[Misranked, ...]:
    failed = [outcome for outcome in found if outcome.ranks[0] > 1]
    failed.sort(key=lambda outcome: -outcome.ranks[0])

    def score(outcome: Outcome, row: int) -> float:
        return float(query.vectors[outcome.query] @ gallery.vectors[row])

    return tuple(
        Misranked(
            query=data.query[outcome.query],
            wrong=data.gallery[outcome.wrong],
            right=data.gallery[outcome.right],
            rank=int(outcome.ranks[0]),
            wrong_score=score(outcome, outcome.wrong),
            right_score=score(outcome, outcome.right),
        )
        for outcome in failed[:WORST]
    )
