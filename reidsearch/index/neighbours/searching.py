"""A graph that is not exact follows its archive by searching the index, a few crops at a time.

New crops ask the index for their neighbours, and enter the lists of those that they find; lists
that lost too much ask again. So a few crops cost a few searches, however large the archive is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import Hits
from reidsearch.index.neighbours.approximate import lowest
from reidsearch.index.neighbours.graph import (
    WIDTH,
    Graph,
    VectorsOf,
    graph_of,
    grown_from,
    left_of,
)
from reidsearch.index.neighbours.growing import Looked
from reidsearch.index.scan import NOTHING

Find: TypeAlias = Callable[[Vectors, int], list[Hits]]
"""(n, d) vectors, k -> their best in the index, in the scores of the graph."""

DEPTH = 2 * WIDTH
"""So many are asked for: a new crop may be near to one that is not among its own nearest."""
AT_ONCE = 256
FAR = 1024
"""Rows that are looked at for the smallest score: those that are the farthest of most."""

Rows = NDArray[np.int64]


def extended_by_search(
    graph: Graph,
    ids: CropIds,
    vectors: VectorsOf,
    find: Find,
    progress: Progress = NO_PROGRESS,
    stopped: Callable[[], bool] = lambda: False,
) -> Graph | None:
    """Return the graph with further crops, which the index holds already.

    Args:
        ids: (m,) increasing, above all held.
        progress: advances by crops.

    Returns:
        None when it was stopped.
    """
    held, total = len(graph), len(graph) + len(ids)
    growing = grown_from(graph, total)
    left = replace(graph, ids=np.concatenate([graph.ids, ids]))
    far = _far(graph)
    for start in range(0, len(ids), AT_ONCE):
        if stopped():
            return None
        part = slice(start, start + AT_ONCE)
        mine = vectors(ids[part])
        rows, others, scores = _found(left, held + start, find(mine, DEPTH + 1))
        growing.take(_looked(rows, others, scores))
        old = np.flatnonzero(others < held)
        old = old[scores[old] > growing.bar[others[old]]]
        growing.take(_looked(others[old], rows[old], scores[old]))
        own = np.arange(held + start, held + start + len(mine))
        growing.least[own], growing.farthest[own] = lowest(mine, vectors(left.ids[far]), far)
        progress.advance(len(mine))
    return replace(graph_of(growing, left.ids), recall=graph.recall)


def without_by_search(
    graph: Graph,
    erased: CropIds,
    vectors: VectorsOf,
    find: Find,
    stopped: Callable[[], bool] = lambda: False,
) -> Graph | None:
    """Return the graph of what is left, and of the index; None when it was stopped."""
    left, poor = left_of(graph, erased)
    if left is graph:
        return graph
    near, scores = left.near.copy(), left.scores.copy()
    again = np.flatnonzero(poor)
    for start in range(0, len(again), AT_ONCE):
        if stopped():
            return None
        part = again[start : start + AT_ONCE]
        growing = grown_from(Graph.empty(), len(part))
        hits = find(vectors(left.ids[part]), WIDTH + 1)
        rows, others, found = _found(left, part, hits)
        growing.take(_looked(rows, others, found))
        growing.settle()
        near[part], scores[part] = growing.best.columns, growing.best.scores
    least, farthest = left.least.copy(), left.farthest.copy()
    far, lost = _far(left), np.flatnonzero(left.farthest == NOTHING)
    for start in range(0, len(lost), AT_ONCE):
        if stopped():
            return None
        part = lost[start : start + AT_ONCE]
        least[part], farthest[part] = lowest(vectors(left.ids[part]), vectors(left.ids[far]), far)
    return Graph(left.ids, near, scores, least, farthest, left.recall)


def _found(graph: Graph, rows: int | Rows, hits: list[Hits]) -> tuple[Rows, Rows, Vectors]:
    """Return who found whom, and how they score; nobody finds itself.

    Args:
        rows: whose hits these are; a number: of rows from there on.

    Returns:
        Places in `rows` or, from a number on, rows; rows of the graph; scores.
    """
    counts = [len(one.ids) for one in hits]
    whose = np.repeat(np.arange(len(hits)), counts)
    others = graph.rows(np.concatenate([one.ids for one in hits]))
    scores = np.concatenate([one.scores for one in hits])
    itself = whose + rows if isinstance(rows, int) else rows[whose]
    kept = (others != itself) & (others != NOTHING)
    named = itself if isinstance(rows, int) else whose
    return named[kept], others[kept], scores[kept]


def _looked(rows: Rows, columns: Rows, scores: Vectors) -> Looked:
    """What lists take of that, in the order of the columns."""
    order = np.lexsort((columns, rows))
    none = np.empty(0, np.int64)
    return Looked(rows[order], columns[order], scores[order], none, none, np.empty(0, np.float32))


def _far(graph: Graph) -> Rows:
    """The rows that are the farthest of most others; some of any kind where few are left."""
    far, counts = np.unique(graph.farthest[graph.farthest != NOTHING], return_counts=True)
    if len(far) > FAR:
        far = far[np.argsort(-counts, kind="stable")[:FAR]]
    any_rows = np.linspace(0, len(graph) - 1, min(FAR, len(graph))).astype(np.int64)
    return np.unique(far if len(far) >= FAR // 16 else np.concatenate([far, any_rows])).astype(
        np.int64
    )
