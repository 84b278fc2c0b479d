"""Opening an archive of a million crops against reading its index file with FAISS.

Ours ends when the archive is ready to search: database opened, what is read of the index proven,
nothing missing from it. Bare is `faiss.read_index` of a flat index of as many vectors. In one
process, in turns, the files in the system's page cache for both.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import faiss
import numpy as np
from big_archive import big_archive
from measuring import (
    DIMENSION,
    Figure,
    GeneratedEmbeddings,
    in_turns,
    report,
    seconds,
    unit_vectors,
)

from reidsearch.archive import Archive

CROPS = 1_000_000


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    folder = big_archive(given.work / f"crops-{CROPS}", CROPS, GeneratedEmbeddings.identity)
    index = given.work / f"flat-{CROPS}.faiss"
    if not index.exists():
        flat = faiss.IndexIDMap(faiss.IndexFlatIP(DIMENSION))
        flat.add_with_ids(unit_vectors(CROPS, 0), np.arange(CROPS))
        faiss.write_index(flat, str(index))

    def ours() -> None:
        with Archive.open(folder) as archive:
            archive.searching.prepare()
            assert len(archive) == CROPS

    def bare() -> None:
        assert faiss.read_index(str(index)).ntotal == CROPS

    ours()  # imports, and the file into the page cache
    took = in_turns(7, lambda: seconds(ours), lambda: seconds(bare))
    yield Figure("opening an archive of 1 000 000 crops", "s", *took, limit=2.0)


if __name__ == "__main__":
    report(measure)
