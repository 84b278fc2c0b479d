"""The engine of a Milvus server keeps the contract, on a real server."""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from contract_vectors import DIMENSION, FileEngineContract, rows, same, same_answer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from milvus_server import server

from reidsearch.base.errors import ArchiveError
from reidsearch.index.contract import IndexIncomplete, no_ids
from reidsearch.index.milvus.engine import MilvusEngine
from reidsearch.index.milvus.server import Where

pytestmark = pytest.mark.slow

SPAN = 7  # crop ids a partition: a few crops lie in several
_numbers = itertools.count()


def new_engine(**options: int) -> MilvusEngine:
    """An engine over a collection of its own, to which no candidates are few."""
    given = {"span": SPAN, "own_rows": 0} | options
    return MilvusEngine(server().url, f"test {os.getpid()} {next(_numbers)}", 1, **given)


class TestMilvus(FileEngineContract):
    @pytest.fixture(autouse=True)
    def _forgets_collections(self):
        self.engines = []
        yield
        for one in self.engines:
            one.clear()

    @property
    def engine(self):
        if not self.engines:
            self.engines.append(new_engine())
        return self.engines[-1]

    def create(self, oracle):
        self.engines.append(new_engine())
        return super().create(oracle)

    def filled(self, count=20):
        """On the server, not in the tail."""
        index, oracle = super().filled(count)
        with tempfile.TemporaryDirectory() as folder:
            return self.reopened(index, oracle, Path(folder) / "filled"), oracle

    @settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        steps=st.lists(
            st.one_of(
                st.tuples(st.just("add"), st.integers(5, 12), st.integers(1, 4)),
                st.tuples(st.just("remove"), st.integers(0, 2**32), st.integers(0, 8)),
                st.tuples(st.just("reload"), st.just(0), st.just(0)),
                st.tuples(st.just("search"), st.integers(0, 2**32), st.integers(1, 60)),
            ),
            min_size=8,
            max_size=14,
        ),
        seed=st.integers(0, 2**32 - 1),
    )
    def test_any_order_of_steps_equals_the_oracle(self, steps, seed):
        self.in_order([("add", 9, 3), ("reload", 0, 0), *steps], seed)
        self.engines.pop().clear()

    def test_only_the_partitions_of_the_candidates_are_searched(self):
        index, oracle = self.filled(40)
        some = np.array([15, 16, 20], np.int64)
        chosen = index._candidates(some)
        assert chosen.where.spans == (2,)
        assert chosen.rows == SPAN
        same_answer(index, oracle, oracle.held[16], 2, some)

    def test_another_machine_finds_what_the_first_has_put_there(self):
        index, oracle = self.filled()
        index.remove(np.array([4], np.int64))
        erased = oracle.held.pop(4)
        other = self.engine.create(DIMENSION, oracle.truth)
        held = np.array(sorted(oracle.held), np.int64)
        other.add(held, np.stack([oracle.held[i] for i in held.tolist()]))
        assert len(other._tail) == 0
        same(other, oracle)
        same_answer(other, oracle, erased, 5, None)

    def test_what_another_machine_adds_meanwhile_is_not_counted(self, tmp_path):
        index, oracle = self.filled()
        other = self.engine.load(self._note(index, tmp_path), oracle.truth)
        other.add(np.array([30], np.int64), oracle.held[3][None])
        other.save(tmp_path / "other")
        same_answer(index, oracle, oracle.held[3], 5, None)

    def test_a_lost_row_is_no_answer(self, tmp_path):
        index, oracle = self.filled()
        self.engine.collection.delete(np.array([7], np.int64))
        assert self.engine.collection.count(Where(100, no_ids()), "Strong") == 19
        with pytest.raises(IndexIncomplete, match="19 of the 20"):
            index.search(oracle.held[7], 3)
        with pytest.raises(IndexIncomplete, match="19 of the 20"):
            index.verify()
        index.save(tmp_path / "again")  # puts it back
        same_answer(index, oracle, oracle.held[7], 3, None)

    def test_a_row_that_is_there_twice_is_no_answer(self, tmp_path):
        index, oracle = self.filled()
        self.engine.collection.insert(np.array([7], np.int64), oracle.held[7][None])
        assert self.engine.collection.count(Where(100, no_ids()), "Strong") == 21
        with pytest.raises(IndexIncomplete, match="21 of the 20"):
            index.search(oracle.held[7], 3)
        index.save(tmp_path / "again")
        same_answer(index, oracle, oracle.held[7], 3, None)

    def test_answers_come_from_the_database_by_choice(self):
        index, oracle = self.filled()
        index._without_server = True
        self.engine.clear()
        same_answer(index, oracle, oracle.held[7], 3, None)
        assert "no collection" in index.warning
        assert index.plan(3).method == "database"
        assert [*index.above(oracle.held[7], 0.5)]

    def test_of_what_is_removed_no_row_is_left(self, tmp_path):
        index, oracle = self.filled()
        gone = np.array([1, 7, 20], np.int64)
        index.remove(gone)
        index.save(tmp_path / "less")
        assert self.engine.collection.vectors(gone)[0].tolist() == []
        assert self.engine.collection.count(Where(100, no_ids()), "Strong") == 17
        again = rows(np.random.default_rng(3), 1)[0]
        for crop_id in gone.tolist():
            oracle.held.pop(crop_id)
        same_answer(index, oracle, again, 30, None)

    def test_a_note_of_another_collection_is_refused(self, tmp_path):
        index, oracle = self.filled()
        with pytest.raises(ArchiveError, match="another collection"):
            new_engine().load(self._note(index, tmp_path), oracle.truth)

    def _note(self, index, folder):
        index.save(folder / "note")
        return folder / "note"
