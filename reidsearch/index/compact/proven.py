"""The scores of what may be among the best, by the database's embeddings: what is answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.compact.near import Near
from reidsearch.index.contract import Hits, Truth, in_order, merged, no_hits
from reidsearch.index.cores import products

PART = 1000  # crops that are scored exactly before the next part of a long answer goes out

WORTH_ASKING_TWICE = 64  # rows: asking the database again costs as much as reading so many


@dataclass(frozen=True, slots=True)
class Bounded:
    """Crops, and what each scores at most; (n,) each."""

    ids: CropIds
    bounds: Vectors


def best_of(
    truth: Truth, queries: Vectors, k: int, near: Sequence[Near], adjust: Adjustment | None
) -> list[Hits]:
    """Return the k best of each of (n, d) queries, of what may be among them."""
    picked, (held, vectors) = _narrowed(truth, queries, k, near, adjust)
    ends, hits = np.append(held, -1), []
    for query, one in zip(queries, picked, strict=True):
        rows = np.searchsorted(held, one.ids)
        there = ends[rows] == one.ids  # what was erased meanwhile is not
        scores = _scores(vectors[rows[there]], query, one.ids[there], adjust)
        one.prove(there, scores)
        hits.append(in_order(one.ids[there], scores, k, exact=False))
    return hits


def _narrowed(
    truth: Truth, queries: Vectors, k: int, near: Sequence[Near], adjust: Adjustment | None
) -> tuple[list[Near], tuple[CropIds, Vectors]]:
    """What may be among the k best of each query, and the embeddings of all of it.

    The k that are likely to be the best are read first. What they score at least leaves out more
    than the bounds of all could: these are off twice, for what is left out and for the k.
    """
    picked = [one.within_reach(k) for one in near]
    every = _ids_of(picked)
    if len(every) <= k * len(near) + WORTH_ASKING_TWICE:
        return picked, truth(every)
    likely = [one.likely(k) for one in picked]
    known = truth(_ids_of([one.only(first) for one, first in zip(picked, likely, strict=True)]))
    for number, (query, first) in enumerate(zip(queries, likely, strict=True)):
        one = picked[number]
        least = _least(one.ids[first], query, known, adjust)
        picked[number] = one.only(first | (one.scores + one.error >= least))
    further = np.setdiff1d(_ids_of(picked), known[0], assume_unique=True)
    if not len(further):
        return picked, known
    more = truth(further)
    ids = np.concatenate([known[0], more[0]])
    order = np.argsort(ids)
    return picked, (ids[order], np.concatenate([known[1], more[1]])[order])


def _ids_of(near: Sequence[Near]) -> CropIds:
    """All their ids, increasing."""
    found: CropIds = np.unique(np.concatenate([one.ids for one in near]))
    return found


def _least(
    ids: CropIds, query: Vectors, known: tuple[CropIds, Vectors], adjust: Adjustment | None
) -> float:
    """What the worst of some crops scores; -inf where one of them is not stored any more."""
    rows = np.searchsorted(known[0], ids)
    if not len(ids) or not np.array_equal(np.append(known[0], -1)[rows], ids):
        return -np.inf
    return float(_scores(known[1][rows], query, ids, adjust).min())


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
    scores = products(vectors, query)
    if adjust is None:
        return scores
    adjusted: Vectors = adjust.scores(scores[None], adjust.offsets(query[None]), ids)[0]
    return adjusted
