"""An index and its graph as the gallery that re-ranking sees; plain arrays become one too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reidsearch.base.errors import absent
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.crops import Vectors
from reidsearch.index.contract import Hits, VectorIndex
from reidsearch.index.flat import FaissEngine
from reidsearch.index.neighbours.graph import Graph, extended
from reidsearch.search.rerank import DEFAULT, KReciprocal, Rows, order


class IndexGallery:
    """An index and the graph of the same crops; implements `rerank.Gallery`.

    Args:
        find: (n, d) queries, k -> their hits; None: `index.search_many`.
        adjust: what the graph's scores and the hits are adjusted by; None: by nothing.
    """

    def __init__(
        self,
        index: VectorIndex,
        graph: Graph,
        find: Callable[[Vectors, int], list[Hits]] | None = None,
        adjust: Adjustment | None = None,
    ) -> None:
        self._index, self._graph, self._adjust = index, graph, adjust
        self._find = find or index.search_many

    def __len__(self) -> int:
        return len(self._graph)

    def around(self, vector: Vectors, k: int) -> tuple[Rows, float]:
        """The k best of all, and the smallest score of all.

        Where the graph is exact, that is the best of the opposite direction, searched for in one
        go; else, as in the graph, the smallest with those who are the farthest of the k best.
        """
        if self._graph.recall is not None:
            rows = self._graph.rows(self._find(vector[None], k)[0].ids)
            far = np.unique(self._graph.farthest[rows]).astype(np.int64)
            return rows, float((self.vectors(far) @ vector).min())
        best, opposite = self._find(np.stack([vector, -vector]), k)
        return self._graph.rows(best.ids), -float(opposite.scores[0])

    def neighbours(self, rows: Rows, k: int) -> tuple[Rows, Vectors]:
        """From the graph."""
        return self._graph.near[rows, :k].astype(np.int64), self._graph.scores[rows, :k]

    def least(self, rows: Rows) -> Vectors:
        """From the graph."""
        return self._graph.least[rows]

    def vectors(self, rows: Rows) -> Vectors:
        """From the index, adjusted."""
        ids = self._graph.ids[rows]
        vectors = self._index.vectors(ids)
        return vectors if self._adjust is None else self._adjust.vectors(ids, vectors)

    def ranked(self, query: Vectors, how: KReciprocal = DEFAULT) -> Rows:
        """All rows, best first: the first of the plain search ranked anew, the rest below.

        A row that equals the query is the query itself, in a set that is searched in itself; it
        does not expand it.

        Args:
            query: (d,) float32 of unit length.
        """
        plain = self._graph.rows(self._index.search(query, len(self)).ids)
        first = plain[: how.candidates]
        others = first[(self.vectors(first) != query).any(axis=1)]
        again = order(query, first, self, others, how)
        return np.concatenate([first[again], plain[how.candidates :]])


def gallery_of(matrix: Vectors) -> IndexGallery:
    """Plain arrays as a gallery, for measuring: row i is row i of the (n, d) float32 matrix."""
    ids = np.arange(1, len(matrix) + 1)
    index = FaissEngine().create(matrix.shape[1])
    index.add(ids, matrix)
    graph = extended(Graph.empty(), ids, lambda wanted: matrix[wanted - 1])
    if graph is None:  # nobody stops it
        raise absent("the neighbour graph")
    return IndexGallery(index, graph)
