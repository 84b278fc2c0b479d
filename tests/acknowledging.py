"""A process that works on an archive without end and writes down what was acknowledged.

`python acknowledging.py KIND ADDRESS FOLDER FILE`, as tests start it that kill what it depends on.
It takes any error of the program for "the server is away", opens the archive anew and does the
same again, as somebody would who got no answer; any other error ends it.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from archives import draw_many

from reidsearch import Archive, Filters
from reidsearch.base.address import read_address
from reidsearch.base.errors import ReidsearchError, UsageError

BATCH = 4
"""Crops of one index run; the first of them is deleted afterwards."""
FIRST = 1000
"""Number of the first picture that is drawn."""


def location(batch: int, number: int, folder: Path) -> str:
    return str(folder / f"{batch}" / f"{FIRST + batch * BATCH + number:03d}.png")


def decide(archive: Archive, number: int, folder: Path) -> Iterator[str]:
    name = f"p{number}"
    try:
        archive.identities.new(name)
    except UsageError:  # no answer came the first time, but it was done
        if name not in {one.name for one in archive.identities.all()}:
            raise
    yield f"decided {name}"
    time.sleep(0.05)


def index_and_delete(archive: Archive, number: int, folder: Path) -> Iterator[str]:
    place = folder / f"{number}"
    if not place.is_dir():
        drawn = place.with_suffix(".new")
        draw_many(drawn, BATCH, start=FIRST + number * BATCH)
        drawn.rename(place)
    report = archive.index([place])
    if report.failed:
        raise AssertionError(report)
    yield f"indexed {number}"
    planned = archive.plan_delete(Filters(sources=[location(number, 0, folder)]))
    if planned.ids:  # else no answer came the first time, but it was done
        archive.delete(planned)
    yield f"deleted {number}"


KINDS = {"decide": decide, "index": index_and_delete}


def main(kind: str, address: str, folder: str, file: str) -> None:
    with Path(file).open("a", buffering=1) as acknowledged:
        for number in itertools.count():
            said: set[str] = set()
            while True:
                try:
                    with Archive.open(read_address(address), model="builtin") as archive:
                        for line in KINDS[kind](archive, number, Path(folder)):
                            if line not in said:
                                acknowledged.write(f"{line}\n")
                                said.add(line)
                    break
                except ReidsearchError as error:
                    print(f"{number}: {error.message}", file=sys.stderr, flush=True)
                    time.sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
