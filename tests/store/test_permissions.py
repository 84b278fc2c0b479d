"""What an archive holds is personal data: its owner reads it, and the group where it may."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import MODEL, new_crop, unit_rows

from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.maintenance.backup import backup, restore
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer

pytestmark = pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")


@pytest.fixture(autouse=True)
def _no_umask() -> Iterator[None]:
    """The widest permissions that a system gives to new files."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in (folder, *folder.rglob("*"))
    }


def made(folder: Path) -> dict[str, int]:
    """Permissions of all that an archive consists of, while it is open and being written."""
    Store.create(folder)
    with Store(folder) as store, open_writer(store, MODEL) as writer:
        writer.begin_run(request="a", command="", version="0", runtime="none")
        writer.commit([new_crop(number, row) for number, row in enumerate(unit_rows(4))])
        gallery = Gallery(store)
        gallery.compact()
        found = modes(folder)
        writer.end_run({}, finished=True)
    with Store(folder) as store:
        gallery = Gallery(store)
        assert Neighbours(store, gallery).keep()
        return found | modes(folder)


def parts(found: dict[str, int], *, folders: bool) -> set[int]:
    return {
        mode for name, mode in found.items() if (name in {".", "index", "neighbours"}) == folders
    }


@pytest.mark.full
@pytest.mark.parametrize("before", [None, 0o755, 0o777, 0o705, 0o700])
def test_an_archive_is_its_owners_alone(tmp_path, before):
    folder = tmp_path / "archive"
    if before is not None:
        folder.mkdir()
        folder.chmod(before)
    found = made(folder)
    assert {"archive.db", "archive.db-wal", "archive.db-shm", "writer.lock"} <= set(found)
    assert any(name.startswith("neighbours/graph") for name in found)
    assert parts(found, folders=True) == {0o700}
    assert parts(found, folders=False) == {0o600}


@pytest.mark.full
def test_a_group_that_the_folder_is_open_to_may_read_what_is_made_in_it(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    folder.chmod(0o750)
    found = made(folder)
    assert parts(found, folders=True) == {0o750}
    assert parts(found, folders=False) == {0o640}


@pytest.mark.full
def test_backups_and_what_is_restored_are_their_owners_alone(tmp_path):
    made(tmp_path / "archive")
    (tmp_path / "archive" / "reidsearch.toml").write_text("[runtime]\nthreads = 1\n")
    (tmp_path / "restored").mkdir()
    with Store(tmp_path / "archive") as store:
        backup(store, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "restored")
    for folder in (tmp_path / "backup", tmp_path / "restored"):
        found = modes(folder)
        assert "reidsearch.toml" in found
        assert parts(found, folders=True) == {0o700}
        assert parts(found, folders=False) == {0o600}
