"""How search scales with the number of crops, against FAISS and what a user would pick instead.

    python benchmarks/scale.py --crops 100000 --crops 1000000 [--only NAME] --write

Embeddings are drawn by `crowd.py`; queries are new tracklets of people who are in it. Every system
runs in a process of its own: build, tune to recall@10 >= 0.99 on half of the queries, measure on
the others, one query at a time. `goals` measures what issue and docs promise at one size, in turns
with IndexFlatIP in one process: latency, filters, exact answers, batches, adding, a cold start.

    python benchmarks/scale.py --goals --crops 1000000

Other systems are taken when they are installed (usearch, hnswlib, sqlite-vec with apsw, lancedb,
chromadb, qdrant-client, milvus-lite with pymilvus); `--rivals PYTHON` runs them with another
interpreter.
Results are kept as JSON in --work; `--write` keeps them in results/speed/scale.csv and
scale-goals.csv, from which `run.py --write` makes the tables and the picture of docs/benchmarks/.
At 1 M it takes about 20 minutes and 8 GB of disk (others apart), at 10 M (this program and FAISS
only) ten minutes, 40 GB of disk and 16 GB of memory, once the archive is written; that is not timed
and takes an hour or more, as its unique keys are random (for the figures on the page SQLite was
given a cache of 5 GB).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from crowd import Crowd
from measuring import Watch, default_work, machine
from scale_systems import SYSTEMS, FaissFlat, Ids, Ours, OutOfPatienceError, fresh

QUERIES = 200
BATCH = 64  # whole answers that are asked for together
DEPTHS = (1, 10, 100)
WANTED_RECALL = 0.99
PATIENCE_S = 1800.0
SEARCHING_S = 60.0  # for each setting of a system
NEEDS = {
    "usearch": "usearch", "hnswlib": "hnswlib", "sqlite-vec": "apsw", "lancedb": "lancedb",
    "chromadb": "chromadb", "qdrant-client, local": "qdrant_client", "milvus-lite": "pymilvus",
}  # fmt: skip
Result = dict[str, Any]


# -- the truth ----------------------------------------------------------------------------------


def truth(crops: int, work: Path) -> tuple[np.ndarray, np.ndarray]:
    """Queries, and the ids of their 100 best; computed once a size, in passing."""
    kept, crowd = work / f"truth-{crops}.npz", Crowd(crops)
    if not kept.exists():
        queries = crowd.queries(QUERIES)
        best = np.full((QUERIES, max(DEPTHS)), -np.inf, dtype=np.float32)
        ids, first = np.zeros(best.shape, dtype=np.int64), 1
        for chunk in crowd.chunks():
            scores = np.concatenate([best, queries @ chunk.T], axis=1)
            numbers = np.arange(first, first + len(chunk))
            every = np.concatenate([ids, np.broadcast_to(numbers, (QUERIES, len(chunk)))], axis=1)
            order = np.argpartition(-scores, max(DEPTHS), axis=1)[:, : max(DEPTHS)]
            best, ids = np.take_along_axis(scores, order, 1), np.take_along_axis(every, order, 1)
            first += len(chunk)
        order = np.argsort(-best, axis=1)
        np.savez(kept, queries=queries, ids=np.take_along_axis(ids, order, 1))
    with np.load(kept) as held:
        return held["queries"], held["ids"]


def recall(found: list[Ids], ids: np.ndarray, k: int) -> float:
    """Share of the true k best that was found."""
    pairs = zip(found, ids, strict=True)
    return float(np.mean([len(np.intersect1d(a[:k], b[:k])) / k for a, b in pairs]))


# -- one system at one size ---------------------------------------------------------------------


def memory() -> dict[str, int]:
    """Resident bytes, the process's own and those of mapped files, now; and the most ever."""
    status = Path("/proc/self/status").read_text("ascii")
    held = {
        name: int(re.findall(rf"{name}:\s+(\d+)", status)[0]) * 1024
        for name in ("RssAnon", "RssFile")
    }
    return {
        "anon": held["RssAnon"],
        "file": held["RssFile"],
        "most": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def one(name: str, crops: int, work: Path) -> Result:
    """Build, tune, measure."""
    queries, ids = truth(crops, work)
    system = SYSTEMS[name](crops, fresh(work / "system"), PATIENCE_S)
    before = memory()["anon"]  # of the drawing, and of what all import
    result: Result = {"system": name, "crops": crops}
    try:
        system.build(Crowd(crops).chunks())
    except OutOfPatienceError as error:
        return result | {"failed": f"not built within {PATIENCE_S:.0f} s ({error})"}
    result |= {"build_s": system.seconds, "disk": system.disk_bytes()}
    half = QUERIES // 2
    slow_s = seconds(lambda: system.search(queries[0], 10))
    asked = max(5, min(half, int(SEARCHING_S / slow_s)))  # of those whose queries take seconds: few
    queries = np.concatenate([queries[:half][:asked], queries[half:][:asked]])
    ids, half = np.concatenate([ids[:half][:asked], ids[half:][:asked]]), asked
    for knob in system.ladder:
        system.tune(knob)
        found = [system.search(query, 10) for query in queries[:half]]
        if recall(found, ids[:half], 10) >= WANTED_RECALL:
            break
    took, found = [], []
    for query in queries[half:]:
        began = time.perf_counter()
        found.append(system.search(query, 10))
        took.append(1000 * (time.perf_counter() - began))
    at = {10: recall(found, ids[half:], 10)}
    for k in (1, 100):
        at[k] = recall([system.search(query, k) for query in queries[half:]], ids[half:], k)
    p50, p95, p99 = np.percentile(took, [50, 95, 99])
    return result | {
        "setting": system.setting,
        "p50": p50, "p95": p95, "p99": p99,
        "recall": {str(k): at[k] for k in DEPTHS},
        "memory": memory() | {"before": before},
    }  # fmt: skip


# -- what is promised ---------------------------------------------------------------------------


def goals(crops: int, work: Path) -> Result:
    """Ratios to IndexFlatIP, measured in turns with it."""
    queries, ids = truth(crops, work)
    ours = Ours(crops, work / "system", PATIENCE_S)
    ours.build(Crowd(crops).chunks())
    index, count = ours.gallery.index, 60
    assert index is not None
    flat = FaissFlat(crops, fresh(work / "system"), PATIENCE_S)
    flat.build(Crowd(crops).chunks())
    index.verify()
    rng = np.random.default_rng(1)
    kept = {
        share: np.sort(rng.choice(crops, max(1, round(share * crops)), replace=False)) + 1
        for share in (1e-6, 1e-4, 1e-2, 0.1, 0.5, 1.0)
    }
    parts: dict[str, Callable[[int], object]] = {
        "IndexFlatIP": lambda i: flat.search(queries[i], 10),
        "scan": lambda i: index.search(queries[i], 10),
        "exact": lambda i: index.search(queries[i], 10, exact=True),
    } | {
        f"filter {share:g}": lambda i, some=some: index.search(queries[i], 10, some)
        for share, some in kept.items()
    }
    took: dict[str, list[float]] = {name: [] for name in parts}
    for i in range(count):
        for name, part in parts.items():
            took[name].append(1000 * seconds(lambda part=part, i=i: part(i)))
    result: Result = {name: float(np.median(times)) for name, times in took.items()}
    result["recall"] = recall([index.search(query, 10).ids for query in queries], ids, 10)
    result["recall@100"] = recall([index.search(query, 100).ids for query in queries], ids, 100)
    result["exact is right"] = recall(
        [index.search(query, 10, exact=True).ids for query in queries], ids, 10
    )
    result["batch, ms a query"] = 1000 * seconds(lambda: index.search_many(queries, 10)) / QUERIES
    result |= whole_answers(ours, queries)
    result["build, s"] = ours.seconds
    result["adding, vectors/s"] = adding(crops)
    result |= cold(ours.store.folder)
    return {"crops": crops} | result


def whole_answers(ours: Ours, queries: np.ndarray) -> Result:
    """Whole answers one by one and in batches, each to queries of its own.

    Beside the wall time the processor time of what is not the index's search: whether the index
    is current, the check of every score, the facts of ten matches, the statement.
    """
    from reidsearch.search.engine import search_many
    from reidsearch.search.query import Query

    bare, in_index = ours.gallery.hits_many, 0.0

    def hits_many(*given: Any, **named: Any) -> Any:
        nonlocal in_index
        began = time.process_time()
        found = bare(*given, **named)
        in_index += time.process_time() - began
        return found

    ours.gallery.hits_many = hits_many  # type: ignore[method-assign]
    result: Result = {}
    asked = [Query(query, "drawn") for query in queries]
    alone = [asked[i : i + 1] for i in range(len(asked) % BATCH or BATCH)]
    batches = [asked[i : i + BATCH] for i in range(len(alone), len(asked), BATCH)]
    for name, parts in ("whole answer", alone), ("whole answer in a batch", batches):
        wall, own = [], []
        for part in parts:
            in_index, began, cpu_s = 0.0, time.perf_counter(), time.process_time()
            search_many(ours.store, ours.gallery, part, "none")
            own.append((time.process_time() - cpu_s - in_index) / len(part))
            wall.append((time.perf_counter() - began) / len(part))
        result[f"{name}, ms"] = 1000 * float(np.median(wall))
        result[f"{name}, CPU ms beside the index"] = 1000 * float(np.median(own))
    ours.gallery.hits_many = bare  # type: ignore[method-assign]
    result["a batch's throughput"] = (
        result["whole answer, ms"] / result["whole answer in a batch, ms"]
    )
    return result


def adding(crops: int) -> float:
    """Vectors a second that become codes, in memory."""
    from reidsearch.index.factory import COMPACT

    rows = np.concatenate(list(Crowd(min(crops, 600_000)).chunks()))
    index = COMPACT.create(rows.shape[1], lambda ids: (ids, rows[ids - 1]), None, lambda: rows)
    ids = np.arange(1, len(rows) + 1)

    def add() -> None:
        for start in range(0, len(rows), 4096):
            index.add(ids[start : start + 4096], rows[start : start + 4096])

    return len(rows) / seconds(add)


COLD = """
import time; began = time.perf_counter()
import sys; from pathlib import Path; import numpy as np
from reidsearch.index.gallery import Gallery; from reidsearch.store.crops.store import Store
from reidsearch.search.engine import Query, search
store = Store(Path(sys.argv[1])); gallery = Gallery(store)
vector = np.random.default_rng(0).standard_normal(256).astype(np.float32)
search(store, gallery, Query(vector / np.linalg.norm(vector), "cold"), "none")
took = time.perf_counter() - began
held = dict(line.split(":") for line in open("/proc/self/status") if line.startswith("Rss"))
print(took, *(int(held[name].split()[0]) * 1024 for name in ("RssAnon", "RssFile")))
"""


def cold(folder: Path) -> Result:
    """The first answer of a fresh process, the model apart, and what it then holds."""
    runs = []
    for _ in range(5):
        printed = subprocess.run(
            [sys.executable, "-c", COLD, str(folder)], check=True, capture_output=True, text=True
        ).stdout
        runs.append([float(value) for value in printed.split()])
    took, anon, file = np.median(runs, axis=0)
    return {"cold, s": took, "cold, anonymous bytes": anon, "cold, file bytes": file}


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# -- everything ---------------------------------------------------------------------------------


def child(given: argparse.Namespace, *arguments: str, python: str = sys.executable) -> Result:
    """Run a part in a process of its own, so that its memory is its own."""
    command = [python, __file__, "--work", str(given.work), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        return {"failed": ran.stderr.strip().splitlines()[-1] if ran.stderr else "killed"}
    result: Result = json.loads(ran.stdout.splitlines()[-1])
    return result


def installed(name: str, rivals: str) -> bool:
    if name not in NEEDS:
        return True
    if rivals == sys.executable:
        return importlib.util.find_spec(NEEDS[name]) is not None
    return not subprocess.run(
        [rivals, "-c", f"import {NEEDS[name]}"], check=False, capture_output=True
    ).returncode


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--crops", type=int, action="append")
    parser.add_argument("--only", action="append", choices=[*SYSTEMS], metavar="NAME")
    parser.add_argument("--one", choices=[*SYSTEMS], help=argparse.SUPPRESS)
    parser.add_argument("--goals", action="store_true")
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, default=default_work() / "scale")
    parser.add_argument("--rivals", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    sizes = given.crops or []
    if given.one:
        print(json.dumps(one(given.one, sizes[0], given.work)))
        return
    if given.in_process:
        print(json.dumps(goals(sizes[0], given.work)))
        return
    print(machine(), f"; load {os.getloadavg()[0]:.1f}")
    written: list[Result] = []
    for crops in sizes:
        if given.goals:
            watch = Watch()
            result = child(given, "--in-process", "--crops", str(crops))
            result |= {"crops": crops, "measured": watch.note()}
            keep(given.work / f"goals-{crops}.json", result)
            written.append(result)
            continue
        for name in given.only or SYSTEMS:
            python = given.rivals if name in NEEDS else sys.executable
            if not installed(name, python):
                print(f"{name}: not installed")
                continue
            watch = Watch()
            result = child(given, "--one", name, "--crops", str(crops), python=python)
            result |= {"system": name, "crops": crops, "measured": watch.note()}
            keep(given.work / f"{re.sub('[^a-z0-9]+', '-', name.lower())}-{crops}.json", result)
            written.append(result)
    if given.write:
        from scale_report import write

        write(written, goals=given.goals)


def keep(path: Path, result: Result) -> None:
    path.write_text(json.dumps(result, indent=1))
    print(path.stem, json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
