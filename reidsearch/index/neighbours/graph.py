"""Who is nearest to whom in a gallery: computed exactly, grown row by row, mended after erasures.

What re-ranking (`search/rerank.py`) asks of a gallery: for every crop the nearest others, and the
smallest score that it has with any. All of it comes from products of blocks of vectors, each used
in both directions, so that a gallery of n crops costs n^2 d multiplications once, and m crops
more cost m n d.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.domain.answers import Recall
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.cores import side_by_side
from reidsearch.index.flat import all_threads
from reidsearch.index.neighbours.cells import bars
from reidsearch.index.neighbours.growing import Growing, Looked
from reidsearch.index.scan import NOTHING

VectorsOf: TypeAlias = Callable[[CropIds], Vectors]
"""(n,) crop ids -> (n, d) float32 of unit length."""

NEEDED = 20
"""How many of the nearest a list has to hold to be of use (k1 of re-ranking)."""
WIDTH = 24
"""How many it holds: four crops of it can be erased before it has to be computed again."""
BLOCK = 1024  # a block of products is 4 MB
SEEDED = 16_384
"""From so many crops on it pays to look first for what their lists will surely reach."""


@dataclass(frozen=True, slots=True)
class Graph:
    """The nearest neighbours of every crop of a gallery; a crop is no neighbour of itself.

    Args:
        ids: (n,) crop ids, increasing; a row number counts in them.
        near: (n, WIDTH) int32 rows, best first, equal scores by row; -1 where there are fewer.
        scores: (n, WIDTH) float32 inner products; where there is no row, what the next one has to
            beat: -inf in a list of all there are, the last one's score in a list that lost some.
        least: (n,) float32, the smallest score with any other row; inf where there is none.
        farthest: (n,) int32, a row that has it; -1 where there is none.
        recall: how many of the true nearest the lists have, of lists that are not exact; None:
            they are. Then the smallest score is nearly it as well.
    """

    ids: CropIds
    near: NDArray[np.int32]
    scores: Vectors
    least: Vectors
    farthest: NDArray[np.int32]
    recall: Recall | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def empty(cls) -> Graph:
        """Return the graph of no crop."""
        return cls(
            np.empty(0, np.int64),
            np.empty((0, WIDTH), np.int32),
            np.empty((0, WIDTH), np.float32),
            np.empty(0, np.float32),
            np.empty(0, np.int32),
        )

    def rows(self, ids: CropIds) -> NDArray[np.int64]:
        """Return the row of each crop; -1 for crops that are not stored."""
        if not len(self.ids):
            return np.full(len(ids), NOTHING, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[at] == ids, at, NOTHING)


def extended(
    graph: Graph,
    ids: CropIds,
    vectors: VectorsOf,
    progress: Progress = NO_PROGRESS,
    stopped: Callable[[], bool] = lambda: False,
) -> Graph | None:
    """Return the graph with further crops.

    Args:
        ids: (m,) increasing, above all held.
        vectors: of held and new crops.
        progress: advances by blocks, as many as `work_of` says.
        stopped: asked between blocks.

    Returns:
        None when it was stopped.
    """
    held, total = len(graph), len(graph) + len(ids)
    every = np.concatenate([graph.ids, ids])
    growing = grown_from(graph, total)
    if len(ids) >= SEEDED:
        with all_threads():
            growing.bar[held:] = bars(vectors(ids), WIDTH)

    def look(block: tuple[slice, slice, Vectors]) -> Sequence[Looked]:
        new, old, mine = block
        if new == old:
            return growing.one(new, new, mine @ mine.T)
        return growing.both(new, old, mine @ vectors(every[old]).T)

    with side_by_side(look, _blocks(every, held, vectors)) as found:
        for looked in found:
            for one in looked:
                growing.take(one)
            progress.advance()
            if stopped():
                return None
    return graph_of(growing, every)


def _blocks(ids: CropIds, held: int, vectors: VectorsOf) -> Iterator[tuple[slice, slice, Vectors]]:
    """Yield each block of new rows with each before it, and with itself, and its vectors."""
    for new in _slices(held, len(ids)):
        mine = vectors(ids[new])
        for old in (*_slices(0, held), *_slices(held, new.start), new):
            yield new, old, mine


def work_of(held: int, fresh: int) -> int:
    """Return how many blocks of products `extended` computes."""
    new, old = (-(-rows // BLOCK) for rows in (fresh, held))
    return new * old + new * (new + 1) // 2


def without(
    graph: Graph, erased: CropIds, vectors: VectorsOf, stopped: Callable[[], bool] = lambda: False
) -> Graph | None:
    """Return the graph of the gallery that is left.

    Lists only lose what was erased, unless too little is left of them, or the row's farthest is
    gone: those are computed again.

    Args:
        vectors: of what is left.

    Returns:
        None when it was stopped.
    """
    left, poor = left_of(graph, erased)
    again = np.flatnonzero(poor | (left.farthest == NOTHING))
    return _computed_again(left, again, vectors, stopped)


def left_of(graph: Graph, erased: CropIds) -> tuple[Graph, NDArray[np.bool_]]:
    """Return the graph without what was erased, and which of its lists are too short to be used.

    Rows whose farthest is gone have none.
    """
    kept = ~np.isin(graph.ids, erased)
    if kept.all():
        return graph, np.zeros(len(graph), bool)
    # The last one is for -1: what is no row stays none.
    renumbered = np.append(np.where(kept, np.cumsum(kept) - 1, NOTHING), NOTHING).astype(np.int32)
    ids, near, scores = graph.ids[kept], renumbered[graph.near[kept]], graph.scores[kept]
    order = np.argsort(near == NOTHING, axis=1, kind="stable")
    near, scores = np.take_along_axis(near, order, 1), np.take_along_axis(scores, order, 1)
    # A list of all there are stays one; what follows the last one of another is not known.
    whole = np.isneginf(graph.scores[kept, -1:])
    last = np.maximum((near != NOTHING).sum(axis=1, keepdims=True) - 1, 0)
    bound = np.where(whole, np.float32(-np.inf), np.take_along_axis(scores, last, 1))
    scores = np.where(near == NOTHING, bound, scores)
    poor = ~whole[:, 0] & (near[:, NEEDED - 1] == NOTHING)
    farthest, least = renumbered[graph.farthest[kept]], graph.least[kept]
    return Graph(ids, near, scores, least, farthest, graph.recall), poor


def _computed_again(
    graph: Graph, rows: NDArray[np.int64], vectors: VectorsOf, stopped: Callable[[], bool]
) -> Graph | None:
    if not len(rows):
        return graph
    growing = Growing.none(len(rows), WIDTH)
    mine = vectors(graph.ids[rows])
    for part in _slices(0, len(rows)):
        for old in _slices(0, len(graph)):
            if stopped():
                return None
            scores = mine[part] @ vectors(graph.ids[old]).T
            growing.take(*growing.one(part, old, scores, rows[part]))
    growing.settle()
    near, scores = graph.near.copy(), graph.scores.copy()
    least, farthest = graph.least.copy(), graph.farthest.copy()
    near[rows], scores[rows] = growing.best.columns, growing.best.scores
    least[rows], farthest[rows] = growing.least, growing.farthest
    return Graph(graph.ids, near, scores, least, farthest)


def grown_from(graph: Graph, n: int) -> Growing:
    """Lists of n rows, of which the graph has the first."""
    growing, held = Growing.none(n, WIDTH), len(graph)
    growing.best.columns[:held], growing.best.scores[:held] = graph.near, graph.scores
    growing.least[:held], growing.farthest[:held] = graph.least, graph.farthest
    growing.bar[:held] = graph.scores[:, -1]
    return growing


def graph_of(growing: Growing, ids: CropIds) -> Graph:
    """Return what has grown."""
    growing.settle()
    best = growing.best
    return Graph(ids, best.columns.astype(np.int32), best.scores, growing.least, growing.farthest)


def _slices(begin: int, end: int) -> Iterator[slice]:
    for start in range(begin, end, BLOCK):
        yield slice(start, min(start + BLOCK, end))
