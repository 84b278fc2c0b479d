"""What answers show and in which order: by score, then by neighbourhoods, one row a tracklet."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from reidsearch.base.errors import absent
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.answers import RankedBy, WhyNot
from reidsearch.domain.crops import Crop, CropIds, Vectors
from reidsearch.index.contract import Hits
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.graph import Graph
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.search.rerank import DEFAULT, order
from reidsearch.search.scope import IndexGallery
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.tracklet_reader import tracklet_ids
from reidsearch.store.selection import cameras_of

VIEWS_OF_A_TRACKLET = 5  # as a rule; where there are more, more is asked for

# A list of k1 neighbours tells something only where it is a small part of the gallery.
LEAST_CROPS = 5 * DEFAULT.k1

Key: TypeAlias = tuple[str, int]
"""What a row stands for: ("tracklet", id) or ("crop", id)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the answer to one question is to show.

    Args:
        vector: (d,) float32 of unit length, adjusted where scores are.
        k: how many rows at most.
        without: crops that are no matches: what the question was made of, or is known not to be
            the person. They do not expand it either.
        min_score: leave out rows below it; None for no limit.
    """

    vector: Vectors
    k: int
    without: frozenset[int] = frozenset()
    min_score: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `rank_before` counts the rows by score alone, from 1; None: that is the order."""

    crop: Crop
    score: float
    rank_before: int | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """The rows of one answer, best first.

    Args:
        exact: whether what was found by score is proven to be the best.
        depth: how many crops were ranked by score for it.
    """

    rows: list[Row]
    exact: bool
    depth: int
    ranked_by: RankedBy


@dataclass(frozen=True, slots=True)
class _Shown:
    """What one answer shows, best first; its hits are not confirmed yet.

    Args:
        before: the rank of each by score alone, by crop id; None: that is the order.
    """

    hits: Hits
    before: Mapping[int, int] | None
    depth: int
    ranked_by: RankedBy


@dataclass(frozen=True, slots=True)
class Ranking:
    """How all questions asked together are ranked, over a gallery in sync.

    Args:
        neighbours: None: by score alone.
        allowed: increasing ids of the crops that may be shown; None: all.
        grouped: one row a tracklet, its best view by score; crops of none stand for themselves.
        exact: prove that no better ones by score are held.
        adjust: of the scores; None: they are inner products.
        spread: at most so many rows of one camera, those of no known camera together, and of
            how many cameras there can be any.
        why_by_score: why there are no neighbours, if there are none.
    """

    store: Store
    gallery: Gallery
    neighbours: Neighbours | None = None
    allowed: CropIds | None = None
    grouped: bool = False
    exact: bool = False
    adjust: Adjustment | None = None
    spread: tuple[int, int] | None = None
    why_by_score: WhyNot = WhyNot.AS_ASKED

    def depth(self, k: int, without: int) -> int:
        """How many crops are ranked by score at first, to give k rows."""
        rows = k * (VIEWS_OF_A_TRACKLET if self.grouped else 1)
        graph, _ = self._graph()
        return max(rows, 0 if graph is None else DEFAULT.candidates) + without

    def of(self, questions: Sequence[Wanted]) -> list[Ranked]:
        """The answers to the questions, in their order; each is what it would be alone."""
        graph, why_not = self._graph()
        found: dict[int, _Shown] = {}
        depths = [self.depth(one.k, len(one.without)) for one in questions]
        while len(found) < len(questions):
            # What a large index finds depends on the depth: only equal ones are asked together.
            depth = min(depths[number] for number in range(len(questions)) if number not in found)
            numbers = [number for number, one in enumerate(depths) if one == depth]
            vectors = np.stack([questions[number].vector for number in numbers])
            hits = self.gallery.hits_many(
                vectors, depth, self.allowed, exact=self.exact, adjust=self.adjust
            )
            views = self._views(hits)
            for number, one in zip(numbers, hits, strict=True):
                shown = self._shown(questions[number], one, views, depth, graph, why_not)
                if shown is not None:
                    found[number] = shown
                depths[number] = depth * 4 if shown is None else 0
        return self._confirmed(questions, [found[number] for number in range(len(questions))])

    def _confirmed(self, questions: Sequence[Wanted], shown: Sequence[_Shown]) -> list[Ranked]:
        """The answers, once the database confirms them all together."""
        if not questions:
            return []
        vectors = np.stack([one.vector for one in questions])
        proven = self.gallery.confirmed(vectors, [one.hits for one in shown], self.adjust)
        return [
            Ranked(
                [
                    Row(crop, score, None if one.before is None else one.before[crop.crop_id])
                    for crop, score in confirmed.pairs
                ],
                one.hits.exact,
                one.depth,
                one.ranked_by,
            )
            for one, confirmed in zip(shown, proven, strict=True)
        ]

    def _graph(self) -> tuple[Graph | None, WhyNot]:
        """The graph to re-rank by, or why there is none."""
        if self.neighbours is None:
            return None, self.why_by_score
        if len(self.gallery) < LEAST_CROPS:
            return None, WhyNot.TOO_FEW_CROPS
        if self.adjust is None and isinstance(self.gallery.adjustment(), Adjustment):
            return None, WhyNot.PLAIN
        return self.neighbours.graph(), self.neighbours.why_not

    def _shown(
        self,
        wanted: Wanted,
        hits: Hits,
        views: Mapping[int, int],
        depth: int,
        graph: Graph | None,
        why_not: WhyNot,
    ) -> _Shown | None:
        """What one answer shows; None when more has to be asked for to fill it.

        Args:
            views: the tracklet of each crop that stands for one.
        """
        kept = np.ones(len(hits.ids), dtype=bool)
        if wanted.without:
            kept = ~np.isin(hits.ids, list(wanted.without))
        if wanted.min_score is not None:
            kept &= hits.scores >= wanted.min_score
        ids, scores = hits.ids[kept], hits.scores[kept]
        keys: list[Key] = [
            ("tracklet", views[i]) if i in views else ("crop", i) for i in ids.tolist()
        ]
        first = {key: place for place, key in reversed(list(enumerate(keys)))}
        by_score = sorted(first, key=first.__getitem__)
        everything = len(hits.ids) < depth or (
            wanted.min_score is not None and hits.scores[-1] < wanted.min_score
        )
        camera = self._cameras(ids, first)
        full = wanted.k if self.spread is None else min(wanted.k, math.prod(self.spread))
        if len(self._spread(by_score, camera)) < full and not everything:
            return None
        shown = by_score
        ranked_by = RankedBy(why_not=why_not if graph is None else WhyNot.NOTHING_FOUND)
        if graph is not None and len(ids):
            candidates = ids[: DEFAULT.candidates]
            places = self._places(wanted, candidates, graph).tolist()
            # A tracklet stands where its first view does; what is no candidate stays below.
            shown = list(dict.fromkeys([*(keys[place] for place in places), *by_score]))
            found = 1.0 if graph.recall is None else graph.recall.value
            ranked_by = RankedBy(len(candidates), DEFAULT.expansion, None, found)
        places = [first[key] for key in self._spread(shown, camera)[: wanted.k]]
        before = None
        if ranked_by.reranked:
            before = {int(ids[first[key]]): number for number, key in enumerate(by_score, start=1)}
        return _Shown(Hits(ids[places], scores[places], hits.exact), before, depth, ranked_by)

    def _cameras(self, ids: CropIds, first: Mapping[Key, int]) -> dict[Key, int | None]:
        """The camera of each row, where it matters."""
        if self.spread is None:
            return {}
        places = list(first.values())
        cameras = cameras_of(self.store, ids[places].tolist())
        return {key: cameras.get(int(ids[place])) for key, place in first.items()}

    def _spread(self, keys: list[Key], camera: Mapping[Key, int | None]) -> list[Key]:
        """The rows in their order without those that their camera has too many of."""
        if self.spread is None:
            return keys
        most, _ = self.spread
        taken = Counter[int | None]()
        kept = []
        for key in keys:
            taken[camera[key]] += 1
            if taken[camera[key]] <= most:
                kept.append(key)
        return kept

    def _views(self, hits: Sequence[Hits]) -> dict[int, int]:
        """The tracklet of each crop that stands for one, of all questions together."""
        if not self.grouped:
            return {}
        every = np.unique(np.concatenate([one.ids for one in hits]))
        return tracklet_ids(self.store, every.tolist())

    def _places(self, wanted: Wanted, ids: CropIds, graph: Graph) -> CropIds:
        """The candidates' places in their new order."""
        index = self.gallery.index
        if index is None:
            raise absent("the index")
        best, find = ids, partial(self.gallery.hits_many, adjust=self.adjust)
        if self.allowed is not None or wanted.min_score is not None:
            # The person's best match may be one that is not to be shown.
            most = DEFAULT.expansion + len(wanted.without)
            best = find(wanted.vector[None], most)[0].ids
            best = best[~np.isin(best, list(wanted.without))]
        expand_by = graph.rows(best[: DEFAULT.expansion])
        searched = IndexGallery(index, graph, find, self.adjust)
        return order(wanted.vector, graph.rows(ids), searched, expand_by)
