"""Readers without permission to write follow who writes, or refuse and say what they need."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from archives import fill, sql, unit_rows

from reidsearch.base.errors import ArchiveError, ArchiveLocked
from reidsearch.index.gallery import Gallery
from reidsearch.maintenance.erase import Erasure, erase
from reidsearch.store.crops.store import Store
from reidsearch.store.database import opening

pytestmark = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root becomes another user"
)

READER = """
import importlib, os, pkgutil, sys
from pathlib import Path
import numpy.ma, platformdirs, reidsearch.index, reidsearch.store, sqlalchemy.dialects.sqlite
for room in (reidsearch.index, reidsearch.store):  # the other user may not read the installation
    for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
        importlib.import_module(module.name)
import numpy as np
from reidsearch.base.errors import ReidsearchError
from reidsearch.index.gallery import Gallery
from reidsearch.store.crops.store import Store
os.setgid(int(sys.argv[2])); os.setgroups([]); os.setuid(int(sys.argv[2]))
query = np.frombuffer(bytes.fromhex(sys.argv[3]), np.float32)
def told(store, gallery):
    try:
        gallery.sync()
        return sorted(gallery.search(query, 100).ids.tolist())
    except ReidsearchError as error:
        return f"{type(error).__name__}: {error.message}"
try:
    store = Store(Path(sys.argv[1]))
except ReidsearchError as error:
    print(f"{type(error).__name__}: {error.message}", flush=True)
    sys.exit(0)
gallery = Gallery(store)
print(told(store, gallery), flush=True)
for _ in sys.stdin:
    print(told(store, gallery), flush=True)
"""
ROWS = unit_rows(12)
NOBODY = 65_534


class Reader:
    """A process of another user that keeps the archive open."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", READER, str(folder), str(NOBODY), ROWS[0].tobytes().hex()]
        own = os.environ | {"XDG_CONFIG_HOME": "/nowhere"}  # root's settings are closed to it
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=own
        )

    def first(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def again(self) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self.first()

    def end(self) -> None:
        self._process.communicate("")


@pytest.fixture
def folder() -> Iterator[Path]:
    """An archive of twelve crops that everybody may read."""
    with tempfile.TemporaryDirectory() as above:  # another user cannot enter `tmp_path`
        made = Path(above) / "archive"
        fill(made, ROWS)
        for path in (Path(above), made, *made.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield made


def forget(store: Store, crop_id: int) -> None:
    erase(store, Gallery(store), Erasure(np.array([crop_id]), 0, 0, 0))


def ids(first: int, last: int = 12) -> str:
    return str(list(range(first, last + 1)))


@pytest.mark.full
def test_a_reader_of_a_quiet_archive_sees_what_is_deleted_and_added_later(folder):
    reader = Reader(folder)
    assert reader.first() == ids(1)
    with Store(folder) as store:  # nobody had it open: no log, no shared memory
        forget(store, 1)
        forget(store, 2)
    assert reader.again() == ids(3)
    fill(folder, unit_rows(1, seed=9), first=20)
    assert reader.again() == ids(3, 13)
    reader.end()


@pytest.mark.full
def test_a_reader_follows_a_writer_that_stays(folder):
    with Store(folder) as store:
        reader = Reader(folder)
        assert reader.first() == ids(1)
        forget(store, 1)
        assert reader.again() == ids(2)
        forget(store, 2)
        assert reader.again() == ids(3)
    assert reader.again() == ids(3)
    reader.end()
    assert not opening.beside(folder / "archive.db", "-journal").exists()


@pytest.mark.full
def test_a_reader_that_begins_before_the_writer_follows_it_too(folder):
    reader = Reader(folder)
    assert reader.first() == ids(1)
    with Store(folder) as store:
        for gone in range(1, 5):
            forget(store, gone)
            assert reader.again() == ids(gone + 1)
    assert reader.again() == ids(5)
    reader.end()


@pytest.mark.full
def test_what_cannot_be_followed_is_refused_and_says_what_it_takes(folder):
    with Store(folder) as store, store.write():
        for ending in ("-wal", "-shm"):
            opening.beside(folder / "archive.db", ending).chmod(0o600)
        reader = Reader(folder)
        said = reader.first()
        reader.end()
    assert said.startswith("StorageError")
    assert "no access to archive.db-wal, archive.db-shm" in said


@pytest.mark.full
def test_an_archive_of_another_user_is_refused_and_says_so(folder):
    (folder / "archive.db").chmod(0o600)
    reader = Reader(folder)
    assert "cannot be read" in reader.first()
    reader.end()


def test_a_change_while_an_unchanging_file_is_read_is_noticed(folder, monkeypatch):
    writable = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and writable(path, mode))
    with Store(folder) as store:
        with pytest.raises(ArchiveLocked, match="written while it was read"), store.read():
            sql(folder, "UPDATE archive SET erasures = erasures + 1")
        with store.read() as connection:
            assert connection.exec_driver_sql("SELECT erasures FROM archive").scalar() == 1


@pytest.mark.full
@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("kind", ["link", "hard link", "pipe"])
def test_a_database_that_is_a_link_is_not_opened(folder, ending, kind):
    path, mine = opening.beside(folder / "archive.db", ending), folder.parent / "mine"
    if ending:
        mine.write_bytes(b"mine" * 100)
    else:
        path.rename(mine)
    before = mine.read_bytes()
    if kind == "link":
        path.symlink_to(mine)
    elif kind == "hard link":
        path.hardlink_to(mine)
    else:
        os.mkfifo(path)
    with pytest.raises(ArchiveError, match="is not opened"):
        Store(folder)
    with pytest.raises(ArchiveError, match="is not opened"):
        fill(folder, unit_rows(1, seed=7), first=30)
    assert mine.read_bytes() == before
