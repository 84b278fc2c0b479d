"""Small archives, pictures and command lines for the tests."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from json_schemas import require_valid
from PIL import Image
from sqlalchemy import text

from reidsearch import Archive
from reidsearch.base.boxes import Box
from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.crops import CropIds, CropInput, Facts, HeldBytes, Vectors
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.steps import NewCrop
from reidsearch.index.gallery import Gallery
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer
from reidsearch.store.database import kinds, sqlite
from reidsearch.store.derived import newest_graph

DIMENSION = 16
MODEL = ModelIdentity("drawn", "FP32", "ab" * 48, "none/1", DIMENSION)
NOON = dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC)


def draw(path: Path, seed: int) -> Path:
    """A picture of noise, 16 x 32, that no other seed draws."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 255, (32, 16, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


def draw_many(folder: Path, count: int, start: int = 0) -> list[Path]:
    """`count` pictures, `000.png`, `001.png`, ..."""
    return [draw(folder / f"{start + i:03d}.png", start + i) for i in range(count)]


def write_set(folder: Path, people: int = 10) -> Path:
    """Drawn people by two cameras, with a manifest. Returns its path."""
    folder.mkdir()
    lines = ["path,person_id,camera_id"]
    for number, crop in enumerate(drawn_people(people, 2, 2)):
        Image.fromarray(crop.pixels[..., ::-1].copy()).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{crop.person},{crop.camera}")
    table = folder / "manifest.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


@cache
def _empty_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "archive"
        Store.create(made)
        return (made / sqlite.DATABASE).read_bytes()


def make_empty(folder: Path) -> None:
    """An empty archive where there is none: `Store.create`, run once a process, then copied."""
    if os.environ.get("REIDSEARCH_TEST_POSTGRES"):
        Store.create(folder)
    elif not (folder / sqlite.DATABASE).exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / sqlite.DATABASE).write_bytes(_empty_database())
        sql(folder, "UPDATE archive SET uuid = :uuid", uuid=str(uuid.uuid4()))


def opened(folder: Path) -> Archive:
    """The archive with the built-in model, made when it is absent."""
    make_empty(folder)
    return Archive.open(folder, create=True, model="builtin")


class IndexedCrops:
    """Archives of drawn crops, indexed by the built-in model once a process, and then copied.

    In all copies the crops lie where they were indexed, and the archive has the same id: at most
    one of them a test, and none where a test is about either.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, folder: Path, count: int) -> Path:
        """`count` pictures in `folder/crops`, and of them the archive `folder/archive`."""
        draw_many(folder / "crops", count)
        made = self._folder / str(count)
        if not made.exists():
            draw_many(made / "crops", count)
            with opened(made / "archive") as archive:
                archive.index([made / "crops"])
        return shutil.copytree(made / "archive", folder / "archive")


def unit_rows(count: int, seed: int = 0) -> Vectors:
    """(count, DIMENSION) float32 of unit length, any direction."""
    rows = np.random.default_rng(seed).normal(size=(count, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def new_crop(
    number: int, vector: Vectors, facts: Facts | None = None, location: str = ""
) -> NewCrop:
    """A crop with made-up bytes; `number` tells its source."""
    name = location or f"/footage/{number:05d}.jpg"
    return NewCrop(
        input=CropInput(name, str(number), HeldBytes(b""), None, facts or Facts()),
        source_sha256=hashlib.sha256(b"source %d" % number).digest(),
        size_bytes=100,
        width_px=16,
        height_px=32,
        box=Box(0, 0, 16, 32),
        jpeg=b"\xff\xd8 picture %d" % number,
        vector=vector,
    )


def fill(
    folder: Path, vectors: Vectors, facts: Sequence[Facts] | None = None, first: int = 0
) -> CropIds:
    """Write crops with these embeddings, as an index run does, but without an index file."""
    make_empty(folder)
    with Store(folder) as store, open_writer(store, MODEL) as writer:
        before = store.state().last_crop_id
        writer.begin_run(request=f"fill {first}", command="", version="0", runtime="none")
        writer.commit(
            [
                new_crop(first + i, vector, facts[i] if facts else None)
                for i, vector in enumerate(vectors)
            ]
        )
        writer.end_run({}, finished=True)
        return np.arange(before + 1, store.state().last_crop_id + 1)


def sql(folder: Path, statement: str, **values: object) -> list[tuple[object, ...]]:
    """Run one statement on the archive's database, as nobody should; rows keep fitting digests."""
    with kinds.open_database(folder) as database, database.write() as connection:
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def raw_sql(folder: Path, statement: str, *values: object) -> list[Any]:
    """The same past the program, for archives of earlier versions and for damage."""
    database = sqlite3.connect(folder / sqlite.DATABASE)
    with contextlib.closing(database), database:
        return database.execute(statement, values).fetchall()


def forge_graph(store: Store) -> None:
    """Let the database's row fit the newest file of the neighbour graph, whatever is in it."""
    graph = newest_graph(store)
    assert graph is not None
    data = graph.path.read_bytes()
    sql(
        store.folder,
        "UPDATE neighbours SET sha256 = :sha, size_bytes = :size",
        sha=hashlib.sha256(data).digest(),
        size=len(data),
    )


def contents(folder: Path) -> set[tuple[str, tuple[int, ...], bytes]]:
    """(location, box, embedding) of everything held: equal for equal archives."""
    rows = sql(
        folder,
        "SELECT location.text, x1, y1, x2, y2, vector FROM crop JOIN location"
        " ON location.crop_id = crop.id JOIN embedding ON embedding.crop_id = crop.id",
    )
    return {(str(row[0]), tuple(row[1:5]), bytes(row[5])) for row in rows}  # type: ignore[arg-type]


@dataclass
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


@dataclass
class CommandLine:
    """`reidsearch` in this process, through its real entry point."""

    monkeypatch: pytest.MonkeyPatch
    capfd: pytest.CaptureFixture[str]
    archive: Path
    handlers: dict[int, object] = field(default_factory=dict)

    def __call__(self, *arguments: str | Path | int) -> Ran:
        from reidsearch.cli import main

        self.monkeypatch.setenv("REIDSEARCH_ARCHIVE", str(self.archive))
        given = ["reidsearch", *map(str, arguments)]
        self.monkeypatch.setattr(sys, "argv", given)
        kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        self.capfd.readouterr()
        try:
            with pytest.raises(SystemExit) as left:
                main.run()
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)
        captured = self.capfd.readouterr()
        assert "Traceback" not in captured.err or "--debug" in given
        told = [*given, "", ""]
        if "--format" in told and told[told.index("--format") + 1] == "json" and captured.out:
            for document in documents(captured.out):
                require_valid(document)
        return Ran(int(left.value.code or 0), captured.out, captured.err)


def documents(text: str) -> Iterator[dict[str, Any]]:
    """The JSON documents of a command's output, one after another."""
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:]


def start(*arguments: str | bytes | Path, **options: object) -> subprocess.Popen[str]:
    """`python -m reidsearch` in a process of its own."""
    command = [sys.executable, "-m", "reidsearch", *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )


def mounted(*arguments: str) -> None:
    """`mount`; skips the test where this machine does not allow it."""
    result = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.skip(f"this machine lets nobody mount here: {result.stderr.strip()}")


@contextmanager
def small_disk(folder: Path, size_kib: int) -> Iterator[Path]:
    """A file system of `size_kib` in memory."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    folder.mkdir()
    mounted("-t", "tmpfs", "-o", f"size={size_kib}k", "none", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """The folder, where nothing can be written, not even by root."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a folder read-only")
    mounted("--bind", str(folder), str(folder))
    try:
        mounted("-o", "remount,ro,bind", str(folder))
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def query_ids(run: CommandLine, *arguments: object) -> list[int]:
    """The crop ids that `reidsearch query` answers with, best first."""
    ran = run("query", *map(str, arguments), "--format", "json", "-k", 100)
    assert ran.code == 0, ran.err
    return [match["crop_id"] for match in json.loads(ran.out)["matches"]]


def answer_of(run: CommandLine, *arguments: object) -> dict[str, Any]:
    """What `reidsearch query` answers with the built-in model."""
    ran = run("query", *arguments, "--format", "json", "--model", "builtin")
    assert ran.code == 0, ran.err
    answer: dict[str, Any] = json.loads(ran.out)
    return answer


def as_scored(gallery: Gallery, vectors: Vectors) -> Vectors:
    """Embeddings of crops 1 to n as default searches score them: camera-adjusted where these are.

    Args:
        vectors: (n, d) float32.
    """
    gallery.sync()
    adjust = gallery.adjustment()
    assert isinstance(adjust, Adjustment)
    return adjust.vectors(np.arange(1, len(vectors) + 1), vectors)
