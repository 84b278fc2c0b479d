"""How many workers a machine has room for: seconds of footage a second of 1, 2, ... at once.

    python benchmarks/workers.py CLIP postgresql://user@host --models DIR [--workers 1 2]

Each figure is of a new database of that server, with four copies of the clip for each worker, from
the first source taken to the last one done. The numbers are taken in turns, twice.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

import psycopg

from reidsearch import Archive
from reidsearch.domain.index_request import IndexRequest

COPIES = 4
ROUNDS = 2


def copies(clip: Path, folder: Path, count: int) -> list[Path]:
    """Files that show the same and differ in their bytes."""
    made = []
    for number in range(count):
        free = (12).to_bytes(4, "big") + b"free" + number.to_bytes(4, "big")
        made.append(folder / f"{number}.mp4")
        made[-1].write_bytes(clip.read_bytes() + free)
    return made


def measured(clip: Path, server: str, models: Path, count: int) -> tuple[float, float]:
    """Return seconds of footage a second, and processor seconds a second of footage."""
    name = f"workers_{uuid4().hex[:8]}"
    address = f"{server}/{name}"
    with tempfile.TemporaryDirectory() as folder:
        with Archive.open(address, create=True) as archive:
            archive.queue.put(copies(clip, Path(folder), COPIES * count), IndexRequest())
        command = [sys.executable, "-m", "reidsearch", "worker", "-a", address, "--until-done"]
        command += ["--model-path", str(models), "--offline", "--quiet", "--format", "json"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(count)]
        for one in running:
            if one.wait() != 0:
                raise SystemExit(f"a worker ended with {one.returncode}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with psycopg.connect(address) as connection:
        row = connection.execute(
            "SELECT sum(footage_s), (max(ended_us) - min(started_us)) / 1e6 FROM main.queued_source"
        ).fetchone()
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    footage_s, seconds = float(row[0]), float(row[1])
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return footage_s / seconds, used / footage_s


def main() -> None:
    """Measure numbers of workers in turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("server")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    told = parser.parse_args()
    print(f"{os.cpu_count()} cores")
    for _ in range(ROUNDS):
        for count in told.workers:
            rate, used = measured(told.clip, told.server.rstrip("/"), told.models, count)
            print(f"{count} at once: {rate:.1f} s of footage a second,", end=" ")
            print(f"{used:.3f} processor seconds for each; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
