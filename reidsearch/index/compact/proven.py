"""The scores of what may be among the best, by the database's embeddings: what is answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.compact.near import Near
from reidsearch.index.contract import Hits, Truth, in_order, merged, no_hits

PART = 1000  # crops that are scored exactly before the next part of a long answer goes out


@dataclass(frozen=True, slots=True)
class Bounded:
    """Crops, and what each scores at most; (n,) each."""

    ids: CropIds
    bounds: Vectors


def best_of(
    truth: Truth, queries: Vectors, k: int, near: Sequence[Near], adjust: Adjustment | None
) -> list[Hits]:
    """Return the k best of each of (n, d) queries, of what may be among them."""
    picked = [one.within_reach(k) for one in near]
    held, vectors = truth(np.unique(np.concatenate([one.ids for one in picked])))
    hits = []
    for query, one in zip(queries, picked, strict=True):
        rows = np.searchsorted(held, one.ids)
        there = np.append(held, -1)[rows] == one.ids  # what was erased meanwhile is not
        scores = _scores(vectors[rows[there]], query, one.ids[there], adjust)
        one.prove(there, scores)
        hits.append(in_order(one.ids[there], scores, k, exact=False))
    return hits


def in_parts(
    truth: Truth, query: Vectors, least: float, near: Bounded, adjust: Adjustment | None
) -> Iterator[Hits]:
    """Yield what scores `least` or more, best first.

    Part after part is scored exactly; what beats every later part's bound goes out.
    """
    order = np.argsort(-near.bounds, kind="stable")
    waiting = no_hits()
    for start in range(0, len(order), PART):
        part = order[start : start + PART]
        held, vectors = truth(np.sort(near.ids[part]))
        scores = _scores(vectors, query, held, adjust)
        later = order[start + PART :][:1]
        bound = float(near.bounds[later[0]]) if len(later) else -np.inf
        enough = scores >= least
        waiting = merged(waiting, Hits(held[enough], scores[enough]), None, exact=True)
        ready = int(np.searchsorted(-waiting.scores, -bound, side="left"))
        if ready:
            yield Hits(waiting.ids[:ready], waiting.scores[:ready])
            waiting = Hits(waiting.ids[ready:], waiting.scores[ready:])
    if len(waiting.ids):
        yield waiting


def _scores(vectors: Vectors, query: Vectors, ids: CropIds, adjust: Adjustment | None) -> Vectors:
    """(n,) scores of the (n, d) embeddings of crops with a (d,) query."""
    scores: Vectors = vectors @ query
    if adjust is None:
        return scores
    adjusted: Vectors = adjust.scores(scores[None], adjust.offsets(query[None]), ids)[0]
    return adjusted
