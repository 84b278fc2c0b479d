"""The queue of sources, as the API and the page tell it."""

from __future__ import annotations

import pytest
from json_schemas import require_valid

from reidsearch.domain.index_request import IndexRequest
from reidsearch.domain.jobs import JobProblem
from reidsearch.domain.queue import Offered, QueuedKind, QueuedState
from reidsearch.store import queue, workers
from reidsearch.web.person import Person, Role

pytestmark = pytest.mark.full


@pytest.fixture
def queued(served):
    """Three sources: one is worked on by somebody who is gone, one has failed, one waits."""
    places = [f"/footage/<b>{number}</b>.mp4" for number in range(3)]
    offered = [Offered(QueuedKind.VIDEO, place, 1_000_000) for place in places]
    with served.archive._store.write() as connection:
        queue.put(connection, offered, IndexRequest(camera="gate"), "anna", None)
        worker = workers.register(connection, "host-a", 4711)
        for state in (QueuedState.FAILED, None):
            taken = queue.claim(connection, worker, queue.Wanted("host-a"))
            assert taken is not None
            if state is not None:
                problem = JobProblem("some-failed", "it is <i>no</i> video")
                assert queue.end(connection, taken, state, problem=problem)
        workers.beat(connection, worker, workers.Beat(taken.queued_id, 0.25, 1, 10, 5.0, 2.0))
    return served


def test_the_api_tells_where_the_queue_stands(queued) -> None:
    told = queued.client.get("/api/v1/queue").json()
    require_valid(told)
    assert told["sources"] == {"queued": 1, "running": 1, "done": 0, "partly": 0, "failed": 1}
    assert told["left_bytes"] == 1_750_000
    assert [one["location"] for one in told["stalled"]] == ["/footage/<b>1</b>.mp4"]
    assert [one["health"] for one in told["workers"]] == ["gone"]
    assert told["failed"][0]["problem"]["message"] == "it is <i>no</i> video"


def test_the_page_of_jobs_shows_it(queued) -> None:
    for path in ("/jobs", "/jobs/queue"):
        html = queued.client.get(path).text
        assert "1 wait, 1 run, 1 failed." in html
        assert "host-a" in html
        assert "it is &lt;i&gt;no&lt;/i&gt; video" in html
        assert "<b>1</b>" not in html


def test_without_a_queue_nothing_is_shown(served) -> None:
    assert "data-queue" not in served.client.get("/jobs").text
    assert served.client.get("/jobs/queue").text.strip() == ""


def test_who_is_limited_to_cameras_sees_none_of_it(queued) -> None:
    yara = queued.as_(Person("yara", Role.ANALYST, frozenset({"yard"})))
    assert yara.get("/api/v1/queue").json()["kind"] == "all-cameras-needed"
    assert "host-a" not in yara.get("/jobs").text
    assert "host-a" not in yara.get("/jobs/queue").text
