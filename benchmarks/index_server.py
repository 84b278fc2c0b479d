"""The engine of a Milvus server beside the archive's own index in files, in one run.

    python benchmarks/index_server.py --crops 200000 [--crops 1000000] [--url http://host:19530]

Embeddings are drawn by `crowd.py`; queries are new tracklets of people who are in it. Both get the
same rows, answer the same queries in turns in one process, and read full-precision embeddings from
the same matrix in memory: what a database adds is the same for both and left out. Without `--url`
the server of the package `milvus` is started in a folder of its own. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from crowd import Crowd
from measuring import machine
from scale import memory

from reidsearch.index.compact.index import CompactEngine
from reidsearch.index.contract import FileEngine, FileIndex
from reidsearch.index.milvus.engine import MilvusEngine

QUERIES = 40
PARTS = 32_768
DEPTHS = (10, 100)


class Rows:
    """A matrix as the truth of an index: crop n is row n - 1."""

    def __init__(self, crops: int) -> None:
        self.matrix = np.concatenate(list(Crowd(crops).chunks()))[:crops]

    def __call__(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return ids, self.matrix[ids - 1]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def size(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


def built(engine: FileEngine, rows: Rows, folder: Path) -> tuple[FileIndex, float]:
    """An index of all rows, saved and loaded, and how long that took."""
    folder.mkdir(exist_ok=True)

    def build() -> None:
        index = engine.create(rows.matrix.shape[1], rows, folder, lambda: rows.matrix[:16_384])
        for start in range(0, len(rows.matrix), PARTS):
            part = rows.matrix[start : start + PARTS]
            index.add(np.arange(start + 1, start + 1 + len(part)), part)
        index.save(folder / "index")

    took = seconds(build)
    return engine.load(folder / "index", rows, folder), took


def asked(index: FileIndex, queries: np.ndarray, **how: object) -> tuple[str, list[np.ndarray]]:
    """p50 and p95 in ms of queries one at a time, and the ids."""
    took, found = [], []
    index.search(queries[0], **({"k": 10} | how))
    for query in queries:
        start = time.perf_counter()
        found.append(index.search(query, **({"k": 10} | how)).ids)
        took.append(1000 * (time.perf_counter() - start))
    p95 = statistics.quantiles(took, n=20)[-1]
    return f"{statistics.median(took):.1f} / {p95:.1f}", found


def recall(found: list[np.ndarray], best: np.ndarray, k: int) -> str:
    pairs = zip(found, best, strict=True)
    return f"{np.mean([len(np.intersect1d(a[:k], b[:k])) / k for a, b in pairs]):.3f}"


def measure(engine: FileEngine, rows: Rows, folder: Path) -> dict[str, str]:
    crops = len(rows.matrix)
    queries = Crowd(crops).queries(QUERIES)
    before = memory()["anon"]
    index, took = built(engine, rows, folder)
    told = {"build": f"{took:.1f} s", "rate": f"{crops / took:,.0f} crops/s"}
    scores = queries @ rows.matrix.T
    best = np.argsort(-scores, axis=1)[:, : max(DEPTHS)] + 1
    for k in DEPTHS:
        told[f"p50 / p95, k {k}"], found = asked(index, queries, k=k)
        told[f"recall@{k}"] = recall(found, best, k)
    told["p50 / p95, k 10, exact"], found = asked(index, queries, k=10, exact=True)
    told["recall@10, exact"] = recall(found, best, 10)
    drawn = np.random.default_rng(0).random(crops)
    stretch = np.arange(crops // 2, crops // 2 + crops // 10) + 1
    for what, allowed in (
        ("1 % at random", np.flatnonzero(drawn < 0.01) + 1),
        ("10 % at random", np.flatnonzero(drawn < 0.1) + 1),
        ("10 % on end", stretch),
    ):
        told[f"p50 / p95, {what}"], found = asked(index, queries, k=10, allowed=allowed)
        inside = scores[:, allowed - 1]
        wanted = allowed[np.argsort(-inside, axis=1)[:, :10]]
        told[f"recall@10, {what}"] = recall(found, wanted, 10)
    batch = seconds(lambda: index.search_many(queries, 10))
    told["40 queries at once"] = f"{1000 * batch / len(queries):.1f} ms each"
    gone = np.arange(1, crops + 1, 100)

    def erase() -> None:
        index.remove(gone)
        index.save(folder / "less")

    told["1 % deleted, saved"] = f"{seconds(erase):.1f} s"
    told["memory of the process"] = f"{(memory()['anon'] - before) / 1e6:,.0f} MB"
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crops", type=int, action="append")
    parser.add_argument("--url", help="of a running server; its memory and disk are not told then")
    given = parser.parse_args()
    server = None
    if given.url is None:
        import sys

        sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))
        from milvus_server import Server

        server = Server()
        given.url = server.url
    print(machine(), f"load {os.getloadavg()[0]:.1f}")
    for crops in given.crops or [200_000]:
        rows = Rows(crops)
        remote = MilvusEngine(given.url, f"benchmark {crops}", 1)
        with tempfile.TemporaryDirectory() as folder:
            ours = measure(CompactEngine(), rows, Path(folder) / "files")
            ours["disk"] = f"{size(Path(folder) / 'files') / 1e6:,.0f} MB"
            theirs = measure(remote, rows, Path(folder) / "milvus")
        if server is not None:
            theirs["disk"] = f"{size(server.folder / 'data') / 1e6:,.0f} MB"
            theirs["memory of the server"] = f"{server.memory_bytes() / 1e6:,.0f} MB"
        remote.clear()
        print(f"\n| {crops:,} crops, load {os.getloadavg()[0]:.0f} | files | milvus |")
        print("|---|---|---|")
        for what in dict.fromkeys([*ours, *theirs]):
            print(f"| {what} | {ours.get(what, '')} | {theirs.get(what, '')} |")


if __name__ == "__main__":
    main()
