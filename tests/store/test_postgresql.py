"""PostgreSQL keeps the contract of a store."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import MODEL, new_crop, unit_rows
from contract_store import StoreContract, add_camera
from postgres import server

from reidsearch.base.errors import StorageError, UsageError
from reidsearch.store.crops.rows import existing_sources
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer
from reidsearch.store.database.postgresql import connections

pytestmark = pytest.mark.full


class TestPostgresql(StoreContract):
    several_runs = True

    @pytest.fixture(autouse=True)
    def _addresses(self):
        self.made = {}
        yield
        for address in self.made.values():
            server().drop(address)

    def make(self, folder: Path) -> Callable[[], Store]:
        if folder not in self.made:
            self.made[folder] = server().new_archive()
        Store.create(self.made[folder])
        return lambda: Store(self.made[folder])

    def test_keys_are_found_among_any_number_and_a_crop_is_stored_once(self, store):
        crops = [new_crop(number, row) for number, row in enumerate(unit_rows(3))]
        with open_writer(store, MODEL) as writer:
            writer.begin_run(request="r", command="c", version="0", runtime="none")
            assert writer.commit(crops[:2]).indexed == 2
            again = writer.commit(crops)
        assert (again.indexed, again.duplicates) == (1, 2)
        keys = [*(number.to_bytes(32, "big") for number in range(2000)), crops[2].source_sha256]
        with store.read() as connection:
            assert list(existing_sources(connection, keys)) == keys[-1:]
            assert existing_sources(connection, []) == {}

    def test_a_copy_is_whole_and_of_one_state(self, store, tmp_path):
        with pytest.raises(UsageError) as refused:
            store.copy_to(tmp_path)
        assert "rows" in refused.value.hint

    def test_who_is_frozen_while_writing_is_cut_off_before_others_give_up(self, opens, monkeypatch):
        monkeypatch.setattr(connections, "IDLE_IN_WRITE_S", 0.5)
        with opens() as frozen, opens() as other:

            def freeze() -> None:
                with frozen.write() as connection:
                    add_camera(connection, "lost")
                    with other.write() as beside:  # waits until the server has ended the first
                        add_camera(beside, "gate")
                    add_camera(connection, "lost as well")

            with pytest.raises(StorageError):
                freeze()
            with frozen.write() as connection:
                add_camera(connection, "yard")
            with other.scan() as connection:
                told = connection.exec_driver_sql("SELECT name FROM main.camera ORDER BY name")
                assert list(told.scalars()) == ["gate", "yard"]

    def test_a_process_that_does_not_answer_is_cut_off(self, store, opens):
        store.cut_off(socket.gethostname(), 1)
        with opens() as other, other.read() as connection:
            connection.exec_driver_sql("SELECT 1")
            told = connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s",
                (connections.name_of(socket.gethostname(), os.getpid()),),
            )
            assert told.scalar_one() > 1, "all connections of a process have its name"
