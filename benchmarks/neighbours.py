"""What re-ranking costs: building the neighbour graph, growing it, and a re-ranked query.

100 000 crops as footage gives them (`crowd.py`), in a whole archive. A re-ranked query and the same
by score alone are asked in turns, each with everything that belongs to an answer, its embedding
apart; the limit is what re-ranking adds. The graph is built from nothing and then grown by one
thousand crops, beside the bare products of the same vectors.

    python benchmarks/neighbours.py --large

does the same with a million: the graph is nearly exact, and its recall is measured. Making it takes
two minutes, the archive before that far longer.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from big_archive import big_archive
from crowd import Crowd
from measuring import Figure, GeneratedEmbeddings, in_turns, report, seconds

from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.crops import Vectors
from reidsearch.domain.request import SearchRequest
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.graph import BLOCK, Graph, extended, left_of
from reidsearch.index.neighbours.making import EXACT_CROPS, Source
from reidsearch.index.neighbours.searching import extended_by_search
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.search.engine import search
from reidsearch.search.query import Query
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import newest_graph

CROPS, LARGE, MORE = 100_000, 1_000_000, 1000
QUERIES = 40
ADDED_MS = 25.0
MOST_OF_BARE = 1.5


def bare_products(matrix: Vectors) -> None:
    """All products of all pairs, each once, and nothing kept of them."""
    for begin in range(0, len(matrix), BLOCK):
        part = matrix[begin : begin + BLOCK]
        for other in range(0, begin + BLOCK, BLOCK):
            _ = part @ matrix[other : other + BLOCK].T


def following(gallery: Gallery, graph: Graph) -> Iterator[Figure]:
    """The same graph without its last crops, and with them again."""
    assert graph.recall is not None
    yield Figure("recall of its first 20", "", [graph.recall.value], limit=0.95, at_least=True)
    assert gallery.index is not None
    adjust = gallery.adjustment()
    source = Source(gallery.index, graph.ids, adjust if isinstance(adjust, Adjustment) else None)
    fresh = graph.ids[-MORE:]
    before, _ = left_of(graph, fresh)
    took = [
        seconds(lambda: extended_by_search(before, fresh, source.vectors, source.find))
        for _ in range(3)
    ]
    yield Figure("the same, 1000 crops more", "s", took)


def building(folder: Path, crops: int) -> Iterator[Figure]:
    shutil.rmtree(folder / "neighbours", ignore_errors=True)
    with Store(folder) as store:
        gallery = Gallery(store)
        gallery.sync()
        assert gallery.index is not None
        ids = gallery.index.ids()
        matrix = np.concatenate(
            [gallery.index.vectors(ids[at : at + 8192]) for at in range(0, crops, 8192)]
        )
        kept = Neighbours(store, gallery)
        took = in_turns(
            1,
            lambda: seconds(lambda: kept.keep(blocks=None)),
            # Of a million they would take half an hour.
            *([lambda: seconds(lambda: bare_products(matrix))] if crops <= EXACT_CROPS else []),
        )
        limit = MOST_OF_BARE if crops <= EXACT_CROPS else None
        yield Figure(f"neighbour graph from nothing, {told(crops)}", "s", *took, limit=limit)
        file = newest_graph(store)
        assert file is not None
        yield Figure(
            "bytes a crop of the graph's file", "bytes", [file.size_bytes / crops], limit=256
        )
        graph = kept.graph()
        assert graph is not None
        if crops > EXACT_CROPS:
            yield from following(gallery, graph)
            return

        def vectors(wanted: np.ndarray) -> Vectors:
            return matrix[(wanted - ids[0]) % crops]

        fresh = np.arange(MORE) + ids[-1] + 1
        yield Figure(
            "the same, 1000 crops more",
            "s",
            *in_turns(
                3,
                lambda: seconds(lambda: extended(graph, fresh, vectors)),
                lambda: seconds(lambda: matrix[:MORE] @ matrix.T),
            ),
        )


def asking(folder: Path, crops: int) -> Iterator[Figure]:
    with Store(folder) as store:
        gallery = Gallery(store)
        neighbours = Neighbours(store, gallery)
        asked = Crowd(crops).queries(QUERIES + 1)

        def once(number: int, *, reranked: bool) -> float:
            query = Query(asked[number], "drawn", SearchRequest(reranked=reranked))

            def ask() -> None:
                answer = search(store, gallery, query, "none", neighbours)
                assert (answer.statement.ranked_by.reranked > 0) == reranked

            return 1000 * seconds(ask)

        once(QUERIES, reranked=True), once(QUERIES, reranked=False)  # both warm
        with_it = [(once(i, reranked=True), once(i, reranked=False)) for i in range(QUERIES)]
        reranked, bare = (list(part) for part in zip(*with_it, strict=True))
        yield Figure(f"re-ranked query, {told(crops)}, and by score alone", "ms", reranked, bare)
        added = [a - b for a, b in with_it]
        yield Figure("what re-ranking adds", "ms", added, limit=ADDED_MS)


def told(crops: int) -> str:
    return f"{crops:,} crops".replace(",", " ")


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    crops = LARGE if given.large else CROPS
    folder = big_archive(
        given.work / f"crowd-{crops}",
        crops,
        GeneratedEmbeddings.identity,
        vectors=Crowd(crops).chunks(),
    )
    yield from building(folder, crops)
    yield from asking(folder, crops)


if __name__ == "__main__":
    report(measure, {"--large": "a million crops"})
