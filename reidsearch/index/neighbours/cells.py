"""A gallery in cells of rows that are alike, and who is nearest to whom within a cell.

Each row goes to the nearest of some rows that were drawn; another draw makes other cells. Within
one, neighbours cost little: a third of a crowd's true ones are found so, and by four draws four
of five (`approximate.py` finds the rest from there).
"""

from __future__ import annotations

from collections.abc import Iterator

import faiss
import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors
from reidsearch.index.scan import NOTHING

ROWS = 512
"""Of a cell, in the mean."""
LARGEST = 4096
"""A cell of more is cut: of many copies of one vector any will do."""
ROWS_AT_ONCE = 1024
MEAN_OF = 10_000
DRAWS_OF_BARS = 2
_SLACK = np.float32(1e-5)  # by which products of the same vectors differ from block to block

Rows = NDArray[np.int64]


def cells(matrix: Vectors, draw: int) -> Iterator[Rows]:
    """Yield the rows of each cell, increasing; the same for the same matrix and draw.

    Args:
        matrix: (n, d) float32 of unit length.
    """
    n = len(matrix)
    drawn = np.random.default_rng((n, draw)).choice(n, max(1, n // ROWS), replace=False)
    # What all have in common would draw most of them to a few.
    centres = matrix[np.sort(drawn)] - matrix[:: max(1, n // MEAN_OF)].mean(axis=0)
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), np.float32(1e-12))
    nearest = np.empty(n, np.int64)
    for start in range(0, n, ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        nearest[part] = (matrix[part] @ centres.T).argmax(axis=1)
    order = np.argsort(nearest, kind="stable")
    bounds = np.searchsorted(nearest[order], np.arange(len(centres) + 1))
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        for start in range(begin, end, LARGEST):
            yield order[start : min(start + LARGEST, end)]


def nearest_within(matrix: Vectors, rows: Rows, k: int) -> tuple[Rows, Vectors]:
    """Return the k nearest others of each row within a cell, best first.

    Returns:
        (m, k) rows of the matrix, `NOTHING` where there are fewer, and (m, k) scores, -inf there.
    """
    own = matrix[rows]
    scores, places = faiss.knn(own, own, min(k + 1, len(rows)), faiss.METRIC_INNER_PRODUCT)
    itself = places == np.arange(len(rows))[:, None]
    itself[~itself.any(axis=1), -1] = True  # one of many copies may not find itself
    others = ~itself
    near = np.full((len(rows), k), NOTHING, np.int64)
    found = np.full((len(rows), k), -np.inf, np.float32)
    near[:, : places.shape[1] - 1] = rows[places[others].reshape(len(rows), -1)]
    found[:, : places.shape[1] - 1] = scores[others].reshape(len(rows), -1)
    return near, found


def bars(matrix: Vectors, k: int) -> Vectors:
    """Return (n,) scores that at least k others of each row reach; -inf: none is known."""
    found = np.full(len(matrix), -np.inf, np.float32)
    for draw in range(DRAWS_OF_BARS):
        for rows in cells(matrix, draw):
            reached = nearest_within(matrix, rows, k)[1][:, -1] - _SLACK
            found[rows] = np.maximum(found[rows], reached)
    return found
