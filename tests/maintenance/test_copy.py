"""An archive is the same at its other address, whatever ends the copy on the way."""

from __future__ import annotations

import hashlib
import itertools
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from archives import draw_many, fill, opened, small_disk, start, unit_rows
from frozen import FROZEN, thawed
from postgres import Server, binaries, server
from sqlalchemy import JSON, Boolean, Float, Integer, LargeBinary, Table, insert, select

from reidsearch.archive import Archive
from reidsearch.base.address import Address, PostgresAddress
from reidsearch.base.errors import (
    ArchiveError,
    ArchiveLocked,
    InputError,
    Interrupted,
    Kind,
    StorageError,
)
from reidsearch.domain.accounts import Role
from reidsearch.domain.event_log import Event
from reidsearch.maintenance.copy import copy
from reidsearch.services.maintenance import migrate
from reidsearch.store.copying import rows, target
from reidsearch.store.crops.store import Store
from reidsearch.store.log_reading import log_faults
from reidsearch.store.row_digests import SHA256, blob_of
from reidsearch.store.seals import kept_seals, seal_now

pytestmark = pytest.mark.full

VECTORS = unit_rows(80, seed=5)
KINDS = ("folder", "postgres")
MADE_ANEW = {"log_entry", "job", "queued_source", "worker", "adjustment"}
"""By a copy, or since what the test has put there makes no sense."""


@pytest.fixture(autouse=True)
def a_machine_of_its_own(tmp_path, monkeypatch):
    """Copies of one archive share the files that a machine keeps for a database."""
    monkeypatch.setenv("REIDSEARCH_DATA", str(tmp_path / "data"))


@pytest.fixture
def new(tmp_path) -> Iterator[Callable[[str], Address]]:
    """Addresses at which nothing is yet, of a kind."""
    number, made = itertools.count(), []

    def address(kind: str) -> Address:
        name = f"copy_{next(number)}_{abs(hash(tmp_path)):x}"
        made.append(server().address(name) if kind == "postgres" else tmp_path / name)
        return made[-1]

    yield address
    for one in made:
        if isinstance(one, PostgresAddress):
            server().drop(one)


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "archive"
    fill(made, VECTORS[:40])
    with opened(made) as archive:
        archive.identities.new("anna", [1, 2])
        archive.identities.new("berta", [3])
    return made


def copied(source: Address, to: Address) -> Any:
    with Store(source) as store:
        return copy(store, to)


def test_every_table_comes_over_and_back(tmp_path, new):
    """Compared by SQLite alone: no code of the copy takes part."""
    source = thawed(FROZEN[-1], tmp_path / "archive")
    migrate(source)
    _fill_every_table(source)
    there, back = new("postgres"), tmp_path / "back"
    first, second = copied(source, there), copied(there, back)
    assert all(one.rows for one in first.tables)
    was, now = _told_by_sqlite(source), _told_by_sqlite(back)
    for name in was.keys() - MADE_ANEW:
        assert was[name] == now[name], name
    assert now["log_entry"][: len(was["log_entry"]) - 1] == was["log_entry"][:-1]
    assert [one.name for one in first.tables] == [one.name for one in second.tables]


def test_a_copy_is_the_same_archive_with_the_same_answers(two_cameras, new, tmp_path):
    there, back = new("postgres"), new("folder")
    # Searches leave entries in the log of the archive that other tests share.
    source = shutil.copytree(two_cameras, tmp_path / "source")
    with Archive.open(source, model="builtin") as archive:
        asked = _answer(archive)
    made = copied(source, there)
    again = copied(there, back)
    assert made.archive_id == again.archive_id
    for address in (there, back):
        with Store(address) as store:
            assert log_faults(store) == []
        with Archive.open(address, model="builtin") as archive:
            assert archive.check() == []
            assert _answer(archive) == asked
            *_, last = archive.log.entries(events=[Event.COPIED])
            assert (last.said or {})["head"] is not None
    with Store(source) as store, store.read() as connection:
        assert store.row.uuid == made.archive_id
        events = connection.scalars(select(rows.metadata.tables["log_entry"].c.event)).all()
    assert events.count("copy") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_cut_off_after_any_transaction_it_goes_on(folder, new, kind, monkeypatch):
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 15)
    whole = copied(folder, new("folder"))
    for calls in (0, 5, 12):
        address = new(kind)
        with monkeypatch.context() as patch:
            _interrupt(patch, calls)
            with pytest.raises(Interrupted) as stopped:
                copied(folder, address)
        assert stopped.value.kind == Kind.COPY_UNFINISHED
        with pytest.raises(ArchiveError) as refused:
            Store(address)
        assert refused.value.kind == Kind.COPY_UNFINISHED
        assert refused.value.fields == {"source": str(folder), "archive": str(address)}
        with pytest.raises(ArchiveError):
            Archive.open(address, create=True)
        made = copied(folder, address)
        assert (made.resumed, made.crops) == (True, whole.crops)
        with Archive.open(address) as archive:
            assert archive.check() == []


def _interrupt(patch: pytest.MonkeyPatch, calls: int) -> None:
    real, made = rows.insert_rows, itertools.count()

    def insert_rows(*given: Any) -> None:
        if next(made) == calls:
            raise KeyboardInterrupt
        real(*given)

    patch.setattr(rows, "insert_rows", insert_rows)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_source_changed_since_comes_over_too(folder, new, kind, monkeypatch):
    address = new(kind)
    with monkeypatch.context() as patch:
        patch.setattr(target.Target, "complete", _stop)
        with pytest.raises(Interrupted):
            copied(folder, address)
    with opened(folder) as archive:
        archive.delete(archive.plan_delete(crop_ids=[3, 7, 40]))
        # Names that are unique change hands.
        archive.identities.rename("anna", "carla")
        archive.identities.new("anna", [5])
    fill(folder, VECTORS[40:50], first=40)
    made = copied(folder, address)
    assert made.resumed
    assert made.brought > 5
    with Archive.open(address) as archive:
        assert archive.check() == []
        assert archive.show().crops == 47
        assert sorted(one.name or "" for one in archive.identities.all()) == [
            "anna",
            "berta",
            "carla",
        ]
    fresh = copied(folder, new(kind))
    assert [one for one in made.tables if one.name != "log_entry"] == [
        one for one in fresh.tables if one.name != "log_entry"
    ]


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_copy_goes_on(folder, new, kind, tmp_path):
    fill(folder, unit_rows(3000, seed=9), first=40)
    address = new(kind)
    process = start("copy", folder, str(address))
    while True:
        assert process.poll() is None, process.communicate()
        try:
            Store(address).close()
        except ArchiveError as error:
            if error.kind == Kind.COPY_UNFINISHED:
                break
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with pytest.raises(ArchiveError):
        Store(address)
    made = copied(folder, address)
    assert (made.resumed, made.brought, made.crops) == (True, 0, 3040)
    with Archive.open(address) as archive:
        assert archive.check() == []


def test_a_server_that_ends_leaves_no_whole_copy(folder, tmp_path, monkeypatch):
    running = Server(binaries())
    address = running.address("lost")
    try:
        real, made = rows.insert_rows, itertools.count()

        def insert_rows(*given: Any) -> None:
            if next(made) == 8:
                running.stop()
            real(*given)

        with monkeypatch.context() as patch:
            patch.setattr(rows, "insert_rows", insert_rows)
            with pytest.raises(StorageError) as lost:
                copied(folder, address)
        assert lost.value.kind == Kind.COPY_UNFINISHED
        running.start()
        assert copied(folder, address).crops == 40
        with Archive.open(address) as archive:
            assert archive.check() == []
    finally:
        running.remove()


def test_a_full_disk_leaves_no_whole_copy(folder, tmp_path):
    with small_disk(tmp_path / "small", 700) as small:
        with pytest.raises(StorageError) as full:
            copied(folder, small / "copy")
        assert full.value.kind in {Kind.COPY_UNFINISHED, Kind.STORAGE}
        with pytest.raises(ArchiveError):
            Store(small / "copy")


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_beside_a_writer_is_one_state(new, kind, tmp_path):
    draw_many(tmp_path / "crops", 300)
    folder = tmp_path / "written"
    opened(folder).close()
    process = start("index", tmp_path / "crops", "--model", "builtin", "-a", folder)
    made = []
    while len(made) < 4 and (process.poll() is None or not made):
        address = new(kind)
        made.append(copied(folder, address).crops)
        with Archive.open(address) as archive:
            assert archive.check() == []
            assert archive.show().crops == made[-1]
    told = process.communicate()
    assert process.returncode == 0, told


def test_where_something_is_nothing_is_copied(folder, new, tmp_path, monkeypatch):
    other = new("folder")
    Store.create(other)
    for there in (other, folder):
        with pytest.raises(InputError, match="exists already"):
            copied(folder, there)
    begun = new("folder")
    with monkeypatch.context() as patch:
        _interrupt(patch, 3)
        with pytest.raises(Interrupted):
            copied(folder, begun)
    with pytest.raises(InputError, match="another archive"):
        copied(other, begun)
    with (
        Store(folder) as store,
        target.opened(begun, "x", store.row.uuid),
        pytest.raises(ArchiveLocked),
    ):
        copy(store, begun)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("mine")
    with pytest.raises(ArchiveError, match="not an archive"):
        copied(folder, tmp_path / "notes")


def test_a_damaged_row_is_told_and_not_copied(folder, new):
    database = sqlite3.connect(folder / "archive.db")
    database.execute("UPDATE crop SET x1 = x1 + 1 WHERE id = 9")
    database.commit()
    database.close()
    address = new("postgres")
    with pytest.raises(ArchiveError) as damaged:
        copied(folder, address)
    assert (damaged.value.kind, damaged.value.fields["row"]) == (
        Kind.ROW_DAMAGED,
        "id 9, source_id 9",
    )
    with pytest.raises(ArchiveError, match="not finished"):
        Store(address)


@pytest.mark.parametrize("kind", KINDS)
def test_no_number_is_given_twice(folder, new, kind):
    with opened(folder) as archive:
        archive.accounts.add("anna", "a password of twenty", Role.ANALYST)
        archive.accounts.add("berta", "a password of twenty", Role.ANALYST)
        archive.accounts.remove("berta")
        archive.delete(archive.plan_delete(crop_ids=[40]))
    address, back = new(kind), new("folder")
    copied(folder, address)
    copied(address, back)
    for place in (address, back):
        with Archive.open(place) as archive:
            archive.accounts.add("carla", "a password of twenty", Role.ANALYST)
            archive.identities.new("carla", [9])
        with Store(place) as store, store.read() as connection:
            account = rows.metadata.tables["account"]
            assert connection.scalars(select(account.c.id).order_by(account.c.id)).all() == [1, 3]
            assert store.state().last_crop_id == 40


def test_settings_go_to_a_folder_and_are_told_of_a_database(folder, new):
    (folder / "reidsearch.toml").write_text("[pictures]\nmin_width_px = 12\n")
    there = new("folder")
    assert copied(folder, there).settings is None
    assert isinstance(there, Path)
    assert (there / "reidsearch.toml").read_text().startswith("[pictures]")
    assert copied(folder, new("postgres")).settings == folder / "reidsearch.toml"


@pytest.mark.parametrize("kind", KINDS)
def test_seals_come_along(folder, new, kind, monkeypatch, tmp_path):
    with Store(folder) as store:
        seal = seal_now(store, None)
    there = new(kind)
    copied(folder, there)
    with Store(there) as store:
        assert kept_seals(store) == [seal]
        assert log_faults(store, kept_seals(store)) == []
        seal_now(store, None)  # it has gone on
    if kind == "postgres":
        with pytest.raises(InputError, match="seal of another copy"):
            copied(folder, new(kind))
        monkeypatch.setenv("REIDSEARCH_DATA", str(tmp_path / "elsewhere"))
        copied(folder, new(kind))


# -- helpers --------------------------------------------------------------------------------


def _answer(archive: Archive) -> list[tuple[int, float]]:
    return [(m.crop.crop_id, m.score) for m in archive.search(1, k=20).matches]


def _told_by_sqlite(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of what is copied, without their digests."""
    database = sqlite3.connect(folder / "archive.db")
    told = {}
    for table in rows.copied_tables():
        names = ", ".join(f'"{c.name}"' for c in rows.columns_of(table))
        keys = ", ".join(f'"{c.name}"' for c in table.primary_key)
        query = f"SELECT {names} FROM {table.name} ORDER BY {keys}"
        told[table.name] = database.execute(query).fetchall()
    database.close()
    return told


def _fill_every_table(folder: Path) -> None:
    """Give every table that has no rows one, of odd values that its columns can hold."""
    with Store(folder) as store, store.write() as connection:
        for table in rows.copied_tables():
            if not rows.count(connection, table):
                connection.execute(insert(table).values(**_odd_row(connection, table)))


def _odd_row(connection: Any, table: Table) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for column in table.c:
        if column.name in {"row_digest", SHA256} and (
            column.name != SHA256 or blob_of(table) is not None
        ):
            continue
        if column.foreign_keys:
            (reference,) = column.foreign_keys
            made[column.name] = connection.scalar(select(reference.column).limit(1))
        else:
            made[column.name] = _odd_value(column)
    blob = blob_of(table)
    if blob is not None:
        made[SHA256] = hashlib.sha256(made[blob]).digest()
    return made


def _odd_value(column: Any) -> Any:
    kind = column.type
    if isinstance(kind, JSON):
        return {"ä": [None, 0.1, "\u2028", {"z": 1, "a": 2}]}
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Float):
        return 0.1 + 0.2
    if isinstance(kind, Integer):
        return 10**6
    if isinstance(kind, LargeBinary):
        return bytes(range(256))[: kind.length or 256]
    return "ß\U0001f600 '\"%s\\"[: getattr(kind, "length", None) or 99]
