"""How far an answer hangs on how the query picture was cut, lit and stored.

The query is asked again with variants of its pictures, all in one batch, and for each match it is
counted in how many of them it is among the first. Nothing of it says whether a match is the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reidsearch.base.settings import PictureLimits
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.answers import Answer, Match, Stability
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.search.allowed import allowed_crops
from reidsearch.search.query import Query
from reidsearch.search.query_pictures import Embed, Embeddable, pictures_again
from reidsearch.search.ranking import Key, Ranking, Wanted
from reidsearch.search.variants import variants
from reidsearch.store.crops.store import Store

VARIANTS = 100
FIRST = 10
MOST_PICTURES = 20
"""That are varied; further ones are taken as they are."""
LEAST_OF_ONE = 5
"""Variants of each picture, where there are so many that one alone need not have all."""


@dataclass(frozen=True, slots=True)
class StableQuery:
    """A query that was answered, and what it was made from, within limits of pictures."""

    query: Query
    given: Sequence[Embeddable]
    limits: PictureLimits


def with_stability(
    store: Store,
    gallery: Gallery,
    neighbours: Neighbours,
    embed: Embed,
    asked: StableQuery,
    answer: Answer,
) -> Answer:
    """Return an answer whose matches say in how many of 100 variants they are among the first.

    Args:
        answer: as the search gave it; ranked again in the same way.

    Raises:
        Refused, NotFound: a picture or crop is gone meanwhile.
    """
    statement, query = answer.statement, asked.query
    pictures = pictures_again(store, asked.given, asked.limits)
    pools = _pools(query.views, pictures, embed)
    with gallery.busy:
        gallery.sync()
        made = gallery.adjustment() if statement.adjusted.why_not is None else None
        ranking = Ranking(
            store,
            gallery,
            neighbours if statement.ranked_by.reranked else None,
            allowed_crops(store, gallery, statement.filters),
            statement.grouped and statement.footage.sources > 0,
            statement.exact and (statement.requested is None or statement.requested.exact),
            made if isinstance(made, Adjustment) else None,
        )
        vectors = [
            _varied(query, pools, number).vector(ranking.adjust) for number in range(VARIANTS)
        ]
        found = ranking.of(
            [Wanted(vector, FIRST, query.without, statement.min_score) for vector in vectors]
        )
    counts: dict[Key, int] = {}
    for one in found:
        for row in one.rows:
            moment = row.crop.moment
            key: Key = ("crop", row.crop.crop_id)
            if ranking.grouped and moment is not None:
                key = ("tracklet", moment.tracklet_id)
            counts[key] = counts.get(key, 0) + 1
    told = Stability(VARIANTS, FIRST, sum(one is not None for one in pictures[:MOST_PICTURES]))
    return Answer(
        replace(statement, stability=told),
        tuple(
            replace(match, stays=None if match.liked else counts.get(_key(match, ranking), 0))
            for match in answer.matches
        ),
    )


def _key(match: Match, ranking: Ranking) -> Key:
    if ranking.grouped and match.tracklet is not None:
        return ("tracklet", match.tracklet.tracklet_id)
    return ("crop", match.crop.crop_id)


def _pools(views: Vectors, pictures: Sequence[Pixels | None], embed: Embed) -> list[Vectors]:
    """Return for each view the embeddings of its variants, or its own where it has no picture."""
    varied = [one for one in pictures[:MOST_PICTURES] if one is not None]
    each = max(-(-VARIANTS // max(len(varied), 1)), LEAST_OF_ONE)
    every = [variant for one in varied for variant in variants(one, each)]
    rows = iter(np.split(embed(every), len(varied))) if varied else iter(())
    pools = []
    for number, (view, picture) in enumerate(zip(np.atleast_2d(views), pictures, strict=True)):
        as_it_is = picture is None or number >= MOST_PICTURES
        pools.append(view[None] if as_it_is else next(rows))
    return pools


def _varied(query: Query, pools: Sequence[Vectors], number: int) -> Query:
    """Return the query with one variant of each view; of several, each is left out in turn."""
    # Other numbers for each view, so that not the same variants always meet.
    rows = [pool[number * (1 + 2 * place) % len(pool)] for place, pool in enumerate(pools)]
    cameras = query.cameras or (None,) * len(rows)
    out = number % (len(rows) + 1) if len(rows) > 1 else len(rows)
    kept = [place for place in range(len(rows)) if place != out]
    return replace(
        query,
        views=np.stack([rows[place] for place in kept]),
        cameras=tuple(cameras[place] for place in kept),
    )
