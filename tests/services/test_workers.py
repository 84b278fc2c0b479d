"""Workers: killed, frozen, without the footage; the archive is that of one index run."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import draw_many
from postgres import server
from worker_processes import copies, held, worker

from reidsearch.archive import Archive
from reidsearch.base.address import Address
from reidsearch.base.settings_file import Settings
from reidsearch.domain.index_request import IndexRequest
from reidsearch.domain.queue import Health, QueuedState
from reidsearch.domain.work import Became, Told
from reidsearch.services.queue.service import QueueService
from reidsearch.services.queue.worker import Leases
from reidsearch.store import workers as worker_rows

pytestmark = pytest.mark.full
SOURCES = 3


@pytest.fixture(scope="module")
def footage(scene, tmp_path_factory) -> Path:
    """A list of three files of footage."""
    return copies(scene[0], tmp_path_factory.mktemp("shared") / "footage", SOURCES)


@pytest.fixture(scope="module")
def single(footage, tmp_path_factory) -> dict[str, object]:
    """What one worker, undisturbed, makes of it in a folder."""
    folder = tmp_path_factory.mktemp("single") / "archive"
    with Archive.open(folder, create=True, model="builtin") as archive:
        queue(archive, footage)
        assert work(archive)[-1].became is Became.DONE
    return held(folder)


@pytest.fixture
def address() -> Iterator[Address]:
    made = server().new_archive()
    yield made
    server().drop(made)


def queue(archive: Archive, listed: Path) -> None:
    report = archive.queue.put(
        [*sorted(listed.parent.glob("*.mp4"))], IndexRequest(sources=str(listed))
    )
    assert report.queued + report.again == len(list(listed.parent.glob("*.mp4")))


def work(archive: Archive, **leases: float) -> list[Told]:
    """Let a worker of this process work until all is done; return what it told."""
    told: list[Told] = []
    archive.worker(Settings(), told.append, Leases(**leases)).run(
        threading.Event(), until_done=True
    )
    return told


def states(archive: Archive) -> dict[str, int]:
    return {state.value: count for state, count in archive.queue.status().counts.items()}


def committed(address: Address) -> int:
    """How many sources have been begun, and something of them committed."""
    with Archive.open(address) as archive, archive._store.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM checkpoint").scalar_one())


def until(true, timeout_s: float = 120.0) -> None:
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)


@pytest.mark.parametrize("where", ["folder", "postgresql"])
def test_a_worker_works_through_the_queue(where, footage, single, tmp_path, request):
    place = tmp_path / "a" if where == "folder" else request.getfixturevalue("address")
    crops = tmp_path / "crops"
    draw_many(crops, 4)
    draw_many(crops / "below", 3, start=10)
    (crops / "broken.png").write_bytes(b"no picture")
    with Archive.open(place, create=True, model="builtin") as archive:
        queue(archive, footage)
        asked = archive.queue.put([crops], IndexRequest(camera="hall"))
        assert (asked.queued, asked.waiting) == (2, 0)
        assert archive.queue.put([crops], IndexRequest(camera="hall")).waiting == 2
        told = work(archive)
        assert states(archive) == {"done": SOURCES + 1, "partly": 1}
        (partly,) = archive.queue.status().failed
        assert partly.location == str(crops)
        assert partly.problem is not None
        assert partly.problem.message.startswith("1 of 5 pictures: ")
        assert [one.became for one in told if one.became is not Became.BEGUN].count(
            Became.DONE
        ) == 4
        assert archive.show().crops == 7 + sum(len(one["crops"]) for one in single.values())
        assert archive.check() == []
        # What is done is queued again, and the worker sees that nothing is new.
        queue(archive, footage)
        assert all(one.footage_s == 0 for one in work(archive))
    assert held(place) == single


def test_what_is_not_there_fails_with_the_machines_that_miss_it(footage, address, tmp_path):
    gone = tmp_path / "gone.mp4"
    gone.write_bytes(b"x" * 10)
    with Archive.open(address, model="builtin") as archive:
        archive.queue.put([gone], IndexRequest())
        gone.unlink()
        told = work(archive)
        assert [one.became for one in told] == [Became.FAILED]
        (failed,) = archive.queue.status().failed
        assert failed.problem is not None
        assert failed.problem.message == f"nothing is there on {os.uname().nodename}"


def test_a_machine_that_has_the_footage_is_waited_for(address, tmp_path):
    gone = tmp_path / "gone.mp4"
    gone.write_bytes(b"x" * 10)
    with Archive.open(address, model="builtin") as archive:
        archive.queue.put([gone], IndexRequest())
        gone.unlink()
        store = archive._store
        with store.write() as connection:
            other = worker_rows.register(connection, "another-machine", 1)
        stop = threading.Event()
        told: list[Told] = []

        def tell(one: Told) -> None:
            told.append(one)
            stop.set()

        with store.working(other):
            archive.worker(Settings(), tell).run(stop)
            assert [one.became for one in told] == [Became.BACK]
            (missing,) = archive.queue.status().missing
            assert missing.missing_on == (os.uname().nodename,)
            assert missing.attempts == 0


def test_a_killed_worker_costs_nothing_that_was_committed(footage, single, address):
    with Archive.open(address, model="builtin") as archive:
        queue(archive, footage)
    first = worker(address)
    until(lambda: committed(address) == 1)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    with Archive.open(address, model="builtin") as archive:
        until(lambda: archive.queue.status().stalled)
        (gone,) = archive.queue.status().workers
        assert gone.health is Health.GONE
        told = work(archive)  # at once, not after the lease of a minute
        assert [one.became for one in told].count(Became.DONE) == SOURCES
        assert archive.check() == []
    assert held(address) == single


def test_a_frozen_worker_is_fenced_off(footage, single, address):
    with Archive.open(address, model="builtin") as archive:
        queue(archive, footage)
        frozen = worker(address, "--until-done", lease_s=3.0)
        until(lambda: committed(address) == 1)
        frozen.send_signal(signal.SIGSTOP)
        until(lambda: archive.queue.status().stalled)
        (silent,) = archive.queue.status().workers
        assert silent.health in {Health.SILENT, Health.GONE}
        told = work(archive, heartbeat_s=0.5, lease_s=60.0)
        assert [one.became for one in told].count(Became.DONE) == SOURCES
        frozen.send_signal(signal.SIGCONT)
        _, heard = frozen.communicate(timeout=120)
        assert frozen.returncode == 0, heard
        assert "taken over by another worker" in heard
        assert states(archive) == {"done": SOURCES}
        assert archive.check() == []
    assert held(address) == single


def test_a_stopped_worker_gives_back_what_it_is_at(footage, single, address):
    with Archive.open(address, model="builtin") as archive:
        queue(archive, footage)
        stopped = worker(address)
        until(lambda: committed(address) == 1)
        stopped.send_signal(signal.SIGTERM)
        _, heard = stopped.communicate(timeout=60)
        assert stopped.returncode == 0, heard
        assert "given back" in heard
        assert states(archive) == {"queued": SOURCES}
        assert archive.queue.status().workers == ()
        work(archive)
    assert held(address) == single


def test_a_source_that_ends_its_workers_fails_after_three(footage, address):
    with Archive.open(address, model="builtin") as archive:
        queue(archive, footage)
        with archive._store.write() as connection:
            connection.exec_driver_sql(
                "UPDATE main.queued_source SET attempts = 3, state = 'running', worker_id = 99999, "
                "row_digest = row_digest WHERE id = 1"
            )
            gone = worker_rows.register(connection, "here", 1)
            connection.exec_driver_sql(
                f"UPDATE main.queued_source SET worker_id = {gone} WHERE id = 1"
            )
        work(archive)
        (failed,) = archive.queue.status().failed
        assert failed.problem is not None
        assert failed.problem.kind == "worker-ended"
        assert states(archive) == {"done": SOURCES - 1, "failed": 1}
        assert archive.queue.retry() == 1
        work(archive)
        assert states(archive) == {"done": SOURCES}


def test_a_folder_has_one_worker_at_a_time(tmp_path):
    from reidsearch.base.errors import ArchiveLocked

    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        with archive._store.working(1), pytest.raises(ArchiveLocked):
            archive.worker(Settings(), print).run(threading.Event(), until_done=True)
        assert isinstance(archive.queue, QueueService)
        assert archive.queue.status().count(QueuedState.DONE) == 0
