"""Average linkage under constraints, in memory that grows with the number of items.

The mean inner product between two clusters is the inner product of their sums over the product of
their sizes, so no matrix of all pairs is held. And where that mean reaches a threshold, at least
one pair of items does: the pairs that reach it are all the candidates there are. So the result is
exact, unless one item has more such neighbours than are kept.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.domain.crops import Vectors

Items: TypeAlias = NDArray[np.int64]
"""(m,) rows of the vectors, increasing."""

NEIGHBOURS_AT_MOST = 64
"""Candidates kept of an item, its best: bounds memory to about 10 kB an item in the worst case."""

_SCORES_AT_ONCE = 2**24  # 64 MB of float32


@dataclass(frozen=True, slots=True)
class Cluster:
    """Items that may be one.

    Args:
        items: increasing.
        score: mean inner product at the weakest joint; 1.0 where nothing was joined.
    """

    items: Items
    score: float


@dataclass(frozen=True, slots=True)
class Clusters:
    """All of them, by their first item; `capped` items had more neighbours than were kept."""

    found: tuple[Cluster, ...]
    capped: int


def cluster(
    vectors: Vectors,
    threshold: float,
    *,
    together: Sequence[Items] = (),
    apart: Callable[[Items, Items], bool] = lambda _a, _b: False,
    progress: Progress = NO_PROGRESS,
) -> Clusters:
    """Join the two clusters of the largest mean inner product, as long as it reaches `threshold`.

    Args:
        vectors: (n, d) float32, rows of unit length.
        together: disjoint sets of items that belong together whatever their scores.
        apart: whether two clusters cannot be one; what is apart stays apart when either grows.

    Returns:
        Every item in exactly one cluster. The same input gives the same clusters.
    """
    joining = _Joining(vectors, threshold, apart)
    for items in together:
        joining.start_together(items)
    capped = 0
    progress.begin("comparing", len(vectors), "tracklets")
    for first, second, over in _candidates(vectors, threshold, progress):
        capped += over
        joining.candidates(first, second)
    progress.end()
    progress.begin("joining", len(vectors), "tracklets")  # each join leaves one cluster less
    joining.run(progress)
    progress.end()
    return Clusters(joining.clusters(), capped)


def _candidates(
    vectors: Vectors, threshold: float, progress: Progress
) -> Iterator[tuple[Items, Items, int]]:
    """Pairs that reach the threshold, each item's best neighbours, block by block."""
    count = len(vectors)
    block = max(16, min(count, _SCORES_AT_ONCE // max(count, 1)))
    for start in range(0, count, block):
        scores = vectors[start : start + block] @ vectors.T
        rows = np.arange(len(scores))
        scores[rows, rows + start] = -2.0
        reaching = scores >= threshold
        crowded = np.flatnonzero(reaching.sum(axis=1) > NEIGHBOURS_AT_MOST)
        for row in crowded.tolist():
            # Stable, so that among equal scores the first items are kept.
            order = np.argsort(-scores[row], kind="stable")[:NEIGHBOURS_AT_MOST]
            reaching[row] = False
            reaching[row, order] = True
        first, second = np.nonzero(reaching)
        yield first + start, second, len(crowded)
        progress.advance(len(scores))


class _Joining:
    """The state of one clustering. A cluster is known by its slot, its age tells old offers."""

    def __init__(
        self, vectors: Vectors, threshold: float, apart: Callable[[Items, Items], bool]
    ) -> None:
        count = len(vectors)
        self._threshold = threshold
        self._apart = apart
        self._sums = vectors.astype(np.float32)
        self._sizes = np.ones(count, np.int64)
        self._ages = [0] * count  # -1: joined to another
        self._items: list[Items] = [np.array([row], np.int64) for row in range(count)]
        self._scores = [1.0] * count
        self._near: list[set[int]] = [set() for _ in range(count)]
        self._slots = list(range(count))  # item -> slot, while the candidates come in
        self._offers: list[tuple[float, int, int, int, int]] = []

    def start_together(self, items: Items) -> None:
        """Begin with these as one cluster."""
        slot, *others = items.tolist()
        for other in others:
            self._sums[slot] += self._sums[other]
            self._ages[other] = -1
            self._slots[other] = slot
        self._sizes[slot] = len(items)
        self._items[slot] = items

    def candidates(self, first: Items, second: Items) -> None:
        """Take pairs of items in."""
        for a, b in zip(first.tolist(), second.tolist(), strict=True):
            one, other = self._slots[a], self._slots[b]
            if one != other:
                self._near[one].add(other)
                self._near[other].add(one)

    def run(self, progress: Progress) -> None:
        """Join until nothing reaches the threshold."""
        for slot, age in enumerate(self._ages):
            if age >= 0:
                self._offer(slot, [other for other in self._near[slot] if other > slot])
        while self._offers:
            score, a, b, age_a, age_b = heapq.heappop(self._offers)
            if (self._ages[a], self._ages[b]) != (age_a, age_b):
                continue
            if self._apart(self._items[a], self._items[b]):
                self._near[a].discard(b)
                self._near[b].discard(a)
                continue
            self._join(a, b, -score)
            progress.advance()

    def _join(self, a: int, b: int, score: float) -> None:
        self._sums[a] += self._sums[b]
        self._sizes[a] += self._sizes[b]
        self._items[a] = np.sort(np.concatenate([self._items[a], self._items[b]]))
        self._scores[a] = min(score, self._scores[a], self._scores[b])
        self._ages[a] += 1
        self._ages[b] = -1
        for other in self._near[b]:
            self._near[other].discard(b)
            if other != a:
                self._near[other].add(a)
                self._near[a].add(other)
        self._near[a].discard(b)
        self._near[b] = set()
        self._items[b] = np.empty(0, np.int64)
        self._offer(a, sorted(self._near[a]))

    def _offer(self, slot: int, others: list[int]) -> None:
        """Put the pairs of a cluster with these others up, where they reach the threshold."""
        if not others:
            return
        scores = self._sums[others] @ self._sums[slot]
        scores /= self._sizes[others] * self._sizes[slot]
        for other, score in zip(others, scores.tolist(), strict=True):
            if score >= self._threshold:
                a, b = min(slot, other), max(slot, other)
                offer = (-score, a, b, self._ages[a], self._ages[b])
                heapq.heappush(self._offers, offer)

    def clusters(self) -> tuple[Cluster, ...]:
        """What stands, by first item."""
        found = [
            Cluster(self._items[slot], self._scores[slot])
            for slot, age in enumerate(self._ages)
            if age >= 0
        ]
        return tuple(sorted(found, key=lambda one: int(one.items[0])))
