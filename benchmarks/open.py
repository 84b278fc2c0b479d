"""Opening an archive of a million crops against reading its index file with FAISS.

Ours ends when the archive is ready to search: database opened, the index file's checksum proven,
nothing missing from it. Bare is `faiss.read_index` of that file. In one process, in turns, the
file in the system's page cache for both.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import faiss
from big_archive import big_archive
from measuring import Figure, GeneratedEmbeddings, in_turns, report, seconds

from reidsearch.library import Archive

CROPS = 1_000_000


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    folder = big_archive(given.work / f"crops-{CROPS}", CROPS, GeneratedEmbeddings.identity)
    (index,) = (folder / "index").glob("*.faiss")

    def ours() -> None:
        with Archive.open(folder) as archive:
            archive.prepare_search()
            assert len(archive) == CROPS

    def bare() -> None:
        assert faiss.read_index(str(index)).ntotal == CROPS

    ours()  # imports, and the file into the page cache
    took = in_turns(7, lambda: seconds(ours), lambda: seconds(bare))
    yield Figure("opening an archive of 1 000 000 crops", "s", *took, limit=2.0)


if __name__ == "__main__":
    report(measure)
