"""From paths to the archive: memory stays bounded, and the run tells what was passed over."""

from __future__ import annotations

import io
import json
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reidsearch.archive import Archive
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import CropInput
from reidsearch.ingest.crops import MAX_HELD_BYTES, READ_AHEAD, READ_TOGETHER

HELD_BYTES = MAX_HELD_BYTES // 4


class Held:
    """Stands for the bytes of a large picture in a compressed tar."""

    held_bytes = HELD_BYTES

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, limits: PictureLimits) -> bytes:
        return self.data


def picture(number: int) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 255, (32, 16, 3), np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.full
def test_offers_that_hold_their_bytes_are_not_hoarded(tmp_path: Path) -> None:
    alive: weakref.WeakSet[Held] = weakref.WeakSet()
    most = 0

    def offers() -> Iterator[CropInput]:
        nonlocal most
        for number in range(200):
            held = Held(picture(number))
            alive.add(held)
            most = max(most, len(alive))
            item = CropInput(f"a.tgz!/{number}.png", "1", held)
            del held
            yield item
            del item

    with Archive.open(tmp_path / "archive", create=True, model="builtin") as archive:
        assert archive.index_crops(offers()).indexed == 200
    assert most <= 2 * MAX_HELD_BYTES // HELD_BYTES + (READ_AHEAD + 2) * READ_TOGETHER


class Told:
    """Remembers what progress was begun with."""

    def __init__(self) -> None:
        self.totals: list[int | None] = []
        self.places: list[str] = []
        self.done = 0

    def begin(self, task: str, total: int | None, unit: str) -> None:
        self.totals.append(total)

    def advance(self, done: int = 1, /, **counts: int) -> None:
        self.done += done

    def working_on(self, what: str) -> None:
        self.places.append(what)

    def end(self) -> None:
        pass


@pytest.mark.full
def test_a_run_knows_its_total_and_tells_what_it_ignored(tmp_path: Path) -> None:
    folder = tmp_path / "crops"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(picture(number))
    (folder / "empty.jpg").touch()
    (folder / "notes.txt").write_text("x")
    told = Told()
    with Archive.open(tmp_path / "archive", create=True, model="builtin") as archive:
        report = archive.index([folder], progress=told)
    assert (report.offered, report.indexed, report.failed, report.skipped) == (4, 3, 1, 1)
    assert report.skipped_names == (f"{folder}/notes.txt",)
    size_bytes = sum((folder / f"{number}.png").stat().st_size for number in range(3))
    assert told.totals == [size_bytes]
    assert told.done == size_bytes
    assert f"{folder}/empty.jpg" in told.places
    (database,) = (tmp_path / "archive").glob("*.db")
    with closing(sqlite3.connect(database)) as connection:
        (counts,) = connection.execute("SELECT counts FROM run").fetchone()
    assert json.loads(counts)["skipped"] == 1
