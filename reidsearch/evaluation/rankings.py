"""The rankings and fusions that `compare` sets side by side, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from reidsearch.datasets.readers import DataSet
from reidsearch.domain.adjustment import camera_means, centred
from reidsearch.domain.crops import Vectors
from reidsearch.domain.figures import LabelledCrop
from reidsearch.evaluation.protocol import Ranked, Ranker, Ranking, inner_product
from reidsearch.search.query_pictures import fuse
from reidsearch.search.ranking import LEAST_CROPS
from reidsearch.search.rerank import DEFAULT, PAPER, KReciprocal
from reidsearch.search.scope import gallery_of

BARE: Final = "inner product"
SEARCH: Final = "as a search ranks"


@dataclass(frozen=True, slots=True)
class Order:
    """How a gallery is ranked.

    Args:
        adjusted: by camera-adjusted embeddings, where there are two cameras or more.
    """

    ranking: Ranking
    adjusted: bool = False


def adjusted_rows(data: DataSet, rows: Mapping[str, Vectors]) -> Mapping[str, Vectors]:
    """Return the embeddings less what is common to their camera, as in an archive of these crops.

    Those of one camera, which a search does not adjust, are returned as they are.
    """
    if len(data.cameras) < 2:
        return rows
    of = {crop.name: data.cameras.index(crop.camera) for crop in data.crops}
    vectors, cameras = np.stack([rows[name] for name in of]), np.array([*of.values()])
    means = camera_means(vectors, cameras, len(data.cameras)).means
    return dict(zip(of, centred(vectors, means[1 + cameras]), strict=True))


def reranked(how: KReciprocal) -> Ranking:
    """k-reciprocal re-ranking as a search does it, one query at a time, for `outcomes`.

    Only the scores can be compared between queries, re-ranked distances cannot.
    """

    def ranking(gallery: Vectors) -> Ranker:
        prepared = gallery_of(gallery)

        def rank(query: Vectors) -> Ranked:
            order = np.stack([prepared.ranked(row, how) for row in query])
            return Ranked(order, query @ gallery.T)

        return rank

    return ranking


def by_search(gallery: Vectors) -> Ranker:
    """As a search ranks by default: few crops are not re-ranked."""
    ranking = reranked(DEFAULT) if len(gallery) >= LEAST_CROPS else inner_product
    return ranking(gallery)


RANKINGS: Mapping[str, Order] = {
    BARE: Order(inner_product),
    SEARCH: Order(by_search, adjusted=True),
    "camera-adjusted, by score": Order(inner_product, adjusted=True),
    "k-reciprocal, expanded by one": Order(reranked(DEFAULT)),
    "k-reciprocal (Zhong et al.)": Order(reranked(PAPER)),
}

Fusion: TypeAlias = Callable[[Sequence[Vectors]], Vectors]
"""(d,) views of one person, at least one -> the (d,) query that is made of them."""

EACH: Final = "each picture"
FIRST: Final = "first of a camera's"
FUSED: Final = "mean of a camera's"

FUSIONS: Mapping[str, Fusion] = {FIRST: lambda views: views[0], FUSED: fuse}
"""One query for each person and camera; the first alone is what the fused one is held against."""


def fused(
    data: DataSet, rows: Mapping[str, Vectors], fusion: Fusion
) -> tuple[DataSet, Mapping[str, Vectors]]:
    """Let all crops of a person by a camera be one query, those in the gallery too.

    The protocol removes all of these for that query, so nothing is searched for with itself.

    Args:
        rows: name of a crop -> (d,) float32 of unit length.

    Returns:
        The data set with one query for each person and camera among the queries, and the rows
        with those of the new queries.
    """
    views: dict[tuple[str | None, str], list[LabelledCrop]] = {
        (crop.person, crop.camera): [] for crop in data.query
    }
    for crop in data.crops:
        if (crop.person, crop.camera) in views:
            views[crop.person, crop.camera].append(crop)
    queries = []
    made = dict(rows)
    for crops in views.values():
        name = f"{crops[0].name} and {len(crops) - 1} more" if len(crops) > 1 else crops[0].name
        queries.append(replace(crops[0], name=name))
        made[name] = fusion([rows[crop.name] for crop in crops])
    return replace(data, query=tuple(queries)), made
