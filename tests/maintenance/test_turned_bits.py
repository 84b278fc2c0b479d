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
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from archives import sql
from frozen import DATA

from reidsearch import Archive, Filters, migrate
from reidsearch.base.errors import ReidsearchError
from reidsearch.domain.footage import SourceCoverage
from reidsearch.store.row_digests import DIGEST
from reidsearch.store.tables.every import metadata

pytestmark = pytest.mark.fuzz

SECONDS = float(os.environ.get("REIDSEARCH_FUZZ_SECONDS", "25"))  # of each of the two drivers
LEAST = 12  # archives of each, however long these take
IN_HALL = Filters(cameras=("hall",))
MOST = 200  # all that the archive holds


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
    asked = {"k": MOST, "grouped": False, "adjusted": False, **options}
    answer = archive.search(query, **asked)
    return [f"{m.score:.5f} {m.crop} {m.tracklet} {m.attributes}" for m in answer.matches]


def each(values: Iterable[object]) -> list[str]:
    return [repr(value) for value in values]


def coverage(archive: Archive) -> list[SourceCoverage]:
    """Without how many rows are held, which are only counted."""
    return [replace(one, counts={}) for one in archive.footage.coverage()]


SHOWN: dict[str, Callable[[Archive], list[str]]] = {
    "query": lambda a: matches(a, 1),
    "query of footage": lambda a: matches(a, 105),
    "query by score": lambda a: matches(a, 20, reranked=False),
    "filtered query": lambda a: matches(a, 7, filters=IN_HALL),
    "identities": lambda a: each(a.identities.all()),
    "decisions": lambda a: each(a.identities.decisions()),
    "proposals": lambda a: each(a.proposals.last().proposals),
    "coverage": lambda a: each(coverage(a)),
    "tracklets": lambda a: each(t for n in (1, 2) for t in a.footage.tracklets(n)),
    "calibration": lambda a: each([a.calibration.in_force()]),
    "attributes": lambda a: each(a.attributes.of(crop_id) for crop_id in (3, 105, 110)),
    "failures": lambda a: each(a.failures()),
    "crops": lambda a: each(a.crop(crop_id) for crop_id in range(1, 120)),
    "pictures": lambda a: each(a.picture(crop_id) for crop_id in range(1, 120)),
}
DERIVED: dict[str, Callable[[Archive], list[str]]] = {
    "identity": lambda a: each([a.identities.show("anna")]),
    "journey": lambda a: each([a.journey("anna")]),
    "query as an identity": lambda a: matches(a, 110, identity="anna"),
    "query without what cameras have in common": lambda a: matches(a, 7, adjusted=True),
    "query with feedback": lambda a: matches(a, 12, likes=[14], unlikes=[90]),
}
"""What follows from many rows: one that a turned key hides changes it, until `check` names it."""


def shown(archive: Path, *, by_key: bool = False) -> dict[str, list[str] | ReidsearchError]:
    """What every kind of answer shows, or that it is an error."""
    asked = SHOWN if by_key else SHOWN | DERIVED
    try:
        opened = Archive.open(archive, model="builtin")
    except ReidsearchError as error:
        return dict.fromkeys(asked, error)
    found: dict[str, list[str] | ReidsearchError] = {}
    with opened:
        for name, ask in asked.items():
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
    """Which answers show something that is not so; one may lack what is not found any more."""
    return [
        name
        for name, items in after.items()
        if not isinstance(items, ReidsearchError) and not set(items) <= set(before[name])
    ]


def finds_rows(table: str, column: str) -> bool:
    """Whether rows are found by this column: keys, and what they refer to."""
    one = metadata.tables[table].c[column]
    return one.primary_key or bool(one.foreign_keys)


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
    tried, hidden, wrong, end = 0, 0, [], time.monotonic() + SECONDS
    for seed in range(10_000):
        if tried >= LEAST and time.monotonic() > end:
            break
        rng = random.Random(seed)
        folder = Path(shutil.copytree(whole, tmp_path / str(seed)))
        place = turn_in_a_row(folder / "archive.db", rng)
        if place is not None:
            tried += 1
            by_key = finds_rows(*place.split("."))
            hidden += by_key
            if not named(folder):  # before an answer makes anew what is derived
                wrong.append((seed, place, "not named"))
            if other := changed(before, shown(folder, by_key=by_key)):
                wrong.append((seed, place, f"shows otherwise: {other}"))
        shutil.rmtree(folder)
    held = tried - len({seed for seed, *_ in wrong})
    print(f"bits of cells: {tried} tried, {held} held, {hidden} of them of keys")
    assert not wrong


def test_bits_of_the_file(whole: Path, tmp_path: Path) -> None:
    before, held = shown(whole), content(whole / "archive.db")
    size = (whole / "archive.db").stat().st_size
    tried, unused, wrong, end = 0, 0, [], time.monotonic() + SECONDS
    for seed in range(10_000):
        if tried >= LEAST and time.monotonic() > end:
            break
        rng = random.Random(seed)
        folder = Path(shutil.copytree(whole, tmp_path / str(seed)))
        database, place = folder / "archive.db", rng.randrange(size * 8)
        data = bytearray(database.read_bytes())
        data[place // 8] ^= 1 << place % 8
        database.write_bytes(data)
        tried += 1
        said = named(folder)  # before an answer makes anew what is derived
        if not said:
            if content(database) == held:
                unused += 1  # a byte that holds nothing
            else:
                wrong.append((seed, "not named"))
        if other := changed(before, shown(folder, by_key=bool(said))):
            wrong.append((seed, f"shows otherwise: {other}"))
        shutil.rmtree(folder)
    print(
        f"bits of the file: {tried} tried, {tried - len({seed for seed, _ in wrong})} held, "
        f"{unused} of them in bytes that hold nothing"
    )
    assert not wrong


def test_a_digest_that_turned_is_named(whole: Path, tmp_path: Path) -> None:
    """The digest itself is part of the row."""
    folder = Path(shutil.copytree(whole, tmp_path / "archive"))
    with contextlib.closing(sqlite3.connect(folder / "archive.db")) as connection, connection:
        connection.execute(f"UPDATE camera SET {DIGEST} = NULL WHERE id = 1")
    assert "a row of camera" in named(folder)
