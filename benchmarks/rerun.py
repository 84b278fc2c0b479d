"""Indexing again 100 000 files that have not changed, in files a second.

The files lie on disk in a hundred folders, and the archive holds them all. Bare is what any
program has to do: list the folders and ask for every file's size and time.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from big_archive import big_archive, numbered, small_jpeg
from measuring import Figure, GeneratedEmbeddings, in_turns, open_with, report, seconds

from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import CropInput
from reidsearch.media.files.crop_inputs import CropInputs
from reidsearch.media.files.inventory import take_inventory
from reidsearch.media.naming.patterns import Naming

FILES = 100_000
FOLDERS = 100


def written(folder: Path) -> Path:
    """The files, made unless they are there."""
    finished = folder.with_name(folder.name + ".finished")
    if not finished.exists():
        jpeg = small_jpeg()
        for number in range(FILES):
            path = folder / f"{number % FOLDERS:02}" / f"{number:06}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(numbered(jpeg, number))
        finished.touch()
    return folder


def listed(folder: Path) -> Iterator[CropInput]:
    for item in CropInputs(take_inventory([folder]), Naming(), PictureLimits()):
        assert isinstance(item, CropInput)
        yield item


def bare(folder: Path) -> None:
    count = 0
    for below in os.scandir(folder):
        for entry in os.scandir(below.path):
            count += entry.stat().st_size > 0
    assert count == FILES


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    folder = written(given.work / "files")
    identity = GeneratedEmbeddings.identity
    held = big_archive(given.work / "archive-of-files", FILES, identity, listed(folder))

    def again() -> None:
        with open_with(held, GeneratedEmbeddings()) as archive:
            assert archive.index([folder]).unchanged == FILES

    again()
    ours, listing = in_turns(
        5, lambda: FILES / seconds(again), lambda: FILES / seconds(lambda: bare(folder))
    )
    yield Figure("re-run, nothing changed", "files/s", ours, limit=20_000, at_least=True)
    yield Figure("only listing the files", "files/s", listing)


if __name__ == "__main__":
    report(measure)
