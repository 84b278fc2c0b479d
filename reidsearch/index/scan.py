"""Many queries against a matrix at once: blocked matrix products, and only what beats the k-th.

BLAS scores a batch several times as fast as FAISS's batched flat search does here, and comparing
a block with each query's k-th best score so far costs next to nothing: after the first blocks
hardly anything passes, so nothing is sorted (benchmarks/neighbours.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors

# A block of 8 MB of scores is still held by caches in part; every product costs the threads of
# BLAS a meeting, so a few queries take wide blocks.
SCORES_AT_ONCE = 2**21
QUERIES_AT_ONCE = 512
NOTHING = -1


@dataclass(slots=True)
class Best:
    """The k best so far of each of n queries, best first; equal scores by increasing column.

    Args:
        columns: (n, k) int64; `NOTHING` where there are fewer than k.
        scores: (n, k) float32; -inf where there are fewer than k.
    """

    columns: NDArray[np.int64]
    scores: Vectors

    @classmethod
    def none(cls, n: int, k: int) -> Best:
        """Return lists that nothing was offered to yet."""
        return cls(
            np.full((n, k), NOTHING, dtype=np.int64), np.full((n, k), -np.inf, dtype=np.float32)
        )

    def take(self, scores: Vectors, first: int) -> None:
        """Take in a block of scores whose columns all lie above those seen before.

        Args:
            scores: (n, m) float32, -inf for what is no candidate; column 0 is `first`.
        """
        rows, columns = passed(scores > self.scores[:, -1:])
        self.offer(rows, columns + first, scores[rows, columns])

    def offer(self, rows: NDArray[np.int64], columns: NDArray[np.int64], scores: Vectors) -> None:
        """Take in single scores.

        Args:
            rows: (p,) int64 queries, not decreasing; of each its columns increase.
            columns: (p,) int64 above those seen before.
            scores: (p,) float32.
        """
        if not len(rows):
            return
        begin = np.flatnonzero(np.diff(rows, prepend=-1))
        touched, counts = rows[begin], np.diff(begin, append=len(rows))
        place = np.arange(len(rows)) - np.repeat(begin, counts)
        width, k = int(counts.max()), self.scores.shape[1]
        at = np.repeat(np.arange(len(touched)), counts), k + place
        wide_scores = np.full((len(touched), k + width), -np.inf, dtype=np.float32)
        wide_columns = np.full((len(touched), k + width), NOTHING, dtype=np.int64)
        wide_scores[:, :k], wide_columns[:, :k] = self.scores[touched], self.columns[touched]
        wide_scores[at], wide_columns[at] = scores, columns
        # Stable, and the columns increase from left to right among equals: ties go by column.
        order = np.argsort(-wide_scores, axis=1, kind="stable")[:, :k]
        self.scores[touched] = np.take_along_axis(wide_scores, order, axis=1)
        self.columns[touched] = np.take_along_axis(wide_columns, order, axis=1)


def passed(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return `np.nonzero` of a large (n, m) mask in which little is set, 16 times as fast."""
    rows, columns = np.divmod(np.flatnonzero(mask), mask.shape[1])
    return rows, columns


def scan(
    queries: Vectors,
    matrix: Vectors,
    k: int,
    candidates: NDArray[np.bool_] | None = None,
    score: Callable[[Vectors, slice, slice], Vectors] | None = None,
) -> Best:
    """Return the k best rows of a matrix for each query, exactly.

    Args:
        queries: (n, d) float32.
        matrix: (m, d) float32; may be a memory map.
        candidates: (m,) which rows count; None: all.
        score: products of a slice of the queries and one of the rows -> their scores; None: they
            are the scores.

    Returns:
        `Best` over the matrix's rows.
    """
    best = Best.none(len(queries), min(k, len(matrix)))
    if not best.scores.size:
        return best
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        part = slice(start, start + QUERIES_AT_ONCE)
        found = Best(best.columns[part], best.scores[part])  # views: filled in place
        widest = SCORES_AT_ONCE // len(found.scores)
        first, size = 0, min(widest, 1024)
        while first < len(matrix):
            last = min(first + size, len(matrix))
            scores = queries[part] @ matrix[first:last].T
            if score is not None:
                scores = score(scores, part, slice(first, last))
            if candidates is not None:
                scores[:, ~candidates[first:last]] = -np.inf
            found.take(scores, first)
            # All of the first block pass; with larger ones from then on, few pass in each.
            first, size = last, min(4 * size, widest)
    return best
