"""How a graph catches up with its gallery: exactly, by searching, or anew and nearly exactly.

Up to EXACT_CROPS every product is computed, and so is the graph exact. Beyond, the work would grow
with the square: a graph is made anew from cells (`approximate.py`), follows by searches
(`searching.py`), and says how many of the true neighbours it has (`measured.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from reidsearch.base.progress import NO_PROGRESS, Progress, parts, step
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import Hits, VectorIndex
from reidsearch.index.neighbours.approximate import DRAWS, MOST_ROUNDS, approximate
from reidsearch.index.neighbours.graph import BLOCK, Graph, extended, without, work_of
from reidsearch.index.neighbours.measured import measured
from reidsearch.index.neighbours.searching import extended_by_search, without_by_search

EXACT_CROPS = 100_000
# What follows is counted in blocks of 1024 x 1024 products, some 3 ms (benchmarks/neighbours.py).
BLOCKS_OF_CELLS = 45
"""What making a graph anew and nearly exactly costs for each 1024 crops."""
BLOCKS_OF_A_SEARCH = 1
"""What a crop costs that follows by a search."""
BLOCKS_IN_A_SEARCH = 100
"""Worth catching up before a search: 10 000 crops from nothing, 1000 more among 100 000, 100 more
among a million. A second at most."""
BLOCKS_IN_A_RUN = 50_000
"""Worth catching up at the end of an index run: a million crops from nothing, about two minutes
where embedding them takes hours."""
FLOOR = 0.9
"""A graph that has fewer of the true neighbours is not used."""

READ_AT_ONCE = 8192


class Way(Enum):
    """How a graph catches up."""

    EXACTLY = "exactly"
    SEARCHING = "searching"
    ANEW = "anew"


def way_of(graph: Graph, fresh: int, total: int, *, asked: bool) -> Way:
    """Return how a graph takes in fresh crops, of a gallery that has so many then.

    Args:
        asked: whatever it takes: a graph that was found to be of no use is made exactly.
    """
    if total <= EXACT_CROPS or (asked and not usable(graph)):
        return Way.EXACTLY
    anew = BLOCKS_OF_CELLS * blocks_of(total)
    return Way.SEARCHING if len(graph) and BLOCKS_OF_A_SEARCH * fresh <= anew else Way.ANEW


def usable(graph: Graph) -> bool:
    """Tell whether it has enough of the true neighbours."""
    return graph.recall is None or graph.recall.value >= FLOOR


def blocks_of(rows: int) -> int:
    """Return how many blocks of rows so many are."""
    return -(-rows // BLOCK)


def work(way: Way, fresh: int, total: int) -> int:
    """Return what that costs, in blocks."""
    if way is Way.EXACTLY:
        return blocks_of(fresh) * blocks_of(total)
    if way is Way.SEARCHING:
        return BLOCKS_OF_A_SEARCH * fresh
    return BLOCKS_OF_CELLS * blocks_of(total)


@dataclass(slots=True)
class Source:
    """An index's vectors and what is found in it, adjusted where scores are.

    All vectors are read at once, at the first call of `read`: an index may have them from the
    database.
    """

    index: VectorIndex
    ids: CropIds
    adjust: Adjustment | None
    _matrix: Vectors | None = None

    def vectors(self, ids: CropIds) -> Vectors:
        """(n, d) float32 of (n,) stored ids; a view where they are all that lie between."""
        if self._matrix is None:
            return self._read(ids)
        if not len(ids):
            return self._matrix[:0]
        first = int(np.searchsorted(self.ids, ids[0]))
        if np.array_equal(self.ids[first : first + len(ids)], ids):
            return self._matrix[first : first + len(ids)]
        return self._matrix[np.searchsorted(self.ids, ids)]

    def read(self, progress: Progress = NO_PROGRESS) -> Vectors:
        """Return all of them."""
        if self._matrix is None:
            progress.begin("reading embeddings", len(self.ids), "crops")
            matrix: Vectors | None = None
            for start in range(0, len(self.ids), READ_AT_ONCE):
                part = self.ids[start : start + READ_AT_ONCE]
                rows = self._read(part)
                if matrix is None:
                    matrix = np.empty((len(self.ids), rows.shape[1]), np.float32)
                matrix[start : start + len(part)] = rows
                progress.advance(len(part))
            progress.end()
            self._matrix = np.empty((0, 0), np.float32) if matrix is None else matrix
        return self._matrix

    def held(self, ids: CropIds) -> Vectors:
        """(n, d) float32 of (n,) stored ids, of all that are read at the first call."""
        self.read()
        return self.vectors(ids)

    def find(self, vectors: Vectors, k: int) -> list[Hits]:
        """Return the k best of each of (n, d) vectors, as a search finds them."""
        return self.index.search_many(vectors, k, adjust=self.adjust)

    def find_exactly(self, vectors: Vectors, k: int) -> list[Hits]:
        """Return the k best of each, proven."""
        return self.index.search_many(vectors, k, exact=True, adjust=self.adjust)

    def _read(self, ids: CropIds) -> Vectors:
        vectors = self.index.vectors(ids)
        return self.adjust.vectors(ids, vectors) if self.adjust else vectors


@dataclass(frozen=True, slots=True)
class Catching:
    """One time that a graph catches up with all that a source has.

    Args:
        blocks: how much work erasures may be; None: whatever it takes.
        stopped: asked between blocks.
    """

    source: Source
    progress: Progress
    stopped: Callable[[], bool]
    blocks: int | None

    def up(self, graph: Graph, way: Way) -> Graph | None:
        """Return the graph; None when it was stopped, or took more."""
        ids = self.source.ids
        fresh = np.setdiff1d(ids, graph.ids, assume_unique=True)
        gone = np.setdiff1d(graph.ids, ids, assume_unique=True)
        if not len(fresh) and not len(gone):
            return graph
        # Reading, mending, measuring and writing take as long as some blocks of rows for each row.
        all_rows, blocks = blocks_of(len(ids)), work(way, len(fresh), len(ids))
        weights = [all_rows, all_rows, blocks]
        if way is not Way.EXACTLY:
            weights = [all_rows, blocks, all_rows]
        with parts(self.progress, "finding neighbours", weights, "blocks") as whole:
            if way is Way.ANEW:
                return self._anew(whole)
            if way is Way.SEARCHING:
                return self._searching(graph, fresh, gone, whole)
            return self._exactly(graph, fresh, gone, whole)

    def _exactly(
        self, graph: Graph, fresh: CropIds, gone: CropIds, whole: Progress
    ) -> Graph | None:
        if len(fresh):
            self.source.read(whole)
        with step(whole, "removing what was deleted"):
            kept = without(graph, gone, self.source.held, self._enough())
        if kept is None or not len(fresh):
            return kept
        amount = work_of(len(kept), len(fresh))
        whole.begin("comparing new crops with all", amount, "blocks")
        grown = extended(kept, fresh, self.source.held, whole, self.stopped)
        whole.end()
        return grown

    def _searching(
        self, graph: Graph, fresh: CropIds, gone: CropIds, whole: Progress
    ) -> Graph | None:
        vectors, find = self.source.vectors, self.source.find
        with step(whole, "removing what was deleted"):
            kept = without_by_search(graph, gone, vectors, find, self._enough())
        if kept is not None and len(fresh):
            whole.begin("searching for new crops", len(fresh), "crops")
            kept = extended_by_search(kept, fresh, vectors, find, whole, self.stopped)
            whole.end()
        return kept

    def _anew(self, whole: Progress) -> Graph | None:
        matrix, ids = self.source.read(whole), self.source.ids
        whole.begin("comparing crops", (DRAWS + MOST_ROUNDS) * len(ids), "crops")
        made = approximate(ids, matrix, whole, self.stopped)
        whole.end()
        return made

    def _enough(self) -> Callable[[], bool]:
        """Stopped, or asked more often than there are blocks to spend."""
        spent = itertools.count()
        return lambda: self.stopped() or (self.blocks is not None and next(spent) >= self.blocks)


def with_recall(graph: Graph, source: Source) -> Graph:
    """Return the graph with what was measured of it now."""
    return replace(graph, recall=measured(graph, source.vectors, source.find_exactly))
