"""A copy has the pictures of a store of objects in its database, and owns nothing of the store."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from archives import fill, unit_rows
from postgres import server
from sqlalchemy import update

from reidsearch import Archive
from reidsearch.base.address import Address
from reidsearch.base.errors import ArchiveError, Interrupted, Kind
from reidsearch.base.object_address import read_object_address
from reidsearch.maintenance import moving_pictures as moving
from reidsearch.maintenance.copy import copy
from reidsearch.services.maintenance import restore
from reidsearch.store.copying import rows
from reidsearch.store.crops.store import Store
from reidsearch.store.tables.pictures import picture_store

pytestmark = pytest.mark.full

ROWS = unit_rows(20, seed=11)
NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def a_machine_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_DATA", str(tmp_path / "data"))


@pytest.fixture(params=["folder", "postgres"])
def there(request, tmp_path):
    if request.param == "folder":
        yield tmp_path / "there"
        return
    address = server().address(f"copied_pictures_{next(NUMBERS)}_{abs(hash(tmp_path)):x}")
    yield address
    server().drop(address)


@pytest.fixture
def folder(tmp_path) -> Path:
    """An archive of 16 crops, whose pictures are in a store of objects but for some."""
    made = tmp_path / "archive"
    fill(made, ROWS[:12])
    with Store(made) as store:
        place = read_object_address(f"file://{tmp_path / 'pictures'}")
        moving.move_out(store, place)
        with store.write() as connection:
            connection.execute(update(picture_store).values(takes_new=False))
    fill(made, ROWS[12:16], first=12)
    return made


def copied(source: Address, to: Address):
    with Store(source) as store:
        return copy(store, to)


def objects(tmp_path: Path) -> list[Path]:
    return sorted(one for one in (tmp_path / "pictures").rglob("*.jpg") if one.is_file())


def pictures(address: Address, *numbers: int) -> list[bytes]:
    with Store(address) as store:
        return [store.picture(number) for number in numbers or range(1, 17)]


def test_a_copy_has_the_pictures_and_shares_no_object(folder, there, tmp_path):
    before, kept = pictures(folder), objects(tmp_path)
    assert len(kept) == 12
    made = copied(folder, there)
    (told,) = [one for one in made.tables if one.name == "picture"]
    assert (told.rows, made.crops) == (16, 16)
    assert not {one.name for one in made.tables} & rows.OBJECTS
    assert pictures(there) == before
    with Archive.open(there) as archive:
        held = archive.pictures.kept()
        assert (held.store, held.in_database, held.in_store) == (None, 16, 0)
        assert archive.delete(archive.plan_delete(crop_ids=[1, 14]))
        assert archive.pending() == ()
        assert archive.maintenance.check() == []
    assert objects(tmp_path) == kept
    assert pictures(folder) == before
    with Archive.open(folder) as archive:
        assert archive.delete(archive.plan_delete(crop_ids=[2]))
        assert archive.maintenance.check() == []
    assert len(objects(tmp_path)) == 11
    assert pictures(there, 2) == before[1:2]


def test_a_copy_that_is_cut_off_goes_on(folder, there, monkeypatch):
    before = pictures(folder)
    real, picture_rows = rows.insert_rows, itertools.count()
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 5)

    def insert_rows(connection, table, batch):
        if table.name == "picture" and next(picture_rows) == 2:
            raise KeyboardInterrupt
        real(connection, table, batch)

    with monkeypatch.context() as patch:
        patch.setattr(rows, "insert_rows", insert_rows)
        with pytest.raises(Interrupted):
            copied(folder, there)
    with Archive.open(folder) as archive:
        assert archive.delete(archive.plan_delete(crop_ids=[3]))
        assert archive.pictures.move("database").moved == 11  # where they are makes no difference
    made = copied(folder, there)
    assert (made.resumed, made.crops) == (True, 15)
    assert pictures(there, 1, 2, *range(4, 17)) == before[:2] + before[3:]
    with Archive.open(there) as archive:
        assert archive.maintenance.check() == []


def test_what_is_missing_or_altered_in_the_store_is_never_copied(folder, there, tmp_path):
    gone, altered, *_ = objects(tmp_path)
    for one, content in ((gone, None), (altered, b"somebody else's")):
        was = one.read_bytes()
        one.unlink() if content is None else one.write_bytes(content)
        with pytest.raises(
            ArchiveError, match=r"picture of crop \d+ is damaged or missing"
        ) as told:
            copied(folder, there)
        assert told.value.kind == Kind.PICTURE_GONE
        one.write_bytes(was)
    made = copied(folder, there)
    assert (made.resumed, made.crops) == (True, 16)


def test_a_backup_of_either_database_has_the_pictures(folder, there, tmp_path):
    copied(folder, there)
    before = pictures(there)
    with Archive.open(there) as archive:
        place = f"file://{tmp_path / 'elsewhere'}"
        assert archive.pictures.move(place).moved == 16
        archive.backup(tmp_path / "backup")
    (tmp_path / "elsewhere").rename(tmp_path / "away")
    restore(tmp_path / "backup", tmp_path / "restored")
    assert pictures(tmp_path / "restored") == before
    with Archive.open(tmp_path / "restored") as archive:
        assert archive.pictures.kept().store is None
        assert archive.delete(archive.plan_delete(crop_ids=[1]))
        assert archive.maintenance.check() == []
    (tmp_path / "away").rename(tmp_path / "elsewhere")
    assert pictures(there) == before
