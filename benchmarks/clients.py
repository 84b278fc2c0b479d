"""The page and the API of 100 000 crops under 1, 10 and 100 clients.

    python benchmarks/clients.py [--clients 10] [--seconds 12] [--write]

Clients ask `reidsearch serve`, each its next question as soon as it has an answer, each time of
another crop: `/api/v1/answers` (JSON) or `/answer` (the whole page in HTML, with what the server
does for it, without its pictures). One fresh server for each kind; clients, threads of another
process, share its cores. Memory is the server's (VmRSS) at the end of the load.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import click
import numpy as np
from big_archive import big_archive
from crowd import Crowd
from measuring import GeneratedEmbeddings, Watch, default_work
from serve import CROPS, Client, resident_mb, serving, signed_in
from speed_files import exactly, put

PLACES = {"API": "/api/v1/answers", "page": "/answer"}
CLIENTS = (1, 10, 100)
WARM = 5


def loaded(netloc: str, headers: dict[str, str], place: str, count: int, run_s: float) -> list[str]:
    """Answers a second, p50, p95 and most of their time in ms, and errors."""
    clients = [Client(netloc, headers, seed, place) for seed in range(count)]
    began = time.monotonic()
    threads = [threading.Thread(target=one.until, args=(began + run_s,)) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - began
    took_ms = 1000 * np.concatenate([one.took_s for one in clients])
    errors = sum(one.errors for one in clients)
    p50, p95 = np.quantile(took_ms, [0.5, 0.95])
    rate = (len(took_ms) - errors) / elapsed
    return [str(len(took_ms)), *map(exactly, (rate, p50, p95, took_ms.max())), str(errors)]


def served(archive: Path, kind: str, counts: tuple[int, ...], run_s: float) -> list[dict[str, str]]:
    """A row for each number of clients, by one server."""
    names = ("questions", "answers/s", "p50 ms", "p95 ms", "most ms", "errors")
    rows = []
    with serving(archive) as (process, link):
        headers, netloc = signed_in(link), urlsplit(link).netloc
        first = Client(netloc, headers, 0, PLACES[kind])
        for _ in range(WARM):
            first.ask()
        for count in counts:
            found = loaded(netloc, headers, PLACES[kind], count, run_s)
            row = {"of": kind, "clients": str(count), **dict(zip(names, found, strict=True))}
            rows.append(row | {"server MB": exactly(resident_mb(process))})
            print(*rows[-1].items(), sep=" | ", flush=True)
    return rows


@click.command(help=__doc__)
@click.option("--clients", type=int, multiple=True, default=CLIENTS)
@click.option("--seconds", type=float, default=12, help="Of load, for each number of clients.")
@click.option("--work", type=click.Path(path_type=Path), default=default_work() / "clients")
@click.option("--write", is_flag=True, help="Keep the rows in results/speed/clients.csv.")
def main(clients: tuple[int, ...], seconds: float, work: Path, write: bool) -> None:
    work.mkdir(parents=True, exist_ok=True)
    made = big_archive(
        work.parent / f"crowd-{CROPS}",
        CROPS,
        GeneratedEmbeddings.identity,
        vectors=Crowd(CROPS).chunks(),
    )
    archive = work / "archive"
    shutil.rmtree(archive, ignore_errors=True)
    shutil.copytree(made, archive)
    migrate = [sys.executable, "-m", "reidsearch", "migrate", "-a", str(archive)]
    subprocess.run(migrate, check=True, stdout=subprocess.DEVNULL)
    watch = Watch()
    rows = [row for kind in PLACES for row in served(archive, kind, clients, seconds)]
    note = watch.note()
    print(note)
    if write:
        command = "python benchmarks/run.py --only clients --write"
        put("clients", rows, command=command, note=note)
    shutil.rmtree(archive)


if __name__ == "__main__":
    main()
