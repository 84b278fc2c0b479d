"""What an archive in PostgreSQL costs beside one in a folder, by its number of crops.

    python benchmarks/team.py --server postgresql://postgres@127.0.0.1:5432 --crops 1000000

Each is loaded by the writer of index runs, 5000 crops a transaction, of embeddings that `crowd.py`
draws. Then: its index is built as a search node builds it that has nothing yet; a process of its
own asks 200 queries of a hundred; the node is closed and opened again; and one camera of twenty is
deleted. Prints a Markdown table. The database `team_N` is made on the server, and left there;
`--kind` does one of both alone. Milvus is measured by `index_server.py`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from big_archive import CAMERAS, ROWS_AT_ONCE, _generated, _made_up
from crowd import Crowd
from measuring import GeneratedEmbeddings, default_work, machine
from scale import QUERIES, memory, recall, truth

from reidsearch.archive import Archive
from reidsearch.base.address import Address, read_address
from reidsearch.domain.request import Filters, SearchRequest
from reidsearch.index.gallery import Gallery
from reidsearch.search.engine import search
from reidsearch.search.query import Query
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer

Result = dict[str, Any]
KINDS = ("folder", "PostgreSQL")
DELETED = "camera-3"


def load(address: Address, crops: int) -> Result:
    """Write all crops as an index run does, but for embedding them."""
    Store.create(address)
    rows = (row for chunk in Crowd(crops).chunks() for row in chunk)
    fresh = _generated(_made_up(crops), rows)
    seconds = 0.0
    with Store(address) as store, open_writer(store, GeneratedEmbeddings.identity) as writer:
        writer.begin_run(request="generated", command="generated", version="0", runtime="none")
        for _ in range(0, crops, ROWS_AT_ONCE):
            batch = list(itertools.islice(fresh, ROWS_AT_ONCE))
            began = time.perf_counter()
            writer.commit(batch)
            seconds += time.perf_counter() - began
        writer.end_run({"offered": crops, "indexed": crops}, finished=True)
        return {"load, crops/s": crops / seconds, "database, GB": store.size_bytes() / 1e9}


def build(address: Address) -> Result:
    """Derive the index of a node from the database."""
    with Store(address) as store:
        with store.lock():
            took = timed(Gallery(store).rebuild)
        files = [path for path in (store.folder / "index").iterdir() if path.is_file()]
        return {
            "index built, s": took,
            "index files, GB": sum(path.stat().st_size for path in files) / 1e9,
            "memory while building, GB": memory()["most"] / 1e9,
        }


def ask(address: Address, crops: int, work: Path) -> Result:
    """Search an open archive, one query at a time."""
    queries, best = truth(crops, work)
    with Store(address) as store:
        gallery = Gallery(store)
        result: Result = {"opened, s": timed(gallery.sync)}
        with store.read() as connection:
            of_camera = connection.exec_driver_sql(
                f"SELECT id FROM {table(store)} WHERE camera_id = 1 ORDER BY id"
            )
            some = np.array(of_camera.scalars().all(), dtype=np.int64)
        ways: dict[str, Callable[[np.ndarray, int], Any]] = {
            "scan": lambda query, k: gallery.search(query, k).ids,
            "exact": lambda query, k: gallery.search(query, k, exact=True).ids,
            f"of 1 camera in {CAMERAS}": lambda query, k: gallery.search(query, k, some).ids,
            "whole answer": lambda query, k: whole(store, gallery, query, SearchRequest(k=k)),
            "whole answer, 1 camera": lambda query, k: whole(
                store, gallery, query, SearchRequest(k=k, filters=Filters(cameras=("camera-1",)))
            ),
        }
        gallery.index.verify()  # type: ignore[union-attr]
        for name, way in ways.items():
            took = [1000 * timed(partial(way, query, 10)) for query in queries]
            p50, p95 = np.percentile(took, [50, 95])
            result[f"{name}, p50 / p95 ms"] = f"{p50:.1f} / {p95:.1f}"
        for k in (10, 100):
            found = [ways["scan"](query, k) for query in queries]
            result[f"recall@{k}, scan"] = recall(found, best, k)
        result["recall@10, exact"] = recall([ways["exact"](q, 10) for q in queries], best, 10)
        held = memory()
        result["memory, GB"] = (held["anon"] + held["file"]) / 1e9
        return result


def table(store: Store) -> str:
    """The name of the table of crops in SQL."""
    return "crop" if isinstance(store.address, Path) else "proven.crop"


def whole(store: Store, gallery: Gallery, query: np.ndarray, request: SearchRequest) -> Any:
    found = search(store, gallery, Query(query, "drawn", request), "none")
    return np.array([match.crop.crop_id for match in found.matches], dtype=np.int64)


def delete(address: Address) -> Result:
    """Delete a camera; the index of the node is written anew, and dead rows are removed."""
    with Archive.open(address) as archive:
        planned = archive.maintenance.plan_delete(Filters(cameras=(DELETED,)))
        count = len(planned.ids)
        took = timed(lambda: archive.maintenance.delete(planned))
        return {f"{count} crops deleted, s": took}


def timed(work: Callable[[], object]) -> float:
    """Wall time of one call in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


STEPS = ("load", "build", "ask", "delete")


def step(name: str, address: Address, crops: int, work: Path) -> Result:
    if name == "load":
        return load(address, crops)
    if name == "build":
        return build(address)
    return ask(address, crops, work) if name == "ask" else delete(address)


def in_process(given: argparse.Namespace, name: str, address: Address) -> Result:
    command = [sys.executable, __file__, "--step", name, "--address", str(address)]
    command += ["--crops", str(given.crops), "--work", str(given.work)]
    env = os.environ | {"REIDSEARCH_DATA": str(given.work / "node")}
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout
    result: Result = json.loads(printed.splitlines()[-1])
    return result


def addresses(given: argparse.Namespace) -> Iterator[tuple[str, Address]]:
    for kind in given.kind or KINDS:
        if kind == "folder":
            yield kind, given.work / f"team-{given.crops}"
        else:
            yield kind, read_address(f"{given.server}/team_{given.crops}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--server", help="of PostgreSQL, without a database")
    parser.add_argument("--crops", type=int, default=100_000)
    parser.add_argument("--kind", action="append", choices=KINDS)
    parser.add_argument("--work", type=Path, default=default_work() / "team")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    if given.step:
        print(json.dumps(step(given.step, read_address(given.address), given.crops, given.work)))
        return
    truth(given.crops, given.work)
    found: dict[str, Result] = {}
    for kind, address in addresses(given):
        found[kind] = {}
        for name in STEPS:
            found[kind] |= in_process(given, name, address)
            print(kind, name, json.dumps(found[kind]), file=sys.stderr, flush=True)
    print(f"{machine()}; load {os.getloadavg()[0]:.1f}; {QUERIES} queries\n")
    print(f"| {given.crops} crops | {' | '.join(found)} |\n|---{'|---' * len(found)}|")
    for name in next(iter(found.values())):
        values = [result.get(name, "") for result in found.values()]
        texts = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in values]
        print(f"| {name} | {' | '.join(texts)} |")


if __name__ == "__main__":
    main()
