"""A query of an open archive, its embedding apart, against a bare FAISS search.

Ours is everything behind the embedding: is the index current, search, scores confirmed from the
database, facts of the ten matches, the statement. Bare is `IndexFlatIP.search` over the same
vectors, in the memory of the same process, for the same queries in turns.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np
from big_archive import big_archive
from crowd import Crowd
from measuring import Figure, GeneratedEmbeddings, in_turns, report, seconds

from reidsearch.domain.request import SearchRequest
from reidsearch.index.gallery import Gallery
from reidsearch.search.engine import search
from reidsearch.search.query import Query
from reidsearch.store.crops.store import Store

THREADS = os.cpu_count() or 1  # what FAISS takes when it is left alone


def figure(folder: Path, name: str, queries: int, limit: float | None, threads: int = 1) -> Figure:
    with Store(folder) as store:
        gallery = Gallery(store)
        gallery.sync()
        assert gallery.index is not None
        flat = faiss.IndexFlatIP(gallery.index.vectors(gallery.index.ids()[:1]).shape[1])
        for start in range(0, len(gallery), 50_000):
            flat.add(gallery.index.vectors(gallery.index.ids()[start : start + 50_000]))
        asked = Crowd(len(gallery)).queries(queries + 1)
        ours_next, bare_next = iter(asked), iter(asked)

        def ours() -> float:
            query = Query(next(ours_next), "drawn")
            return 1000 * seconds(lambda: search(store, gallery, query, "none"))

        def bare() -> float:
            query = next(bare_next)[None]
            faiss.omp_set_num_threads(threads)
            took = 1000 * seconds(lambda: flat.search(query, 10))
            faiss.omp_set_num_threads(1)
            return took

        in_turns(1, ours, bare)  # both warm
        took = in_turns(queries, ours, bare)
        plain = SearchRequest(exact=True, adjusted=False)
        found = search(store, gallery, Query(asked[0], "drawn", plain), "none")
        expected = gallery.index.ids()[flat.search(asked[:1], 10)[1][0]]
        assert np.array_equal([match.crop.crop_id for match in found.matches], expected)
    return Figure(name, "ms", *took, limit=limit)


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    for crops, text, queries, limit in (
        (100_000, "100 000", 60, 1.3),
        (1_000_000, "1 000 000", 20, 1.3),
    ):
        folder = big_archive(
            given.work / f"crowd-{crops}",
            crops,
            GeneratedEmbeddings.identity,
            vectors=Crowd(crops).chunks(),
        )
        yield figure(folder, f"warm query, {text} crops", queries, limit, THREADS)
        yield figure(folder, "the same, bare with one thread too", queries, None, 1)


if __name__ == "__main__":
    report(measure)
