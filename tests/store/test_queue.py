"""Rows of the queue: who may take which, whose commits count, what is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from archives import make_empty
from postgres import server
from sqlalchemy import update

from reidsearch.base.errors import Kind, StorageError
from reidsearch.domain.index_request import IndexRequest
from reidsearch.domain.jobs import JobProblem
from reidsearch.domain.queue import MOST_ATTEMPTS, Offered, Queued, QueuedKind, QueuedState
from reidsearch.store import queue, workers
from reidsearch.store.crops.store import Store
from reidsearch.store.queue import Wanted
from reidsearch.store.queue_reading import counts, one
from reidsearch.store.tables.queue import worker

PROBLEM = JobProblem("internal", "it broke")


@pytest.fixture(params=["folder", pytest.param("postgresql", marks=pytest.mark.full)])
def store(request, tmp_path) -> Iterator[Store]:
    if request.param == "folder":
        make_empty(tmp_path / "a")
        with Store(tmp_path / "a") as opened:
            yield opened
        return
    address = server().new_archive()
    with Store(address) as opened:
        yield opened
    server().drop(address)


def put(store: Store, *names: str, camera: str = "gate") -> queue.QueueReport:
    offered = [Offered(QueuedKind.VIDEO, f"/footage/{name}.mp4", 100) for name in names]
    with store.write() as connection:
        return queue.put(connection, offered, IndexRequest(camera=camera), "anna", None)


def join(store: Store, host: str = "host-a") -> int:
    with store.write() as connection:
        return workers.register(connection, host, 1)


def take(store: Store, worker_id: int, host: str = "host-a", **wanted: object) -> Queued | None:
    with store.write() as connection:
        return queue.claim(connection, worker_id, Wanted(host, **wanted))  # type: ignore[arg-type]


def lost(store: Store, *living: int) -> list[int]:
    with store.read() as connection:
        return workers.lost(connection, living)


def test_a_place_is_queued_once_with_what_was_asked_for_last(store):
    assert put(store, "a", "b").queued == 2
    told = put(store, "b", "c", camera="yard")
    assert (told.queued, told.waiting, told.size_bytes) == (1, 1, 200)
    worker_id = join(store)
    first = take(store, worker_id)
    assert first is not None
    assert (first.location, first.request.camera) == ("/footage/a.mp4", "gate")
    assert put(store, "a", camera="hall").running == 1
    with store.write() as connection:
        assert one(connection, first.queued_id).request.camera == "gate"
        assert queue.end(connection, first, QueuedState.DONE)
    assert put(store, "a", camera="hall").again == 1
    for camera in ("hall", "yard", "yard"):
        taken = take(store, worker_id)
        assert taken is not None
        assert taken.request.camera == camera
    assert take(store, worker_id) is None


def test_what_another_has_taken_over_is_committed_by_nobody_else(store):
    put(store, "a")
    first, second = join(store), join(store, "host-b")
    taken = take(store, first)
    assert taken is not None
    assert take(store, second, lost=lost(store, first, second)) is None
    over = take(store, second, lost=lost(store, second))
    assert over is not None
    assert (over.queued_id, over.taken, over.attempts) == (taken.queued_id, 2, 2)
    with store.fenced(lambda connection: queue.require_taken(connection, over)):
        assert put(store, "b").queued == 1
    with (
        store.fenced(lambda connection: queue.require_taken(connection, taken)),
        pytest.raises(StorageError) as refused,
    ):
        put(store, "c")
    assert refused.value.kind == Kind.SOURCE_LOST
    with store.write() as connection:
        assert not queue.end(connection, taken, QueuedState.FAILED)
        queue.give_back(connection, taken)
        assert one(connection, over.queued_id).state is QueuedState.RUNNING
        assert queue.end(connection, over, QueuedState.DONE)
        assert counts(connection) == {QueuedState.DONE: 1, QueuedState.QUEUED: 1}


def test_a_worker_whose_lease_ran_out_is_lost_until_it_is_heard_of(store):
    worker_id = join(store)
    assert lost(store, worker_id) == []
    with store.write() as connection:
        connection.execute(update(worker).values(until_us=worker.c.seen_us - 1))
    assert lost(store, worker_id) == [worker_id]
    with store.write() as connection:
        workers.beat(connection, worker_id, workers.Beat())
    assert lost(store, worker_id) == []
    assert lost(store) == [worker_id], "its sign is gone"
    with store.write() as connection:
        workers.leave(connection, worker_id)
    assert lost(store, worker_id) == [worker_id]


def test_the_sign_of_a_worker_is_seen_by_others(store):
    worker_id = join(store)
    assert store.living([worker_id]) == frozenset()
    with store.working(worker_id), Store(store.address) as other:
        assert other.living([worker_id]) == {worker_id}
    assert store.living([worker_id]) == frozenset()


def test_what_ends_its_workers_fails(store):
    put(store, "a", "b")
    for attempt in range(1, MOST_ATTEMPTS + 1):
        taken = take(store, join(store), lost=lost(store))
        assert taken is not None
        assert (taken.location, taken.attempts) == ("/footage/a.mp4", attempt)
    taken = take(store, join(store), lost=lost(store))
    assert taken is not None
    assert taken.location == "/footage/b.mp4"
    with store.read() as connection:
        failed = one(connection, 1)
    assert failed.state is QueuedState.FAILED
    assert failed.problem is not None
    assert failed.problem.kind == Kind.WORKER_ENDED
    with store.write() as connection:
        assert queue.retry(connection) == 1
        assert one(connection, 1).attempts == 0


def test_what_is_given_back_counts_only_with_a_problem(store):
    put(store, "a")
    worker_id = join(store)
    for problem, attempts in ((None, 0), (PROBLEM, 1), (None, 1), (PROBLEM, 2)):
        taken = take(store, worker_id)
        assert taken is not None
        with store.write() as connection:
            queue.give_back(connection, taken, problem=problem)
            assert one(connection, taken.queued_id).attempts == attempts


def test_a_machine_that_misses_it_leaves_it_to_others(store):
    put(store, "a")
    taken = take(store, join(store))
    assert taken is not None
    with store.write() as connection:
        queue.give_back(connection, taken, missing_on="host-a")
    assert take(store, join(store)) is None
    again = take(store, join(store, "host"), "host")
    assert again is not None
    assert again.missing_on == ("host-a",)
    with store.write() as connection:
        queue.give_back(connection, again, missing_on="host")
        assert one(connection, again.queued_id).missing_on == ("host-a", "host")


def test_what_has_ended_is_forgotten_with_its_source(store):
    put(store, "a", "b", "c")
    worker_id = join(store)
    for problem in (None, JobProblem("some-failed", "as /footage/a.mp4 is")):
        taken = take(store, worker_id)
        assert taken is not None
        with store.write() as connection:
            queue.end(connection, taken, QueuedState.DONE, problem=problem)
    with store.write() as connection:
        queue.forget(connection, ["/footage/a.mp4", "/footage/c.mp4"])
        assert counts(connection) == {QueuedState.QUEUED: 1}, "nobody asked to drop what waits"
        queue.leave(connection)
        assert counts(connection) == {}
