"""What a server tells who watches it: `/health`, `/ready`, `/metrics`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from archives import make_empty
from prometheus_client.parser import text_string_to_metric_families
from signing import PASSWORD, WRONG
from starlette.testclient import TestClient

from reidsearch import Archive
from reidsearch.web.app import make_app, make_state
from reidsearch.web.metrics import Metrics
from reidsearch.web.state import ServeSettings

TEAM = ServeSettings(
    ("cctv.example",), secure=True, local=False, proxied=True, metrics_token="the token"
)
BEARER = {"Authorization": "Bearer the token"}
LOCAL = ("127.0.0.1", 50000)


def figures(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """The samples of a text as Prometheus reads it."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def client_of(served, settings: ServeSettings, peer: tuple[str, int] = LOCAL) -> TestClient:
    app = make_app(make_state(served.archive, settings))
    return TestClient(app, base_url="http://10.0.0.7:8765", client=peer, follow_redirects=False)


@pytest.mark.full
def test_probes_need_neither_a_name_nor_a_session_and_tell_nothing(served) -> None:
    client = client_of(served, TEAM)
    assert client.get("/health").json() == {"status": "ok"}
    told = client.get("/ready")
    assert told.status_code == 200
    assert told.json() == {
        "ready": True, "database": "reachable", "index": "on demand", "model": "on demand",
    }  # fmt: skip
    assert client.head("/ready").status_code == 200
    assert client.get("/").status_code == 421, "anything else is asked by the server's name"
    assert client.post("/health").status_code == 421


@pytest.mark.full
def test_it_is_ready_when_the_index_is_loaded_and_not_while_the_database_is_away(
    tmp_path, two_cameras
) -> None:
    for folder, model in ((two_cameras, "loaded"), (tmp_path / "empty", "model-missing")):
        if folder != two_cameras:
            make_empty(folder)
        with Archive.open(folder, offline=True) as archive:
            state = make_state(archive, TEAM)
            client = TestClient(make_app(state))
            state.warming._load(archive)
            told = client.get("/ready").json()
            assert (told["ready"], told["index"]) == (True, "loaded")
            assert told["model"] == model or folder != two_cameras
        away = client.get("/ready")
        assert (away.status_code, away.json()["database"]) == (503, "away")
        assert str(folder) not in away.text
        assert client.get("/health").status_code == 200


@pytest.mark.full
def test_figures_are_for_who_has_the_token_or_sits_at_the_machine(served) -> None:
    client = client_of(served, TEAM)
    for headers in ({}, {"Authorization": "Bearer another"}, {"Authorization": "the token"}):
        refused = client.get("/metrics", headers=headers)
        assert refused.status_code == 401
        assert "reidsearch_" not in refused.text
    assert client.get("/metrics", headers=BEARER).status_code == 200
    alone = ServeSettings()
    own = {"Host": "127.0.0.1:8765"}
    assert client_of(served, alone).get("/metrics", headers=own).status_code == 200
    for settings, peer, headers in (
        (alone, LOCAL, {"Host": "evil.example"}),  # DNS rebinding
        (alone, ("192.0.2.1", 50000), own),
        (replace(TEAM, metrics_token=None), LOCAL, {"Host": "cctv.example"}),
    ):
        asked = client_of(served, settings, peer).get("/metrics", headers=headers)
        assert asked.status_code == 401


@pytest.mark.full
def test_what_happened_is_counted_and_nothing_of_it_told(served) -> None:
    served.state.settings = replace(served.state.settings, metrics_token="the token")
    client = served.client
    crop = served.archive.footage.tracklets(1)[0].crop_ids[0]
    for _ in range(2):
        assert client.post("/api/v1/searches", json={"crop": [crop], "k": 2}).status_code == 200
    client.get("/api/v1/crops/999999/picture")
    client.get("/secret-path-12345")
    nobody = served.as_(None)
    nobody.post("/api/v1/session", json={"name": "anna", "password": WRONG})
    nobody.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
    text = client.get("/metrics", headers=BEARER).text
    found = figures(text)

    def requests(method: str, route: str, status: int) -> float:
        of = (("method", method), ("route", route), ("status", str(status)))
        return found["reidsearch_requests_total"].get(of, 0)

    assert requests("POST", "/api/v1/searches", 200) == 2
    assert requests("GET", "/api/v1/crops/{crop_id:int}/picture", 404) == 1
    assert requests("GET", "none", 404) == 1
    assert found["reidsearch_searches_total"] == {(): 2}
    outcomes = found["reidsearch_sign_ins_total"]
    assert outcomes[(("how", "password"), ("outcome", "wrong"))] == 1
    assert outcomes[(("how", "password"), ("outcome", "signed-in"))] == 1
    of = (("method", "POST"), ("route", "/api/v1/searches"))
    assert found["reidsearch_request_duration_seconds_count"][of] == 2
    bucket = found["reidsearch_request_duration_seconds_bucket"]
    assert bucket[(("le", "+Inf"), *of)] == 2
    assert found["reidsearch_database_up"] == {(): 1}
    assert found["reidsearch_index_lag_crops"] == {(): 0}
    assert found["reidsearch_jobs"][(("state", "queued"),)] == 0
    for private in ("anna", "gate", "yard", "12345", "999999"):
        assert private not in text


@pytest.mark.full
def test_queued_jobs_and_crops_that_the_index_lacks_are_told(served, tmp_path) -> None:
    from archives import draw_many

    served.state.settings = replace(served.state.settings, metrics_token="the token")
    served.archive.searching.load()
    draw_many(tmp_path / "more", 3)
    with Archive.open(served.archive.location, model="builtin", offline=True) as other:
        other.index([tmp_path / "more"])
    served.client.post("/api/v1/jobs", json={"kind": "link", "request": {}})
    found = figures(served.client.get("/metrics", headers=BEARER).text)
    assert found["reidsearch_index_lag_crops"] == {(): 3}
    assert found["reidsearch_jobs"][(("state", "queued"),)] == 1


def test_labels_are_escaped_and_bounds_are_inclusive() -> None:
    metrics = Metrics()
    metrics.answered("GET", 'a"b\\c\nd', 200, 0.005)
    metrics.answered("GET", 'a"b\\c\nd', 200, 99.0)
    found = figures(metrics.text([]))
    of = (("method", "GET"), ("route", 'a"b\\c\nd'))
    bucket = found["reidsearch_request_duration_seconds_bucket"]
    assert bucket[(("le", "0.005"), *of)] == 1
    assert bucket[(("le", "30.0"), *of)] == 1
    assert bucket[(("le", "+Inf"), *of)] == 2
    assert found["reidsearch_request_duration_seconds_sum"][of] == pytest.approx(99.005)
