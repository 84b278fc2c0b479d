"""Commands run against hostile archives: each in a process of its own, which may die.

A server imports the program once and forks for every case, so that a case takes a tenth of a
second, and one that ends by a signal takes nobody with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from archives import fill, unit_rows
from hostile import Tally

from reidsearch.index import factory
from reidsearch.index.compact.index import CompactEngine
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.store.crops.store import Store

UNEXPECTED = 70
SERVER = """
import json, os, signal, sys, time
import faiss, numpy, sqlalchemy, filelock
from reidsearch.cli import main
from reidsearch.archive import Archive
from reidsearch.index import factory
from reidsearch.index.compact.index import CompactEngine
from reidsearch.maintenance import backup, check, erase
from reidsearch.output import answer_json, emit, progress, text
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        signal.alarm(int(asked["seconds"]))
        out = os.open(asked["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1); os.dup2(out, 2); os.close(0)
        if asked["small"]:
            small = CompactEngine(segment_rows=16, tail_rows=4, own_rows=3)
            factory.TAKEOVER, factory.COMPACT = 40, small
            factory.ENGINES[small.kind] = small
        sys.argv = ["reidsearch", *asked["arguments"]]
        try:
            main.run()
        except SystemExit as left:
            sys.stdout.flush(); sys.stderr.flush()
            os._exit(left.code or 0)
        except BaseException:
            import traceback; traceback.print_exc()
        os._exit(99)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, or a signal's number below zero; what it said."""

    code: int
    said: str

    @property
    def orderly(self) -> bool:
        """Whether it gave an answer or a clear error."""
        return 0 <= self.code < UNEXPECTED and "Traceback" not in self.said


@dataclass
class Attacks:
    """Runs cases, counts them, and keeps those that did not hold.

    Args:
        small: archives from 40 crops on have a compact index.
    """

    folder: Path
    small: bool = False

    def __post_init__(self) -> None:
        self._tally = Tally(self.folder.name)  # pytest names it after the test

    @contextlib.contextmanager
    def serving(self) -> Iterator[Attacks]:
        """Keep the server while cases run; at the end all have to have held."""
        self._server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
        try:
            yield self
        finally:
            self._server.communicate("")
        self._tally.close()

    def run(self, *arguments: object, seconds: int = 30) -> Ended:
        """Run a command; a signal ends it that takes longer."""
        out = self.folder / "said.txt"
        asked: dict[str, Any] = {
            "arguments": [str(one) for one in arguments],
            "out": str(out),
            "seconds": seconds,
            "small": self.small,
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        code = int(self._server.stdout.readline())
        return Ended(code, out.read_text(encoding="utf-8", errors="replace"))

    def count(self, name: str, *, held: bool, said: str = "") -> None:
        """Count a case."""
        self._tally.take(name, "" if held else said[-300:] or "it did not hold")


def snapshot(*folders: Path) -> dict[str, tuple[object, ...]]:
    """What lies below folders, byte by byte, with permissions and times; links not followed."""
    found: dict[str, tuple[object, ...]] = {}
    for folder in folders:
        for path in (folder, *sorted(folder.rglob("*"))):
            entry = path.lstat()
            content: object = None
            if path.is_symlink():
                content = str(path.readlink())
            elif path.is_file():
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            changed = None if path.is_dir() and not path.is_symlink() else entry.st_mtime_ns
            found[str(path)] = (entry.st_mode, content, changed)
    return found


def ids_of(said: str) -> list[int]:
    """The crop ids of an answer in JSON."""
    return [match["crop_id"] for match in json.loads(said[said.index("{") :])["matches"]]


def spread(cases: Sequence[Any], most: int, seed: int) -> list[Any]:
    """At most so many cases, drawn by a seed, in their order."""
    import random

    drawn = sorted(random.Random(seed).sample(range(len(cases)), min(most, len(cases))))
    return [cases[number] for number in drawn]


def fill_indexed(folder: Path, crops: int, compact: CompactEngine | None) -> None:
    """An archive with an index, compact or flat, and a neighbour graph."""
    fill(folder, unit_rows(crops))
    with pytest.MonkeyPatch.context() as patch:
        if compact is not None:
            patch.setattr(factory, "TAKEOVER", 40)
            patch.setattr(factory, "COMPACT", compact)
            patch.setitem(factory.ENGINES, compact.kind, compact)
        with Store(folder) as store:
            gallery = Gallery(store)
            with store.lock():
                gallery.compact()
            Neighbours(store, gallery).keep(blocks=None)
