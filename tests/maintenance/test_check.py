"""`check` names every kind of damage; repair mends what is derived and nothing else."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from archives import DIMENSION, contents, fill, sql, unit_rows

from reidsearch.base.errors import ArchiveError, ArchiveLocked
from reidsearch.index.gallery import Gallery
from reidsearch.maintenance.check import check, repair
from reidsearch.store.crops.store import Store
from reidsearch.store.database.lock import writer_lock


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    made = tmp_path_factory.mktemp("once") / "archive"
    fill(made, unit_rows(20))
    with Store(made) as store, store.lock():
        Gallery(store).rebuild()
    return made


@pytest.fixture
def folder(tmp_path, made_once):
    return shutil.copytree(made_once, tmp_path / "archive")


def found(folder):
    with Store(folder) as store:
        return [(f.code, f.repairable, f.crop_ids) for f in check(store)]


def resealed(folder, crop_id: int, vector: np.ndarray) -> None:
    """Another vector with its right checksum: only its meaning is wrong."""
    import hashlib

    blob = vector.astype("<f4").tobytes()
    statement = "UPDATE embedding SET vector = :v, sha256 = :s WHERE crop_id = :id"
    sql(folder, statement, v=blob, s=hashlib.sha256(blob).digest(), id=crop_id)


def one_bit(folder, table: str, column: str) -> None:
    (blob,) = sql(folder, f"SELECT {column} FROM {table} WHERE crop_id = 7")[0]
    damaged = bytearray(blob)  # type: ignore[arg-type]
    damaged[5] ^= 0x10
    sql(folder, f"UPDATE {table} SET {column} = :b WHERE crop_id = 7", b=bytes(damaged))


LOST = {
    "one bit of a picture": (lambda f: one_bit(f, "picture", "jpeg"), ("picture", (7,))),
    "one bit of an embedding": (lambda f: one_bit(f, "embedding", "vector"), ("embedding", (7,))),
    "no picture": (
        lambda f: sql(f, "DELETE FROM picture WHERE crop_id IN (3, 7)"),
        ("picture", (3, 7)),
    ),
    "no embedding": (
        lambda f: sql(f, "DELETE FROM embedding WHERE crop_id = 7"),
        ("embedding", (7,)),
    ),
    "an embedding of twice the length": (
        lambda f: resealed(f, 7, 2 * unit_rows(1)[0]),
        ("embedding", (7,)),
    ),
    "an embedding of no length": (
        lambda f: resealed(f, 7, np.zeros(DIMENSION)),
        ("embedding", (7,)),
    ),
    "an embedding of NaN": (
        lambda f: resealed(f, 7, np.full(DIMENSION, np.nan)),
        ("embedding", (7,)),
    ),
    "a short embedding": (lambda f: resealed(f, 7, np.ones(1)), ("embedding", (7,))),
    "a counter that would give an id twice": (
        lambda f: sql(f, "UPDATE archive SET next_crop_id = 20"),
        ("counter", (20,)),
    ),
}


@pytest.mark.full
@pytest.mark.parametrize(("damage", "expected"), LOST.values(), ids=LOST)
def test_lost_data_is_named_and_stays_lost(folder, damage, expected):
    damage(folder)
    code, ids = expected
    assert (code, False, ids) in found(folder)
    before = contents(folder)
    with Store(folder) as store:
        repair(store, check(store))
    assert (code, False, ids) in found(folder)
    assert contents(folder) == before


def test_a_crop_without_its_source_is_told(folder):
    import sqlite3

    connection = sqlite3.connect(folder / "archive.db")  # without foreign keys
    connection.execute("DELETE FROM source WHERE id = 5")
    connection.commit()
    connection.close()
    with Store(folder) as store:
        (finding,) = check(store)
    assert (finding.code, finding.repairable) == ("database", False)
    assert "row 5 of crop refers to a missing source" in finding.message


@pytest.mark.full
def test_a_vector_that_the_index_holds_otherwise_is_told_and_mended(folder):
    resealed(folder, 7, unit_rows(1, seed=5)[0])  # right in itself, but not what was indexed
    assert found(folder) == [("index", True, (7,))]
    with Store(folder) as store:
        repair(store, check(store))
    assert found(folder) == []


@pytest.mark.full
def test_rows_that_the_index_should_hold_are_told_and_mended(folder):
    # The index says that it reaches to crop 20, and holds 19 of them.
    with Store(folder) as store, store.lock():
        gallery = Gallery(store)
        gallery.sync()
        assert gallery.index is not None
        gallery.index.remove(np.array([7]))
        gallery.persist()
    assert found(folder) == [("index", True, (7,))]
    with Store(folder) as store:
        repair(store, check(store))
    assert found(folder) == []


@pytest.mark.full
def test_stray_files_are_told_and_removed_but_not_while_somebody_writes(folder):
    (folder / "index" / "generation.partial").write_bytes(b"x")
    (folder / "index" / "generation-000099.index").write_bytes(b"x")
    with writer_lock(folder):
        assert found(folder) == []
        with Store(folder) as store, pytest.raises(ArchiveLocked):
            repair(store, [*check(store), *_stray()])
    assert [code for code, _, _ in found(folder)] == ["stray"]
    with Store(folder) as store:
        repair(store, check(store))
    assert found(folder) == []
    assert len(list((folder / "index").iterdir())) == 1


@pytest.mark.full
def test_what_reidsearch_did_not_write_is_told_and_left_alone(folder, tmp_path):
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    for name in ("notes.txt", "codes-of-mine.scan", "generation-1.index"):
        (folder / "index" / name).write_bytes(b"x")
    (folder / "index" / f"codes-{'0' * 32}.fine").symlink_to(mine)
    (folder / "index" / f"codes-{'1' * 32}.fine").write_bytes(b"x")  # as a killed writer leaves it
    before = {path.name for path in (folder / "index").iterdir()}
    assert sorted(code for code, _, _ in found(folder)) == ["foreign", "stray"]
    with Store(folder) as store:
        repair(store, check(store))
    assert [code for code, _, _ in found(folder)] == ["foreign"]
    after = {path.name for path in (folder / "index").iterdir()}
    assert before - after == {f"codes-{'1' * 32}.fine"}
    assert mine.read_bytes() == b"mine"


def _stray():
    from reidsearch.domain.reports import Finding

    return [Finding("stray", "", repairable=True)]


def test_a_whole_archive_is_not_touched_by_repair(folder):
    before = [path.stat().st_mtime_ns for path in (folder / "index").iterdir()]
    with Store(folder) as store:
        repair(store, [])
    assert [path.stat().st_mtime_ns for path in (folder / "index").iterdir()] == before


@pytest.mark.full
def test_a_new_archive_is_whole(tmp_path):
    Store.create(tmp_path / "new")
    assert found(tmp_path / "new") == []


@pytest.mark.full
def test_damaged_pages_never_pass(folder):
    """Garbage in any page is found by `check`, or the archive refuses to open; never an answer."""
    whole = (folder / "archive.db").read_bytes()
    page = int.from_bytes(whole[16:18], "big")
    noticed = []
    for start in range(page, len(whole), page * 3):
        damaged = bytearray(whole)
        damaged[start : start + 64] = b"\xa5" * 64
        (folder / "archive.db").write_bytes(damaged)
        try:
            noticed.append(bool(found(folder)))
        except ArchiveError:
            noticed.append(True)
    # A freed page holds nothing that anybody reads; every other one is noticed.
    free = int.from_bytes(whole[36:40], "big")
    assert noticed.count(False) <= free
    assert len(noticed) > 5
