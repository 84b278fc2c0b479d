"""A bit that turns anywhere in the database is named by `check`, and changes no answer unnoticed.

The archive is the released one of `data/archive-0.1.0.tar.gz`: crops, footage whole and half done,
attributes, identities, a calibration, index and graph; with proposals and a failure added.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import struct
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archives import sql
from frozen import DATA

from reidsearch import Archive, Filters, migrate
from reidsearch.base.errors import ReidsearchError
from reidsearch.store.row_digests import DIGEST
from reidsearch.store.tables.every import metadata

pytestmark = pytest.mark.fuzz

SECONDS = float(os.environ.get("REIDSEARCH_FUZZ_SECONDS", "25"))  # of each of the two drivers
IN_HALL = Filters(cameras=("hall",))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("released")
    with tarfile.open(DATA / "archive-0.1.0.tar.gz") as tar:
        tar.extractall(folder, filter="data")
    archive = folder / "archive"
    migrate(archive)
    with Archive.open(archive, model="builtin") as opened:
        opened.proposals.link(join_above=0.45)
    sql(
        archive,
        "INSERT INTO failure VALUES (x'00112233445566778899aabbccddeeff', '/a.jpg', 'empty',"
        " 'it is empty', 1, 0, NULL)",
    )
    sql(archive, "PRAGMA user_version = 0")  # the last connection to leave empties the log
    return archive


def matches(archive: Archive, query: int, **options: Any) -> list[str]:
    answer = archive.search(query, **options)
    return [f"{m.rank} {m.score:.5f} {m.crop} {m.tracklet} {m.attributes}" for m in answer.matches]


SHOWN: dict[str, Callable[[Archive], Any]] = {
    "query": lambda a: matches(a, 1, k=20),
    "query of footage": lambda a: matches(a, 105, k=30, grouped=False),
    "query by score": lambda a: matches(a, 20, k=20, reranked=False),
    "query with feedback": lambda a: matches(a, 12, likes=[14], unlikes=[90]),
    "query as an identity": lambda a: matches(a, 110, identity="anna"),
    "identity": lambda a: repr(a.identities.show("anna")),
    "identities": lambda a: repr(a.identities.all()),
    "decisions": lambda a: repr(a.identities.decisions()),
    "journey": lambda a: repr(a.journey("anna")),
    "proposals": lambda a: repr(a.proposals.last()),
    "coverage": lambda a: repr(a.footage.coverage()),
    "tracklets": lambda a: repr([a.footage.tracklets(s.source_id) for s in a.footage.coverage()]),
    "calibration": lambda a: repr(a.calibration.in_force()),
    "attributes": lambda a: repr([a.attributes.of(crop_id) for crop_id in (3, 105, 110)]),
    "failures": lambda a: repr(a.failures()),
    "crops": lambda a: repr([a.crop(crop_id) for crop_id in range(1, 120)]),
    "pictures": lambda a: repr([a.picture(crop_id) for crop_id in range(1, 120)]),
}


def shown(archive: Path) -> dict[str, Any]:
    """What every kind of answer shows, or that it is an error."""
    try:
        opened = Archive.open(archive, model="builtin")
    except ReidsearchError as error:
        return dict.fromkeys(SHOWN, error)
    found: dict[str, Any] = {}
    with opened:
        for name, ask in SHOWN.items():
            try:
                found[name] = ask(opened)
            except ReidsearchError as error:
                found[name] = error
    return found


def named(archive: Path) -> str:
    """What `check` says; an archive that cannot even be opened says so too."""
    try:
        with Archive.open(archive, model="builtin") as opened:
            return "; ".join(f"{one.code}: {one.message}" for one in opened.check())
    except ReidsearchError as error:
        return error.message


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [
        name
        for name, value in after.items()
        if not isinstance(value, ReidsearchError) and value != before[name]
    ]


def turned(value: object, rng: random.Random) -> object:
    """The value with one of its bits turned, as the same kind of value where that can be."""
    if isinstance(value, int):
        number = value ^ (1 << rng.randrange(48))
        return number - 2**64 if number >= 2**63 else number
    if isinstance(value, float):
        (bits,) = struct.unpack("<Q", struct.pack("<d", value))
        return struct.unpack("<d", struct.pack("<Q", bits ^ 1 << rng.randrange(64)))[0]
    assert isinstance(value, str | bytes)
    data = bytearray(value.encode() if isinstance(value, str) else value)
    if not data:
        return None
    place = rng.randrange(len(data) * 8)
    data[place // 8] ^= 1 << place % 8
    return bytes(data)


def turn_in_a_row(database: Path, rng: random.Random) -> str | None:
    """Turn one bit of one cell past the program; return where, None: SQLite refused."""
    connection = sqlite3.connect(database)
    connection.text_factory = bytes
    with contextlib.closing(connection), connection:
        held = [
            table
            for table in metadata.tables
            if connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()
        ]
        table = rng.choice(held)
        column = rng.choice([one.name for one in metadata.tables[table].c])
        (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        row_id, value, kind = connection.execute(
            f"SELECT rowid, {column}, typeof({column}) FROM {table} LIMIT 1 OFFSET ?",
            (rng.randrange(rows),),
        ).fetchone()
        if value is None:
            return None
        cell = "CAST(? AS TEXT)" if kind == b"text" else "?"
        try:
            connection.execute(
                f"UPDATE {table} SET {column} = {cell} WHERE rowid = ?",
                (turned(value, rng), row_id),
            )
        except sqlite3.IntegrityError:
            return None
    return f"{table}.{column}"


def content(database: Path) -> set[tuple[Any, ...]] | None:
    """Every row, past the program; None: SQLite cannot read it."""
    try:
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.text_factory = bytes
            return {
                (table, *row)
                for table in metadata.tables
                for row in connection.execute(f"SELECT * FROM {table}")
            }
    except sqlite3.Error:
        return None


def test_bits_of_cells(whole: Path, tmp_path: Path) -> None:
    before = shown(whole)
    assert not [name for name, value in before.items() if isinstance(value, ReidsearchError)]
    assert named(whole) == ""
    tried, wrong, end = 0, [], time.monotonic() + SECONDS
    for seed in range(10_000):
        if time.monotonic() > end:
            break
        rng = random.Random(seed)
        folder = Path(shutil.copytree(whole, tmp_path / str(seed)))
        place = turn_in_a_row(folder / "archive.db", rng)
        if place is not None:
            tried += 1
            after = shown(folder)
            if other := changed(before, after):
                wrong.append((seed, place, f"shows otherwise: {other}"))
            if not named(folder):
                wrong.append((seed, place, "not named"))
        shutil.rmtree(folder)
    print(f"bits of cells: {tried} tried, {tried - len({seed for seed, *_ in wrong})} held")
    assert not wrong
    assert tried > 10


def test_bits_of_the_file(whole: Path, tmp_path: Path) -> None:
    before, held = shown(whole), content(whole / "archive.db")
    size = (whole / "archive.db").stat().st_size
    tried, unused, wrong, end = 0, 0, [], time.monotonic() + SECONDS
    for seed in range(10_000):
        if time.monotonic() > end:
            break
        rng = random.Random(seed)
        folder = Path(shutil.copytree(whole, tmp_path / str(seed)))
        database, place = folder / "archive.db", rng.randrange(size * 8)
        data = bytearray(database.read_bytes())
        data[place // 8] ^= 1 << place % 8
        database.write_bytes(data)
        tried += 1
        after = shown(folder)
        if other := changed(before, after):
            wrong.append((seed, f"shows otherwise: {other}"))
        if not named(folder):
            if content(database) == held:
                unused += 1  # a byte that holds nothing
            else:
                wrong.append((seed, "not named"))
        shutil.rmtree(folder)
    print(
        f"bits of the file: {tried} tried, {tried - len({seed for seed, _ in wrong})} held, "
        f"{unused} of them in bytes that hold nothing"
    )
    assert not wrong
    assert tried > 10


def test_a_digest_that_turned_is_named(whole: Path, tmp_path: Path) -> None:
    """The digest itself is part of the row."""
    folder = Path(shutil.copytree(whole, tmp_path / "archive"))
    with contextlib.closing(sqlite3.connect(folder / "archive.db")) as connection, connection:
        connection.execute(f"UPDATE camera SET {DIGEST} = NULL WHERE id = 1")
    assert "a row of camera" in named(folder)
