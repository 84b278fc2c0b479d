"""Backups are consistent while somebody writes, and refused when damaged."""

from __future__ import annotations

import hashlib
import json
import threading

import pytest
from archives import contents, fill, small_disk, unit_rows

from reidsearch.base.errors import ArchiveError, InputError, ReidsearchError, StorageError
from reidsearch.base.settings_file import read_settings
from reidsearch.maintenance.backup import backup, restore
from reidsearch.maintenance.check import check
from reidsearch.store.crops.store import Store

VECTORS = unit_rows(40)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "archive"
    fill(made, VECTORS[:10])
    return made


@pytest.mark.full
def test_what_comes_back_is_what_went(tmp_path, folder):
    with Store(folder) as store:
        made = backup(store, tmp_path / "backup")
    assert (made.crops, made.folder) == (10, tmp_path / "backup")
    assert sorted(p.name for p in made.folder.iterdir()) == ["archive.db", "backup.json"]
    note = json.loads((made.folder / "backup.json").read_text())
    assert (note["crops"], note["sha256"], note["bytes"]) == (10, made.sha256, made.size_bytes)
    assert restore(made.folder, tmp_path / "restored") == 10
    assert contents(tmp_path / "restored") == contents(folder)
    with Store(tmp_path / "restored") as store:
        assert check(store) == []
    fill(tmp_path / "restored", VECTORS[10:12], first=10)  # it can be written to
    assert (folder.stat().st_mode | made.folder.stat().st_mode) & 0o077 == 0


SETTINGS = b"[pictures]\r\nmin_width_px = 12  # caf\xc3\xa9\r\n"


@pytest.fixture
def with_settings(folder):
    (folder / "reidsearch.toml").write_bytes(SETTINGS)
    return folder


def test_the_settings_file_comes_back_byte_by_byte(tmp_path, with_settings):
    with Store(with_settings) as store:
        made = backup(store, tmp_path / "backup")
    note = json.loads((made.folder / "backup.json").read_text())
    assert note["settings_sha256"] == made.settings_sha256 == hashlib.sha256(SETTINGS).hexdigest()
    assert restore(made.folder, tmp_path / "restored") == 10
    assert (tmp_path / "restored" / "reidsearch.toml").read_bytes() == SETTINGS
    assert read_settings(tmp_path / "restored", user=tmp_path).pictures.min_width_px == 12


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.full
@pytest.mark.parametrize("damage", [flip, lambda path: path.unlink()])
def test_damaged_settings_are_refused_and_leave_nothing(tmp_path, with_settings, damage):
    with Store(with_settings) as store:
        backup(store, tmp_path / "backup")
    damage(tmp_path / "backup" / "reidsearch.toml")
    with pytest.raises(ArchiveError, match=r"reidsearch\.toml is damaged or missing"):
        restore(tmp_path / "backup", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_a_backup_of_before_settings_were_copied_is_restored(tmp_path, folder):
    with Store(folder) as store:
        made = backup(store, tmp_path / "backup")
    assert made.settings_sha256 is None
    note = json.loads((made.folder / "backup.json").read_text())
    del note["settings_sha256"]
    (made.folder / "backup.json").write_text(json.dumps(note))
    (made.folder / "reidsearch.toml").write_bytes(SETTINGS)  # not of this backup: no checksum
    assert restore(made.folder, tmp_path / "restored") == 10
    assert not (tmp_path / "restored" / "reidsearch.toml").exists()


def test_settings_that_cannot_be_read_stop_the_backup(tmp_path, folder):
    (folder / "reidsearch.toml").mkdir()
    with (
        Store(folder) as store,
        pytest.raises(InputError, match="toml cannot be read"),
    ):
        backup(store, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


@pytest.mark.full
def test_each_backup_while_somebody_writes_is_one_state(tmp_path, folder):
    """Batches of two: no backup holds half of one, and every one is whole."""
    done = threading.Event()

    def write():
        for start in range(10, 26, 2):
            fill(folder, VECTORS[start : start + 2], first=start)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    counts = []
    while not done.is_set() or not counts:
        with Store(folder) as store:
            made = backup(store, tmp_path / f"backup{len(counts)}")
        counts.append(made.crops)
        with Store(made.folder) as copy:
            assert check(copy) == []
    thread.join()
    assert counts == sorted(counts)
    assert all(count % 2 == 0 for count in counts)
    restore(tmp_path / f"backup{len(counts) - 1}", tmp_path / "restored")
    assert contents(tmp_path / "restored") <= contents(folder)


DAMAGE = {
    "one bit": (lambda b: flip(b / "archive.db"), ArchiveError, "checksum"),
    "no database": (lambda b: (b / "archive.db").unlink(), ArchiveError, "missing"),
    "no note": (lambda b: (b / "backup.json").unlink(), InputError, "not a backup"),
    "a broken note": (lambda b: (b / "backup.json").write_text("{"), InputError, "cannot be read"),
    "no object": (lambda b: (b / "backup.json").write_text("[]"), InputError, "another format"),
    "of the future": (
        lambda b: (b / "backup.json").write_text('{"format": 2}'),
        InputError,
        "another format",
    ),
}


@pytest.mark.full
@pytest.mark.parametrize(("damage", "kind", "said"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_backup_is_refused_and_leaves_nothing(tmp_path, folder, damage, kind, said):
    with Store(folder) as store:
        backup(store, tmp_path / "backup")
    damage(tmp_path / "backup")
    with pytest.raises(kind, match=said):
        restore(tmp_path / "backup", tmp_path / "restored")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["archive", "backup"]


def test_damage_that_the_checksum_was_made_of_is_found_too(tmp_path, folder):
    """A backup of a database that was damaged already does not restore as if it were whole."""
    import sqlite3

    connection = sqlite3.connect(folder / "archive.db")
    connection.execute("DELETE FROM source WHERE id = 3")
    connection.commit()
    connection.close()
    with Store(folder) as store:
        backup(store, tmp_path / "backup")
    with pytest.raises(ArchiveError, match="missing source"):
        restore(tmp_path / "backup", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


@pytest.mark.full
def test_nothing_is_overwritten(tmp_path, folder):
    (tmp_path / "backup").mkdir()
    with Store(folder) as store:
        with pytest.raises(InputError, match="exists already"):
            backup(store, tmp_path / "backup")
        backup(store, tmp_path / "new")
    with pytest.raises(InputError, match="exists already"):
        restore(tmp_path / "new", folder)
    restore(tmp_path / "new", tmp_path / "backup")  # an empty folder is as good as none
    assert contents(tmp_path / "backup") == contents(folder)


def test_a_full_disk_leaves_no_half_backup(tmp_path, folder):
    with small_disk(tmp_path / "disk", 64) as disk, Store(folder) as store:
        with pytest.raises(StorageError):
            backup(store, disk / "backup")
        assert list(disk.iterdir()) == []


@pytest.mark.parametrize("name", ["caf\udce9"])
def test_names_that_are_not_utf8_are_refused(tmp_path, folder, name):
    with Store(folder) as store, pytest.raises(ReidsearchError, match="not UTF-8"):
        backup(store, tmp_path / name)
    with pytest.raises(ReidsearchError, match="not UTF-8"):
        Store.create(tmp_path / name)
