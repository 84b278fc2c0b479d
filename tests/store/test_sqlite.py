"""SQLite keeps the contract of a store, on read-only media too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from archives import make_empty, read_only
from contract_store import StoreContract, add_camera, cameras

from reidsearch.base.errors import ArchiveError, ArchiveLocked, StorageError
from reidsearch.store.crops.store import Store
from reidsearch.store.database import connections, sqlite


class TestSqlite(StoreContract):
    @pytest.fixture(autouse=True)
    def _short_waits(self, monkeypatch):
        monkeypatch.setattr(sqlite, "PURGE_TIMEOUT_S", 0.1)

    def make(self, folder: Path) -> Callable[[], Store]:
        make_empty(folder)
        return lambda: Store(folder)


@pytest.mark.full
def test_others_that_hold_the_database_for_long_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_S", 0.05)
    Store.create(tmp_path)
    with (
        Store(tmp_path) as store,
        Store(tmp_path) as other,
        other.write(),
        pytest.raises(ArchiveLocked, match="locked"),
        store.write(),
    ):
        pass


def test_what_is_no_database_is_told(tmp_path):
    (tmp_path / sqlite.DATABASE).write_bytes(b"something else" * 100)
    with pytest.raises(ArchiveError, match="not a database"):
        Store(tmp_path)


@pytest.mark.full
def test_read_only_media_are_read_and_not_written(tmp_path):
    folder = tmp_path / "archive"
    Store.create(folder)
    with Store(folder) as store, store.write() as connection:
        add_camera(connection, "gate")
    with read_only(folder), Store(folder) as store:
        with store.read() as connection:
            assert cameras(connection) == ["gate"]
        with pytest.raises(StorageError), store.write():
            pass
        with pytest.raises(StorageError), store.lock():
            pass
