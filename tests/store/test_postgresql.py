"""PostgreSQL keeps the contract of a store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from contract_store import StoreContract
from postgres import server

from reidsearch.base.errors import UsageError
from reidsearch.store.crops.store import Store

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

    def test_a_copy_is_whole_and_of_one_state(self, store, tmp_path):
        with pytest.raises(UsageError) as refused:
            store.copy_to(tmp_path)
        assert "pg_dump" in refused.value.hint
