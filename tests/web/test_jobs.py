"""Jobs over HTTP: who may start and see which, what pages show, what streams say."""

from __future__ import annotations

import itertools
import json
import re
from html import unescape

import pytest
from json_schemas import require_valid

from reidsearch.domain.job_requests import ClipWork, IndexWork, JobKind, LinkWork
from reidsearch.domain.jobs import JobProblem, JobProcess, JobProgress, JobState
from reidsearch.web import events
from reidsearch.web.events import Channel, Listeners, Present
from reidsearch.web.person import Person, Role
from reidsearch.web.problems import Denied
from reidsearch.web.state import ServeSettings

ME = JobProcess(1, "here", "2024-05-31T12:00:00Z")
NASTY = '<img src=x onerror=alert(1)>"\u202e\x1b[31m'


def start(client, kind: str, **request):
    return client.post("/api/v1/jobs", json={"kind": kind, "request": request})


@pytest.fixture
def footage(served, tmp_path):
    """A folder that the server offers."""
    folder = tmp_path / "offered"
    folder.mkdir()
    (folder / "gate.mp4").write_bytes(b"video")
    served.state.settings = ServeSettings(footage=(folder,))
    return folder


@pytest.mark.full
def test_a_job_is_queued_seen_stopped_and_asked_for_again(served) -> None:
    answer = start(served.client, "link", join_above=0.5)
    assert answer.status_code == 202
    require_valid(answer.json())
    assert (answer.json()["actor"], answer.json()["state"]) == ("anna", "queued")
    assert served.client.get("/api/v1/jobs/1").json()["waits_for"]
    assert served.client.post("/api/v1/jobs/1/cancel").json()["state"] == "cancelled"
    assert served.client.post("/api/v1/jobs/1/cancel").json()["kind"] == "job-ended"
    again = served.client.post("/api/v1/jobs/1/again").json()
    assert (again["job_id"], again["request"]) == (2, {"join_above": 0.5})
    assert served.client.get("/api/v1/jobs/9").status_code == 404
    listed = served.client.get("/api/v1/jobs?most=1").json()["jobs"]
    assert [job["job_id"] for job in listed] == [2]
    answer = start(served.client, "link", treshold=1)
    assert (answer.status_code, "treshold" in answer.json()["detail"]) == (422, True)


@pytest.mark.full
def test_only_what_is_offered_is_listed_and_indexed(served, footage, two_cameras) -> None:
    told = served.client.get("/api/v1/folders").json()
    require_valid(told)
    assert [one["path"] for one in told["entries"]] == [str(footage)]
    told = served.client.get("/api/v1/folders", params={"path": str(footage)}).json()
    assert [one["name"] for one in told["entries"]] == ["gate.mp4"]
    assert start(served.client, "index", paths=[str(footage / "gate.mp4")]).status_code == 202
    outside = two_cameras.parent / "gate.mp4"
    for path in (str(outside), "/etc/passwd", f"{footage}/../archive"):
        answer = start(served.client, "index", paths=[str(footage), path])
        assert (answer.status_code, answer.json()["kind"]) == (422, "folder-not-offered")
        answer = served.client.get("/api/v1/folders", params={"path": path})
        assert answer.json()["kind"] == "folder-not-offered"


def test_what_may_no_longer_be_indexed_is_not_asked_for_again(served, footage) -> None:
    job = served.archive.jobs.queue(IndexWork(("/elsewhere",))).job_id
    served.archive.jobs.cancel(job)
    assert served.client.post(f"/api/v1/jobs/{job}/again").json()["kind"] == "folder-not-offered"


def test_viewers_see_jobs_and_start_none(served) -> None:
    served.archive.jobs.queue(LinkWork())
    vera = served.as_(Person("vera", Role.VIEWER))
    assert len(vera.get("/api/v1/jobs").json()["jobs"]) == 1
    assert start(vera, "link").status_code == 403
    assert vera.post("/api/v1/jobs/1/cancel").status_code == 403
    html = vera.get("/jobs").text
    assert "Propose identities" in html
    assert "data-act" not in html
    assert "data-start" not in html


@pytest.mark.full
def test_who_is_limited_to_cameras_starts_and_sees_only_what_is_of_these(served) -> None:
    served.archive.jobs.queue(LinkWork())
    yara = served.as_(Person("yara", Role.ANALYST, frozenset({"yard"})))
    of = {served.archive.crop(crop).facts.camera: crop for crop in range(1, 20)}
    assert yara.get("/api/v1/jobs").json()["jobs"] == []
    assert yara.get("/api/v1/jobs/1").status_code == 404
    assert start(yara, "clip", crop_id=of["yard"]).status_code == 202
    assert start(yara, "clip", crop_id=of["gate"]).status_code == 404
    assert start(yara, "export-page", of="proposals").json()["kind"] == "all-cameras-needed"
    for kind in ("link", "attributes"):
        assert start(yara, kind).json()["kind"] == "all-cameras-needed"
    sources = {one.facts.camera: one.source_id for one in served.archive.footage.coverage()}
    assert start(yara, "export-tracks", source_id=sources["yard"]).status_code == 202
    assert start(yara, "export-tracks", source_id=sources["gate"]).status_code == 404
    assert start(yara, "export-tracks", source_id=99).status_code == 404
    assert yara.get("/api/v1/folders").json()["kind"] == "all-cameras-needed"
    assert [job["actor"] for job in yara.get("/api/v1/jobs").json()["jobs"]] == ["yara", "yara"]


@pytest.mark.full
def test_the_page_shows_every_state_without_a_script(served, footage) -> None:
    jobs = served.archive.jobs
    for work in (IndexWork((f"/{NASTY}",)), LinkWork()):
        jobs.queue(work)
    jobs.queue(ClipWork(1))
    with served.archive._store.running_jobs():
        jobs.next({JobKind.INDEX}, ME)
        jobs.live.tell(1, JobProgress("indexing", 0.25, NASTY))
        jobs.end(3, JobState.FAILED, problem=JobProblem("input", NASTY, "look at it"))
        html = served.client.get("/jobs").text
        overview = served.client.get("/").text
    assert "<img" not in html + overview
    assert re.search(r'<progress[^>]* value="0.25">', html)
    assert "indexing 25 %" in html
    assert "Waits for job 1" in html
    assert re.findall(r'data-state="(\w+)"', html) == ["failed", "queued", "running"]
    assert re.findall(r'data-state="(\w+)"', overview) == ["queued", "running"]
    assert re.findall(r'data-act="(\w+)"', html) == ["again", "cancel", "cancel"]
    assert 'id="index-open">' in html
    served.state.settings = ServeSettings()
    html = served.client.get("/jobs").text
    assert 'id="index-open" disabled>' in html
    assert "without a folder" in html


def test_a_file_that_is_gone_says_so(served) -> None:
    served.archive.jobs.queue(ClipWork(1))
    answer = served.client.get("/api/v1/jobs/1/file")
    assert (answer.status_code, answer.json()["kind"]) == (404, "job-output-gone")


@pytest.mark.full
def test_a_stream_tells_the_whole_state_and_each_new_one_once(served, monkeypatch) -> None:
    """The test client reads a stream only when it has ended: that of a job that has."""
    monkeypatch.setattr(events, "LOOKS_EVERY_S", 0.01)
    served.archive.jobs.queue(LinkWork())
    served.archive.jobs.cancel(1)
    answer = served.client.get("/api/v1/jobs/1/events")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    [event] = re.findall(r"id: (.+)\nevent: job\ndata: (.+)\n\n", answer.text)
    assert '"cancelled"' in event[1]
    assert served.client.head("/api/v1/events").status_code == 200
    assert served.state.listeners._count == 0


def test_what_is_told_is_read_once_for_all_and_numbered_by_what_changes() -> None:
    states = iter([{"a": 1}, {"a": 1}, {"a": 2}, {"a": 3}])
    moves = itertools.count()
    told = Channel("state", lambda: Present(next(states)), lambda: next(moves))
    ids = []
    for _ in range(3):
        told._asked_at = float("-inf")
        ids.append(told.now()[0])
        assert told.now()[0] == ids[-1]  # at once: not read again
    assert ids[0] == ids[1] != ids[2]
    told._moved = lambda: told._seen
    told._asked_at = float("-inf")
    assert told.now()[0] == ids[-1]  # nothing has moved: not read again
    told._asked_at = told._looked_at = float("-inf")
    assert told.now()[0] not in ids  # read anyway, now and then
    other = Channel("state", lambda: Present({"a": 2}), lambda: 0)
    assert other.now()[0] not in ids  # of another server


def test_the_number_of_listeners_is_bounded(served, monkeypatch) -> None:
    monkeypatch.setattr(events, "MOST_LISTENERS", 1)
    listeners = Listeners()
    request = served.client.build_request("GET", "/")
    told = Channel("state", lambda: Present({}), lambda: 0)
    listeners.response(told, request, lambda: True)
    with pytest.raises(Denied, match="listen to this server already") as denied:
        listeners.response(told, request, lambda: True)
    assert denied.value.headers == {"Retry-After": "30"}


@pytest.mark.full
def test_pages_offer_to_write_what_they_show_with_clips(served) -> None:
    served.archive.identities.new("anna \"'<b>", [1])
    for page, request in (
        ("/people/1", {"of": "identity", "identity": "1"}),
        ("/journeys/1", {"of": "journey", "identity": "1"}),
        ("/play/1", {"of": "source", "source_id": 1}),
    ):
        html = served.client.get(page).text
        [told] = re.findall(r'data-start="export-page" data-request="([^"]+)"', html)
        assert json.loads(unescape(told)) == request
        assert start(served.client, "export-page", **request).status_code == 202
        vera = served.as_(Person("vera", Role.VIEWER))
        assert "data-start" not in vera.get(page).text
