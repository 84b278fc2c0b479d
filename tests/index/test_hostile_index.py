"""Index and graph files whose checksums fit and which make no sense: answered rightly, or told.

Whoever made an archive also made its checksums, so they prove nothing here. Every case is written
into the files, every checksum above it made anew, and the row in the database with it.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attacks import Attacks, Ended, fill_indexed, ids_of, spread

from reidsearch.index.compact.blocks import block_sums
from reidsearch.index.compact.index import CompactEngine

pytestmark = pytest.mark.fuzz
CROPS = 90
RERANKED = ("query", "--crop", 3, "-k", 7, "--format", "json")
QUERY = (*RERANKED, "--no-rerank")
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 7, 2**31, 2**40, 2**63, -(2**63), 10**30, 1.5, 1e300, float("nan"),
    float("inf"), "", "x", "../../etc/passwd", "codes-" + "0" * 32, [], [[]], {}, [1, 2], [-1],
    [2**40], ["x"], [5, 5], [9, 3],
)  # fmt: skip


@pytest.fixture(scope="module", params=["flat", "compact"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with an index of one kind, and a neighbour graph."""
    folder = tmp_path_factory.mktemp(request.param) / "archive"
    small = CompactEngine(segment_rows=32, tail_rows=8, own_rows=3)
    fill_indexed(folder, CROPS, small if request.param == "compact" else None)
    return folder


def is_compact(folder: Path) -> bool:
    return any((folder / "index").glob("codes-*"))


def forge(folder: Path) -> None:
    """Make rows of the database fit the files, whatever is in them."""
    with closing(sqlite3.connect(folder / "archive.db")) as database, database:
        for table, below in (("generation", "index"), ("neighbours", "neighbours")):
            (name,) = database.execute(f"SELECT file FROM {table}").fetchone()
            data = (folder / below / name).read_bytes()
            database.execute(
                f"UPDATE {table} SET size_bytes = ?, sha256 = ?",
                (len(data), hashlib.sha256(data).digest()),
            )


def note_file(folder: Path) -> Path:
    (path,) = (folder / "index").glob("generation-*")
    return path


def with_note(folder: Path, note: dict[str, Any]) -> None:
    note_file(folder).write_text(json.dumps(note))
    forge(folder)


def tried(attacks: Attacks, name: str, folder: Path, right: list[int], *, exact: bool) -> None:
    """Count a case: every command answers or tells, and a query that answers is right."""
    for command in (QUERY, ("check",)):
        ended = attacks.run(*command, "-a", folder)
        held = ended.orderly
        if held and command is QUERY and exact:
            held = ended.code == 0 and ids_of(ended.said) == right
        attacks.count(f"{name}: {command[0]} {command[-1]}", held=held, said=_told(ended))


def _told(ended: Ended) -> str:
    return f"{ended.code} {ended.said[-200:]}"


def fields(note: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all that a note holds."""
    if path:
        yield path
    if isinstance(note, dict):
        for key, value in note.items():
            yield from fields(value, (*path, key))
    elif isinstance(note, list) and path[0] == "segments":
        for number, value in enumerate(note):
            yield from fields(value, (*path, number))


def replaced(note: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(note)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


@pytest.fixture
def attacks(tmp_path: Path) -> Iterator[Attacks]:
    with Attacks(tmp_path, small=True).serving() as serving:
        yield serving


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def fresh(whole: Path, archive: Path) -> Path:
    shutil.rmtree(archive, ignore_errors=True)
    return Path(shutil.copytree(whole, archive))


LENIENT = {"error", "bound_error", "longest", "trained_for", "outliers", "outlier_errors"}


def test_every_field_of_a_note_with_odd_values(whole, archive, request):
    if not is_compact(whole):
        pytest.skip("a flat index has no note")
    attacks = request.getfixturevalue("attacks")
    right = ids_of(attacks.run(*QUERY, "-a", whole).said)
    note = json.loads(note_file(whole).read_bytes())
    cases = [
        (path, value) for path in fields(note) for value in ODD
        # Bounds that are smaller than the truth, a count of what it was trained for, and an
        # outlier more or less make sense; `check` tells of the bounds.
        if path[-1] not in LENIENT or not isinstance(value, int | list)
    ]  # fmt: skip
    for path, value in spread(cases, 22, seed=2):
        with_note(fresh(whole, archive), replaced(note, path, value))
        tried(attacks, f"{path} = {value!r}", archive, right, exact=True)


ROWS = {
    "generation": ("kind", "model_id", "size_bytes", "sha256", "crops", "erasures", "recall"),
    "neighbours": ("model_id", "size_bytes", "sha256", "crops"),
}
CELLS: tuple[Any, ...] = (
    -1, 0, 5, 2**62, -(2**63), 1.5, "x", "", b"", b"\xff" * 31, b"\0" * 32, "[" * 3000, '{"at": 7}',
    '{"at": {"10": [1]}, "crops": 1}', '{"at": {"10": [0, 0]}, "crops": 1}', '{"at": {"x": []}}',
)  # fmt: skip


def test_every_column_of_their_rows_with_odd_values(whole, archive, attacks):
    right = ids_of(attacks.run(*QUERY, "-a", whole).said)
    cases = [(t, column, cell) for t in ROWS for column in ROWS[t] for cell in CELLS]
    for table, column, cell in spread(cases, 22, seed=3):
        fresh(whole, archive)
        with closing(sqlite3.connect(archive / "archive.db")) as database, database:
            database.execute("PRAGMA foreign_keys = OFF")
            database.execute(f"UPDATE {table} SET {column} = ?", (cell,))
        name = f"{table}.{column} = {cell!r}"
        tried(attacks, name, archive, right, exact=column != "model_id")


COUNTS = (-1, 0, 1, CROPS - 1, CROPS + 1, 2**31, 2**40, 2**62, -(2**63))


def heads(data: bytes, whole: Path) -> Iterator[tuple[str, bytes]]:
    """Files with a word of their head, or of what follows their arrays, replaced."""
    places = [*range(0, 90, 4), len(data) - 8 * CROPS - 8, len(data) - 8]
    for at in places:
        for count in COUNTS:
            word = struct.pack("<q", count)
            yield f"{at}: {count}", data[:at] + word + data[at + 8 :]
    for size in (0, 1, 36, 37, 82, len(data) // 2, len(data) - 1):
        yield f"cut to {size}", data[:size]
    yield "longer", data + b"\0" * 8


def test_heads_and_sizes_of_the_files(whole, archive, attacks):
    right = ids_of(attacks.run(*QUERY, "-a", whole).said)
    if is_compact(whole):
        note = json.loads(note_file(whole).read_bytes())
        first = note["segments"][0]["name"]
        cases = []
        for ending in ("scan", "sums", "fine"):
            data = (whole / "index" / f"{first}.{ending}").read_bytes()
            cases += [(ending, name, bad) for name, bad in heads(data, whole)]
        for ending, name, bad in spread(cases, 22, seed=4):
            fresh(whole, archive)
            (archive / "index" / f"{first}.{ending}").write_bytes(bad)
            forged = copy.deepcopy(note)
            segment = forged["segments"][0]
            if ending == "fine":
                sums = block_sums(bad)
                (archive / "index" / f"{first}.sums").write_bytes(sums)
                segment["sums_sha256"] = hashlib.sha256(sums).hexdigest()
            else:
                segment[f"{ending}_sha256"] = hashlib.sha256(bad).hexdigest()
            with_note(archive, forged)
            # What lies among the arrays is codes: other codes are found by `check` alone.
            tried(attacks, f"{ending} {name}", archive, right, exact=ending != "fine")
        return
    for name, bad in spread(list(heads(note_file(whole).read_bytes(), whole)), 22, seed=5):
        fresh(whole, archive)
        note_file(archive).write_bytes(bad)
        forge(archive)
        tried(attacks, name, archive, right, exact=name[:2] not in {"88", "84"})


def test_graphs_that_point_nowhere(whole, archive, attacks):
    (path,) = (whole / "neighbours").iterdir()
    rows, data = np.load(path), path.read_bytes()
    right = ids_of(attacks.run(*QUERY, "-a", whole).said)
    reranked = ids_of(attacks.run(*RERANKED, "-a", whole).said)
    bad: list[tuple[str, bytes | np.ndarray]] = [("cut", data[:-1]), ("longer", data + b"x")]
    for column in ("crop_id", "near", "farthest", "score", "least"):
        for value in (-2, CROPS, 2**31 - 1, -(2**31), float("nan")):
            changed = rows.copy()
            if value == value or rows[column].dtype.kind == "f":
                changed[column][5] = value
                bad.append((f"{column} = {value}", changed))
    header = data.index(b"\n") + 1
    for text in (b"(9999999999999,)", b"(-1,)", b"()", b"(1,2)"):
        head = data[:header].replace(b"(90,)", text)
        head = (head.rstrip(b" \n") + b" " * 999)[: header - 1] + b"\n"
        bad.append((text.decode(), head + data[header:]))
    bad.append(("a pickle", b"\x93NUMPY\x01\x00" + struct.pack("<H", 70) + (
        b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(69) + b"\n" + b"cos\nx\n."
    )))  # fmt: skip
    bad.append(("deep", b"\x93NUMPY\x01\x00" + struct.pack("<H", 60_000) + b"(" * 60_000))
    for name, content in bad:
        fresh(whole, archive)
        target = archive / "neighbours" / path.name
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            np.save(target, content)
        forge(archive)
        for command, expected in ((QUERY, right), (RERANKED, reranked), (("check",), None)):
            ended = attacks.run(*command, "-a", archive)
            held = ended.orderly
            # A score that is a number is one: `check` compares it with the embeddings.
            if held and expected is not None and not name.startswith(("score", "least")):
                held = ended.code == 0 and ids_of(ended.said) == expected
            attacks.count(f"{name}: {command[-1]}", held=held, said=_told(ended))


def test_random_bytes_with_fitting_checksums(whole, archive, attacks):
    """Other vectors and codes are other answers, which the database does not confirm; no crash."""
    chance = random.Random(6)
    for number in range(15):
        fresh(whole, archive)
        files = sorted(path for path in archive.rglob("*") if path.parent.name in {"index"})
        for path in chance.sample(files, 1):
            data = bytearray(path.read_bytes())
            for _ in range(chance.randint(1, 40)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            path.write_bytes(data)
        forge(archive)
        tried(attacks, f"bytes {number} of {path.name}", archive, [], exact=False)
