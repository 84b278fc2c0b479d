"""How well items were put together that belong together.

Each figure tells something else: pairwise figures weigh large clusters by the square of their
size, B-cubed every item alike, and IDF1 asks for one cluster a person, one to one.

Source: B-cubed: Bagga and Baldwin, "Entity-Based Cross-Document Coreferencing Using the Vector
Space Model", 1998. IDF1: Ristani et al., "Performance Measures and a Data Set for Multi-Target,
Multi-Camera Tracking", 2016, with items in the place of frames.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import UsageError


@dataclass(frozen=True, slots=True)
class Agreement:
    """Precision, recall and their harmonic mean, between 0 and 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean; 0 where both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Clustering:
    """What a clustering is worth.

    Args:
        items, clusters, persons: how many there are.
        pairwise: over pairs of items: put together, and belonging together. Where there is no
            such pair at all, the share of none is 1.
        b_cubed: over items: the share of its cluster that is its person's, the share of its
            person's that is in its cluster.
        idf1: the share of items in the right place when every cluster stands for at most one
            person and every person for at most one cluster, at best.
    """

    items: int
    clusters: int
    persons: int
    pairwise: Agreement
    b_cubed: Agreement
    idf1: float


def clustering(found: Sequence[Hashable], truth: Sequence[Hashable]) -> Clustering:
    """Compare clusters with persons.

    Args:
        found, truth: for each item its cluster and its person, whatever names them.

    Raises:
        UsageError: they differ in length, or there are none.
    """
    if len(found) != len(truth) or not len(found):
        raise UsageError(f"{len(found)} clusters and {len(truth)} persons cannot be compared")
    table = _table(found, truth)
    of_cluster, of_person = table.sum(axis=1), table.sum(axis=0)
    together = _pairs(table)
    pairwise = Agreement(_share(together, _pairs(of_cluster)), _share(together, _pairs(of_person)))
    squares = table.astype(np.float64) ** 2
    b_cubed = Agreement(
        float((squares / of_cluster[:, None]).sum() / len(found)),
        float((squares / of_person[None]).sum() / len(found)),
    )
    return Clustering(
        items=len(found),
        clusters=len(of_cluster),
        persons=len(of_person),
        pairwise=pairwise,
        b_cubed=b_cubed,
        idf1=float(_best_one_to_one(table) / len(found)),
    )


def _table(found: Sequence[Hashable], truth: Sequence[Hashable]) -> NDArray[np.int64]:
    """(clusters, persons) how many items each cluster has of each person."""
    rows = {name: number for number, name in enumerate(dict.fromkeys(found))}
    columns = {name: number for number, name in enumerate(dict.fromkeys(truth))}
    table = np.zeros((len(rows), len(columns)), np.int64)
    for cluster, person in zip(found, truth, strict=True):
        table[rows[cluster], columns[person]] += 1
    return table


def _pairs(counts: NDArray[np.int64]) -> int:
    return int((counts * (counts - 1) // 2).sum())


def _share(part: int, of: int) -> float:
    return part / of if of else 1.0


def _best_one_to_one(table: NDArray[np.int64]) -> int:
    """The largest sum of entries of which no two share a row or column (the Hungarian method)."""
    costs = -(table if table.shape[0] <= table.shape[1] else table.T).astype(np.float64)
    rows, columns = costs.shape
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    owner = np.zeros(columns + 1, np.int64)  # of each column; 0: nobody; column 0 is the start
    for row in range(1, rows + 1):
        owner[0], column = row, 0
        least, came_from = np.full(columns + 1, np.inf), np.zeros(columns + 1, np.int64)
        used = np.zeros(columns + 1, np.bool_)
        while owner[column]:
            used[column] = True
            here = owner[column]
            slack = costs[here - 1] - row_price[here] - column_price[1:]
            better = ~used[1:] & (slack < least[1:])
            least[1:][better] = slack[better]
            came_from[1:][better] = column
            free = np.where(used[1:], np.inf, least[1:])
            following = int(free.argmin()) + 1
            step = free[following - 1]
            row_price[owner[used]] += step
            column_price[used] -= step
            least[1:][~used[1:]] -= step
            column = following
        while column:  # take the way back, each column going to whom it was found from
            owner[column] = owner[came_from[column]]
            column = int(came_from[column])
    held = np.flatnonzero(owner[1:])
    return int(-costs[owner[1:][held] - 1, held].sum())
