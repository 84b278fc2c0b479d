"""The neighbour graph of a large gallery, nearly exact, at a small part of the products.

Lists start within cells of crops that are alike, by several draws (`cells.py`), and are then
offered the neighbours of their neighbours, also of those who have them in theirs, until hardly
anything changes (Dong, Charikar, Li: Efficient k-nearest neighbor graph construction for generic
similarity measures, WWW 2011). How many of the true neighbours are found so is measured
(`measured.py`): 98 of 100 of a crowd of a million (benchmarks/neighbours.py).
"""

from __future__ import annotations

from collections.abc import Callable

import faiss
import numpy as np
from numpy.typing import NDArray

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.flat import all_threads
from reidsearch.index.neighbours.cells import cells, nearest_within
from reidsearch.index.neighbours.graph import WIDTH, Graph
from reidsearch.index.scan import NOTHING

DRAWS = 4
MOST_ROUNDS = 8
SETTLED = 0.1
"""Of all places in the lists: when a round changes fewer, the next would find next to nothing."""
VIA = 12
"""Of each list, and of those who have a row in theirs: whose neighbours are offered."""
OFFERED = 12  # of each of them
ROWS_AT_ONCE = 4096
FAR_ASKED = 1024
"""Rows of which the farthest are looked for: a few rows are the farthest of nearly all."""
FAR_OF_EACH = 4

Near = NDArray[np.int32]


def approximate(
    ids: CropIds,
    matrix: Vectors,
    progress: Progress = NO_PROGRESS,
    stopped: Callable[[], bool] = lambda: False,
) -> Graph | None:
    """Return the graph of a gallery, not measured yet; None when it was stopped.

    Args:
        ids: (n,) increasing.
        matrix: (n, d) float32 of unit length.
        progress: advances by rows, (DRAWS + MOST_ROUNDS) times as many at most.
    """
    with all_threads():
        lists = _lists(matrix, progress, stopped)
        if lists is None:
            return None
        far = _far(matrix)
    least, farthest = lowest(matrix, matrix[far], far)
    return Graph(ids, lists.near, lists.scores, least, farthest)


def _lists(matrix: Vectors, progress: Progress, stopped: Callable[[], bool]) -> _Lists | None:
    lists = _Lists(matrix)
    for draw in range(DRAWS):
        for rows in cells(matrix, draw):
            if stopped():
                return None
            near, scores = nearest_within(matrix, rows, WIDTH)
            lists.merge(rows, near.astype(np.int32), scores)
            progress.advance(len(rows))
    for _ in range(MOST_ROUNDS):
        changed, old, having = 0, lists.near.copy(), _having(lists.near)
        for start in range(0, len(matrix), ROWS_AT_ONCE):
            if stopped():
                return None
            rows = np.arange(start, min(start + ROWS_AT_ONCE, len(matrix)))
            lists.offer(rows, _neighbours_of_neighbours(rows, old, having))
            changed += int((lists.near[rows] != old[rows]).sum())
            progress.advance(len(rows))
        if changed < SETTLED * old.size:
            break
    return lists


def lowest(vectors: Vectors, far: Vectors, rows: NDArray[np.int64]) -> tuple[Vectors, Near]:
    """Return the smallest score of each of (n, d) vectors with some others, and whose it is.

    Args:
        far: (m, d) float32.
        rows: (m,) their rows.
    """
    least = np.empty(len(vectors), np.float32)
    farthest = np.empty(len(vectors), np.int32)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        scores = vectors[part] @ far.T
        at = scores.argmin(axis=1)
        least[part], farthest[part] = scores[np.arange(len(at)), at], rows[at]
    return least, farthest


def _far(matrix: Vectors) -> NDArray[np.int64]:
    """Rows that are the farthest of some others."""
    asked = matrix[np.linspace(0, len(matrix) - 1, FAR_ASKED).astype(np.int64)]
    _, farthest = faiss.knn(-asked, matrix, FAR_OF_EACH, faiss.METRIC_INNER_PRODUCT)
    return np.unique(farthest)


class _Lists:
    """The best so far of every row, best first."""

    def __init__(self, matrix: Vectors) -> None:
        self._matrix = matrix
        self.near = np.full((len(matrix), WIDTH), NOTHING, np.int32)
        self.scores = np.full((len(matrix), WIDTH), -np.inf, np.float32)

    def offer(self, rows: NDArray[np.int64], others: Near) -> None:
        """Score (m, w) others of each row, none twice, and merge them; -1 is none."""
        own, wanted = self._matrix[rows], others.astype(np.int64)  # held while FAISS reads them
        scores = np.empty(others.shape, np.float32)
        faiss.fvec_inner_products_by_idx(
            faiss.swig_ptr(scores),
            faiss.swig_ptr(own),
            faiss.swig_ptr(self._matrix),
            faiss.swig_ptr(wanted),
            self._matrix.shape[1],
            *others.shape,
        )
        scores[wanted == NOTHING] = -np.inf
        self.merge(rows, others, scores)

    def merge(self, rows: NDArray[np.int64], others: Near, found: Vectors) -> None:
        """Take (m, w) others of each row, none twice, with their scores; -inf is none.

        Who is in the list already is not taken again.
        """
        near = np.concatenate([self.near[rows], others], axis=1)
        scores = np.concatenate([self.scores[rows], found], axis=1)
        if near.shape[1] > 2 * WIDTH:  # one that is in both takes two places
            best = np.argpartition(-scores, 2 * WIDTH, axis=1)[:, : 2 * WIDTH]
            near, scores = np.take_along_axis(near, best, 1), np.take_along_axis(scores, best, 1)
        order = np.argsort(near, axis=1, kind="stable")
        near, scores = np.take_along_axis(near, order, 1), np.take_along_axis(scores, order, 1)
        scores[:, 1:][near[:, 1:] == near[:, :-1]] = -np.inf
        # Stable, by row number: so equal scores are.
        order = np.argsort(-scores, axis=1, kind="stable")[:, :WIDTH]
        near, scores = np.take_along_axis(near, order, 1), np.take_along_axis(scores, order, 1)
        self.near[rows] = np.where(np.isneginf(scores), NOTHING, near)
        self.scores[rows] = scores


def _having(near: Near) -> Near:
    """Return up to VIA rows that have each row in their list, the first ones; -1: no more."""
    n = len(near)
    held = near.ravel() != NOTHING
    owners = np.repeat(np.arange(n, dtype=np.int32), near.shape[1])[held]
    order = np.argsort(near.ravel()[held], kind="stable")
    whom = near.ravel()[held][order]
    place = np.arange(len(whom)) - np.searchsorted(whom, np.arange(n))[whom]
    few = place < VIA
    found = np.full((n, VIA), NOTHING, np.int32)
    found[whom[few], place[few]] = owners[order][few]
    return found


def _neighbours_of_neighbours(rows: NDArray[np.int64], near: Near, having: Near) -> Near:
    """Return whom to offer to each row, none twice, without itself; -1 where there are fewer."""
    via = np.concatenate([near[rows, :VIA], having[rows]], axis=1)
    theirs = near[via, :OFFERED]
    theirs[via == NOTHING] = NOTHING
    found = np.concatenate([theirs.reshape(len(rows), -1), having[rows]], axis=1)
    found.sort(axis=1)
    twice = np.zeros(found.shape, bool)
    twice[:, 1:] = found[:, 1:] == found[:, :-1]
    found[twice | (found == rows[:, None])] = NOTHING
    found.sort(axis=1)
    return np.ascontiguousarray(found[:, (found == NOTHING).sum(axis=1).min() :])
