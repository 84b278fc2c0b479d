"""The locks of a store, of `reidsearch.store.contract`; part of the suite of `contract_store`."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Connection, insert

from reidsearch.base.errors import ArchiveLocked
from reidsearch.store import tables


def add_camera(connection: Connection, name: str) -> None:
    connection.execute(insert(tables.camera).values(name=name))


class LocksContract:
    """Who may write beside whom, and how that is known."""

    several_runs = False
    """Whether index runs go side by side."""

    # -- the writer lock --------------------------------------------------------------------

    def test_the_writer_lock_has_one_holder(self, store, opens):
        with opens() as other:
            assert not other.locked()
            with store.lock():
                assert other.locked()
                with pytest.raises(ArchiveLocked, match="is being written by"), other.lock():
                    pass
                with other.write() as connection:  # a decision does not wait for it
                    add_camera(connection, "gate")
            assert not other.locked()
            with other.lock():
                assert store.locked()

    def test_the_writer_lock_is_freed_when_the_work_raises(self, store):
        with pytest.raises(RuntimeError, match="stop"), store.lock():
            raise RuntimeError("stop")
        assert not store.locked()

    def test_a_run_is_known_while_its_locks_are_held(self, store, opens):
        with opens() as other:
            assert other.live_runs() == frozenset()
            with store.indexing():
                assert other.live_runs() == frozenset()
                store.announce(7)
                assert other.live_runs() == {7}
            assert other.live_runs() == frozenset(), "a run dies with its lock"
            with store.indexing():
                assert other.live_runs() == frozenset(), "another holder is not at that run"

    def test_index_runs_and_other_work_exclude_each_other(self, store, opens):
        with opens() as other:
            with store.indexing():
                assert other.locked()
                with pytest.raises(ArchiveLocked, match="is being written by"), other.lock():
                    pass
                with other.write() as connection:  # a decision does not wait for it
                    add_camera(connection, "gate")
            assert not other.locked()
            with store.lock():
                assert not other.may_index()
                with pytest.raises(ArchiveLocked, match="is being written by"), other.indexing():
                    pass
            assert other.may_index()

    def test_index_runs_go_side_by_side_where_the_database_can(self, store, opens):
        with opens() as other, store.indexing():
            store.announce(1)
            assert other.may_index() == self.several_runs
            if not self.several_runs:
                with pytest.raises(ArchiveLocked, match="is being written by"), other.indexing():
                    pass
                return
            with other.indexing():
                other.announce(2)
                assert store.live_runs() == other.live_runs() == {1, 2}
                with opens() as third:
                    with pytest.raises(ArchiveLocked, match="and 1 more"), third.lock():
                        pass
                    assert "and 1 more" in third.holder()
            assert store.live_runs() == {1}

    def test_a_source_is_worked_on_by_one_run_at_a_time(self, store, opens):
        source, another = b"\xff" * 32, b"\x01" * 32
        with opens() as other, store.indexing(), store.claim(source) as ours:
            assert ours
            if not self.several_runs:
                return
            with other.indexing():
                with other.claim(source) as theirs, other.claim(another) as free:
                    assert (theirs, free) == (False, True)
                with store.claim(another) as freed:
                    assert freed, "it is freed at the end of the block"

    def test_files_of_the_index_are_written_by_one_at_a_time(self, store, opens):
        with opens() as other:
            with store.deriving(), store.deriving():
                assert other.derives()
                with pytest.raises(ArchiveLocked), other.deriving():
                    pass
            assert not other.derives()
            with store.indexing(), store.deriving():
                pass
            with store.lock(), store.deriving(wait=True):
                pass

    def test_the_holder_of_the_writer_lock_has_a_name(self, store, opens):
        with opens() as other:
            assert other.holder() is None
            with store.lock():
                assert other.holder()
            assert other.holder() is None

    def test_the_right_to_run_jobs_has_one_holder_beside_the_writer(self, store, opens):
        with opens() as other:
            assert not other.jobs_run()
            with store.running_jobs(), other.lock():
                assert other.jobs_run()
                with pytest.raises(ArchiveLocked, match="runs the jobs"), other.running_jobs():
                    pass
            assert not store.jobs_run()
            with other.running_jobs():
                assert store.jobs_run()

    def test_the_number_of_changes_grows_with_what_anybody_commits(self, store, opens):
        with opens() as other:
            before = other.changes()
            assert other.changes() == before
            with store.write() as connection:
                add_camera(connection, "gate")
            assert other.changes() > before

    def test_asking_whether_somebody_writes_never_turns_a_writer_away(self, store, opens):
        done = threading.Event()

        def ask():
            with opens() as other:
                while not done.is_set():
                    other.live_runs()

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            for _ in range(100):
                with store.lock():
                    pass
        finally:
            done.set()
            asking.join()
