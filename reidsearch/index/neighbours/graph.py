"""Who is nearest to whom in a gallery: computed exactly, grown row by row, mended after erasures.

What re-ranking (`search/rerank.py`) asks of a gallery: for every crop the nearest others, and the
smallest score that it has with any. All of it comes from products of blocks of vectors, each used
in both directions, so that a gallery of n crops costs n^2 d multiplications once, and m crops
more cost m n d.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.scan import NOTHING, Best, passed

VectorsOf: TypeAlias = Callable[[CropIds], Vectors]
"""(n,) crop ids -> (n, d) float32 of unit length."""

NEEDED = 20
"""How many of the nearest a list has to hold to be of use (k1 of re-ranking)."""
WIDTH = 24
"""How many it holds: four crops of it can be erased before it has to be computed again."""
BLOCK = 1024  # a block of products is 4 MB


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
    """

    ids: CropIds
    near: NDArray[np.int32]
    scores: Vectors
    least: Vectors
    farthest: NDArray[np.int32]

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
    growing = _Growing.of(graph, total)
    for new in _slices(held, total):
        mine = vectors(every[new])
        for old in (*_slices(0, held), *_slices(held, new.start)):
            if stopped():
                return None
            scores = mine @ vectors(every[old]).T
            growing.take(new, scores, old.start)
            growing.take_columns(old, scores, new.start)
            progress.advance()
        growing.take_others(np.arange(new.start, new.stop), mine @ mine.T, new.start)
        progress.advance()
    return growing.graph(every)


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
    kept = ~np.isin(graph.ids, erased)
    if kept.all():
        return graph
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
    farthest, least = renumbered[graph.farthest[kept]], graph.least[kept]
    poor = (~whole[:, 0] & (near[:, NEEDED - 1] == NOTHING)) | (farthest == NOTHING)
    left = Graph(ids, near, scores, least, farthest)
    return _computed_again(left, np.flatnonzero(poor), vectors, stopped)


def _computed_again(
    graph: Graph, rows: NDArray[np.int64], vectors: VectorsOf, stopped: Callable[[], bool]
) -> Graph | None:
    if not len(rows):
        return graph
    growing = _Growing.of(Graph.empty(), len(rows))
    mine = vectors(graph.ids[rows])
    for part in _slices(0, len(rows)):
        for old in _slices(0, len(graph)):
            if stopped():
                return None
            scores = mine[part] @ vectors(graph.ids[old]).T
            growing.take_others(rows[part], scores, old.start, part)
    near, scores = graph.near.copy(), graph.scores.copy()
    least, farthest = graph.least.copy(), graph.farthest.copy()
    near[rows], scores[rows] = growing.best.columns, growing.best.scores
    least[rows], farthest[rows] = growing.least, growing.farthest
    return Graph(graph.ids, near, scores, least, farthest)


@dataclass(slots=True)
class _Growing:
    """Lists in the making, of n rows."""

    best: Best
    least: Vectors
    farthest: NDArray[np.int32]

    @classmethod
    def of(cls, graph: Graph, n: int) -> _Growing:
        held = len(graph)
        made = cls(
            Best.none(n, WIDTH), np.full(n, np.inf, np.float32), np.full(n, NOTHING, np.int32)
        )
        made.best.columns[:held], made.best.scores[:held] = graph.near, graph.scores
        made.least[:held], made.farthest[:held] = graph.least, graph.farthest
        return made

    def take(self, rows: slice, scores: Vectors, first: int) -> None:
        """Take scores of `rows` with columns from `first` on, which lie above all taken before."""
        Best(self.best.columns[rows], self.best.scores[rows]).take(scores, first)
        self._take_least(
            rows, scores.min(axis=1), lambda lower: scores[lower].argmin(axis=1), first
        )

    def take_columns(self, columns: slice, scores: Vectors, first: int) -> None:
        """Take the same scores the other way round: the columns take the rows."""
        best = Best(self.best.columns[columns], self.best.scores[columns])
        rows, at = passed(scores > best.scores[:, -1])
        order = np.argsort(at, kind="stable")
        rows, at = rows[order], at[order]
        best.offer(at, rows + first, scores[rows, at])
        self._take_least(
            columns, scores.min(axis=0), lambda lower: scores[:, lower].argmin(axis=0), first
        )

    def take_others(
        self, numbers: NDArray[np.int64], scores: Vectors, first: int, part: slice | None = None
    ) -> None:
        """Take scores in which the rows `numbers` may meet themselves, which does not count."""
        rows = part or slice(first, first + len(numbers))
        own = np.flatnonzero((numbers >= first) & (numbers < first + scores.shape[1]))
        at = own, numbers[own] - first
        scores[at] = np.inf
        self._take_least(
            rows, scores.min(axis=1), lambda lower: scores[lower].argmin(axis=1), first
        )
        scores[at] = -np.inf
        Best(self.best.columns[rows], self.best.scores[rows]).take(scores, first)

    def _take_least(
        self,
        rows: slice,
        lowest: Vectors,
        where: Callable[[NDArray[np.intp]], NDArray[np.intp]],
        first: int,
    ) -> None:
        lower = np.flatnonzero(lowest < self.least[rows])
        if len(lower):
            self.least[rows][lower] = lowest[lower]
            self.farthest[rows][lower] = where(lower) + first

    def graph(self, ids: CropIds) -> Graph:
        return Graph(
            ids, self.best.columns.astype(np.int32), self.best.scores, self.least, self.farthest
        )


def _slices(begin: int, end: int) -> Iterator[slice]:
    for start in range(begin, end, BLOCK):
        yield slice(start, min(start + BLOCK, end))
