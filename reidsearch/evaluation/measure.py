"""All that is told of one way of searching on one data set."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.datasets.labels import Labelled
from reidsearch.datasets.readers import DataSet
from reidsearch.domain.crops import Vectors
from reidsearch.domain.figures import (
    CURVE_RANKS,
    Evaluation,
    Misranked,
    Quality,
)
from reidsearch.evaluation.pairs import Pairs
from reidsearch.evaluation.protocol import Outcome, Ranking, inner_product, outcomes, quality

WORST = 8


def measure(
    data: DataSet,
    rows: Mapping[str, Vectors],
    ranking: Ranking = inner_product,
    progress: Progress = NO_PROGRESS,
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
    found = []
    progress.begin("ranking", len(data.query), "queries")
    for each in outcomes(query, gallery, ranking, pairs):
        found.append(each)
        progress.advance()
    progress.end()
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
