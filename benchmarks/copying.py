"""How long `reidsearch copy` takes between a folder and a database, and what memory.

    .venv/bin/python benchmarks/copying.py postgresql://postgres@127.0.0.1/copied 20000

The database must not exist yet. Prints the seconds of each way, the part that is the index, and the
peak of memory of the process so far.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from big_archive import big_archive
from measuring import GeneratedEmbeddings, machine

from reidsearch.base.address import Address, read_address
from reidsearch.maintenance.copy import copy, write_database
from reidsearch.store.crops.store import Store


def _timed(told: str, source: Address, target: Address) -> None:
    began = time.perf_counter()
    with Store(source) as store:
        made = copy(store, target)
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{told}: {made.rows} rows in {took:.1f} s, peak {peak:.0f} MB")


def main() -> None:
    """Copy a made-up archive there and back."""
    address, crops = read_address(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as work:
        folder = big_archive(Path(work) / "archive", crops, GeneratedEmbeddings.identity)
        _timed("folder -> database", folder, address)
        _timed("database -> folder", address, Path(work) / "back")
        (Path(work) / "backup").mkdir()
        began = time.perf_counter()
        with Store(address) as store:
            write_database(store, Path(work) / "backup")
        print(f"the database of a backup: {time.perf_counter() - began:.1f} s")
    print(machine())


if __name__ == "__main__":
    main()
