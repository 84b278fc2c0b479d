"""The contract of a store, `reidsearch.store.contract`; every database's tests derive from it.

class TestMine(StoreContract):
    def make(self, folder: Path) -> Callable[[], Store]: ...
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from archives import NOON, unit_rows
from contract_locks import LocksContract, add_camera
from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import IntegrityError
from tracklets import Seen, write_footage

from reidsearch.base.timecode import to_us
from reidsearch.domain.decisions import Decision
from reidsearch.domain.event_log import Event
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.events import record_event
from reidsearch.store.footage.passers import passers
from reidsearch.store.identities.store import append_decision
from reidsearch.store.tables import identities as tables_of

READERS, ROUNDS = 8, 25


def cameras(connection: Connection) -> list[str]:
    return list(connection.scalars(select(tables.camera.c.name).order_by(tables.camera.c.name)))


class Threads:
    """Runs functions in threads of their own; what they raise is raised at the end."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.errors: list[BaseException] = []

    def start(self, work: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                self.errors.append(error)

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()
        return self.threads[-1]

    def __enter__(self) -> Threads:
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self.threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self.threads)
        if self.errors:
            raise self.errors[0]


class StoreContract(LocksContract):
    """What every store does."""

    def make(self, folder: Path) -> Callable[[], Store]:
        """Make an empty archive; return what opens it once more."""
        raise NotImplementedError

    @pytest.fixture
    def opens(self, tmp_path: Path) -> Callable[[], Store]:
        return self.make(tmp_path / "archive")

    @pytest.fixture
    def store(self, opens: Callable[[], Store]):
        with opens() as store:
            yield store

    # -- reading and writing ----------------------------------------------------------------

    def test_what_is_written_is_read_by_all(self, store, opens):
        with opens() as other:
            with store.write() as connection:
                add_camera(connection, "gate")
            for one in (store, other):
                with one.read() as connection:
                    assert cameras(connection) == ["gate"]

    def test_a_write_that_raises_never_was(self, store):
        def fail(connection: Connection) -> None:
            add_camera(connection, "gate")
            raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"), store.write() as connection:
            fail(connection)
        with store.read() as connection:
            assert cameras(connection) == []
        with store.write() as connection:  # and may be tried again
            add_camera(connection, "gate")
        with store.read() as connection:
            assert cameras(connection) == ["gate"]

    def test_a_read_sees_one_state_whatever_is_committed_meanwhile(self, store, opens):
        with opens() as other, store.read() as connection:
            assert cameras(connection) == []
            for one, name in ((other, "gate"), (store, "yard")):
                with one.write() as writing:
                    add_camera(writing, name)
            assert cameras(connection) == []
            with store.read() as nested:
                assert cameras(nested) == ["gate", "yard"]

    def test_a_read_does_not_see_an_unfinished_write(self, store):
        with store.write() as writing:
            add_camera(writing, "gate")
            assert cameras(writing) == ["gate"]
            with store.read() as connection:
                assert cameras(connection) == []

    def test_a_read_changes_nothing(self, store):
        with (
            pytest.raises(Exception, match=r"read-?only|cannot modify"),
            store.read() as connection,
        ):
            add_camera(connection, "gate")
        with store.read() as connection:
            assert cameras(connection) == []

    def test_a_write_within_a_write_of_the_thread_is_refused_at_once(self, store):
        with store.write() as writing:
            with pytest.raises(RuntimeError, match="wait for itself"), store.write():
                pass
            add_camera(writing, "gate")
        with store.write() as writing:
            add_camera(writing, "yard")
        with store.read() as connection:
            assert cameras(connection) == ["gate", "yard"]

    def test_decisions_are_numbered_without_a_hole(self, store):
        made = Decision(0, NOON, "maria", "new", "", False, None, ())

        def fail(connection: Connection) -> None:
            append_decision(connection, made)
            raise RuntimeError("stop")

        for number in (1, 2):
            with pytest.raises(RuntimeError, match="stop"), store.write() as connection:
                fail(connection)
            with store.write() as connection:
                append_decision(connection, made)
            with store.read() as connection:
                assert connection.scalar(select(func.max(tables_of.decision.c.id))) == number

    def test_mistakes_of_ours_stay_as_they_are(self, store):
        with store.write() as connection:
            add_camera(connection, "gate")
        with pytest.raises(IntegrityError), store.write() as connection:
            add_camera(connection, "gate")

    # -- threads ----------------------------------------------------------------------------

    @pytest.mark.full
    def test_many_threads_read_while_others_write(self, store):
        """Each transaction adds a camera and counts it: no reader sees one without the other."""
        done = threading.Event()

        def write(number: int) -> None:
            for step in range(ROUNDS):
                with store.write() as connection:
                    add_camera(connection, f"{number}-{step}")
                    connection.execute(
                        update(tables.archive).values(erasures=tables.archive.c.erasures + 1)
                    )

        def read() -> None:
            last = 0
            while not done.is_set():
                with store.read() as connection:
                    counted = connection.execute(select(tables.archive.c.erasures)).scalar_one()
                    there = connection.scalar(select(func.count()).select_from(tables.camera))
                assert counted == there
                assert counted >= last
                assert store.state().erasures >= counted  # never older than what was read before
                last = counted

        with Threads() as threads:
            for _ in range(READERS):
                threads.start(read)
            writers = [threads.start(lambda number=number: write(number)) for number in range(2)]
            for writer in writers:
                writer.join(60)
            done.set()
        assert store.state().erasures == 2 * ROUNDS

    def test_more_threads_than_are_kept_ready_read_at_once(self, store):
        together = threading.Barrier(40, timeout=30)

        def read() -> None:
            with store.read() as connection:
                cameras(connection)
                together.wait()
                assert cameras(connection) == []

        with Threads() as threads:
            for _ in range(40):
                threads.start(read)

    def test_two_transactions_follow_each_other(self, store, opens):
        """Reading a counter and writing it back loses no step, in any thread and store."""

        def count(one: Store) -> None:
            for _ in range(ROUNDS):
                with one.write() as connection:
                    held = connection.execute(select(tables.archive.c.erasures)).scalar_one()
                    connection.execute(update(tables.archive).values(erasures=held + 1))

        with opens() as other, Threads() as threads:
            for one in (store, store, other, other):
                threads.start(lambda one=one: count(one))
        assert store.state().erasures == 4 * ROUNDS

    # -- state ------------------------------------------------------------------------------

    def test_a_state_follows_every_commit_of_anybody(self, store, opens):
        before = store.state()
        assert store.state() is before  # nothing was read again
        with opens() as other:
            for one in (store, other):
                with one.write() as connection:
                    connection.execute(
                        update(tables.archive).values(erasures=tables.archive.c.erasures + 1)
                    )
                assert store.state().erasures == before.erasures + 1
                before = store.state()

    # -- waiting for others -----------------------------------------------------------------

    def test_waiting_ends_when_somebody_commits(self, store, opens):
        with opens() as other:
            while other.wait_for_change(0.5):  # at first, and once it listens
                pass
            for one in (store, other):
                with one.write() as connection:
                    connection.execute(
                        update(tables.archive).values(erasures=tables.archive.c.erasures + 1)
                    )
                assert other.wait_for_change(30.0), "what came between two calls"
                assert not other.wait_for_change(0.3)
            waited = threading.Event()
            with Threads() as threads:
                threads.start(lambda: other.wait_for_change(0) and waited.set())
                assert waited.wait(30), "a thread is told of what it never looked at"

    def test_each_thread_that_waits_is_told(self, store, opens):
        with opens() as other:
            while other.wait_for_change(0.5):
                pass
            ready, told = threading.Barrier(5, timeout=30), []

            def wait() -> None:
                while other.wait_for_change(0.3):
                    pass
                ready.wait()
                told.append(other.wait_for_change(30.0))

            with Threads() as threads:
                for _ in range(4):
                    threads.start(wait)
                ready.wait()
                with store.write() as connection:
                    add_camera(connection, "gate")
            assert told == [True] * 4

    def test_what_is_rolled_back_wakes_nobody(self, store, opens):
        with opens() as other:
            while other.wait_for_change(0.5):
                pass
            with contextlib.suppress(RuntimeError), store.write() as connection:
                add_camera(connection, "gate")
                raise RuntimeError("stop")
            assert not other.wait_for_change(0.3)

    def test_closing_ends_all_waiting(self, opens):
        other = opens()
        while other.wait_for_change(0.3):
            pass
        with Threads() as threads:
            threads.start(lambda: other.wait_for_change(0) and other.wait_for_change(3600))
            other.close()

    # -- care -------------------------------------------------------------------------------

    def test_a_copy_is_whole_and_of_one_state(self, store, opens, tmp_path):
        with store.write() as connection:
            add_camera(connection, "gate")
        (tmp_path / "copy").mkdir()
        with store.write() as connection:  # others write meanwhile
            add_camera(connection, "yard")
            assert store.copy_to(tmp_path / "copy").is_file()
        with Store(tmp_path / "copy") as copy, copy.read() as connection:
            assert cameras(connection) == ["gate"]
            assert copy.damage() == []

    def test_a_whole_database_tells_no_damage_and_its_size(self, store):
        assert store.damage() == []
        assert store.size_bytes() > 0

    def test_what_was_deleted_is_purged_unless_somebody_reads(self, store):
        with store.write() as connection:
            add_camera(connection, "gate")
        assert store.purge()
        with store.read() as connection:
            cameras(connection)
            with store.write() as writing:
                add_camera(writing, "yard")
            assert not store.purge()
        assert store.purge()

    def test_events_are_recorded_with_what_they_are_about(self, store):
        with store.write() as connection:
            record_event(connection, Event.DELETE, {"crops": 3})

        def fail(connection: Connection) -> None:
            record_event(connection, Event.REEMBED, {})
            raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"), store.write() as connection:
            fail(connection)
        with store.read() as connection:
            (row,) = connection.execute(select(tables.event)).all()
        assert (row.what, row.detail) == ("delete", {"crops": 3})

    def test_closing_twice_is_closing(self, opens):
        store = opens()
        store.close()
        store.close()

    def test_making_an_archive_where_one_is_keeps_it(self, store, opens, tmp_path):
        with store.write() as connection:
            add_camera(connection, "gate")
        with self.make(tmp_path / "archive")() as again, again.read() as connection:
            assert cameras(connection) == ["gate"]

    # -- footage ----------------------------------------------------------------------------

    def test_passers_are_told_once_a_tracklet_in_order_and_up_to_a_crop(self, store):
        def seen(*from_s: float) -> list[Seen]:
            views = [unit_rows(2, seed=number) for number in range(len(from_s))]
            return [Seen(at, at + 2, view) for at, view in zip(from_s, views, strict=True)]

        write_footage(store.address, "gate.mp4", "gate", seen(40, 10, 300))
        write_footage(store.address, "yard.mp4", "yard", seen(20))
        write_footage(store.address, "nobody.mp4", None, seen(20))
        write_footage(store.address, "timeless.mp4", "gate", seen(20), start=None)
        noon_us = to_us(NOON)

        def told(*cameras: str, until_s: float = 200, newest: int | None = None) -> dict:
            found = passers(store, cameras, noon_us, noon_us + round(until_s * 1e6), newest)
            assert all(times.dtype == np.int64 for times in found.values())
            return {
                camera: [round((at - noon_us) / 1e6) for at in times.tolist()]
                for camera, times in found.items()
            }

        assert told("gate", "yard", "nowhere") == {"gate": [10, 40], "yard": [20]}
        assert told("gate", until_s=400) == {"gate": [10, 40, 300]}
        assert told("gate", "yard", newest=2) == {"gate": [40]}, "of the first tracklet alone"
        assert told("nowhere") == told() == {}
