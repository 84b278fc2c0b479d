"""What one request may cost, and what limited accounts may have of jobs."""

from __future__ import annotations

import datetime as dt

import pytest

from reidsearch.services import sessions
from reidsearch.web.person import Person, Role

GUARD = Person("gus", Role.ANALYST, frozenset({"gate"}))
LARGE = 10**25


def sources(served) -> dict[str, int]:
    return {one.facts.camera: one.source_id for one in served.archive.footage.coverage()}


def test_a_json_body_is_bounded_whoever_sends_it(served) -> None:
    body = '{"name": [' + "[]," * 400_000 + "[]]}"
    for path in ("session", "searches"):
        response = served.as_(None if path == "session" else GUARD).post(
            f"/api/v1/{path}", content=body, headers={"Content-Type": "application/json"}
        )
        assert (response.status_code, response.json()["kind"]) == (413, "body-too-large")


@pytest.mark.parametrize(
    "path", ["sources/{}/playback", "jobs/{}", "crops/{}/picture", "tracklets/{}"]
)
def test_a_number_that_no_database_has_is_not_found(served, path: str) -> None:
    response = served.client.get("/api/v1/" + path.format(LARGE))
    assert (response.status_code, response.json()["kind"]) == (404, "not-found")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_is_refused(served, day: str) -> None:
    assert served.client.get(f"/?day={day}").status_code == 422


@pytest.mark.full
@pytest.mark.parametrize(
    "request_",
    [
        {"of": "source", "identity": "anna"},
        {"of": "identity", "identity": "anna"},
        {"of": "journey", "identity": "anna"},
        {"of": "proposals"},
        {"of": "proposals", "identity": "anna"},
    ],
)
def test_a_limited_account_has_no_page_of_others_written(served, request_) -> None:
    yard = served.archive.footage.tracklets(sources(served)["yard"])[0].crop_ids[0]
    served.archive.identities.new("anna", [yard])
    if request_["of"] == "source":
        request_ = request_ | {"source_id": sources(served)["gate"]}
    response = served.as_(GUARD).post(
        "/api/v1/jobs", json={"kind": "export-page", "request": request_}
    )
    assert response.status_code in {403, 404, 422}
    assert served.archive.jobs.latest() == []


def test_what_may_no_longer_be_seen_is_gone_from_jobs_too(served) -> None:
    number = sources(served)["yard"]
    work = {"kind": "export-page", "request": {"of": "source", "source_id": number}}
    both = Person("gus", Role.ANALYST, frozenset({"gate", "yard"}))
    job = served.as_(both).post("/api/v1/jobs", json=work).json()
    assert served.as_(both).get(f"/api/v1/jobs/{job['job_id']}").status_code == 200
    (account,) = [one for one in served.archive.accounts.all() if one.name == "gus"]
    served.archive.accounts.set_cameras(account.name, ["gate"])
    limited = served.as_(GUARD)
    for path in (f"jobs/{job['job_id']}", f"jobs/{job['job_id']}/file"):
        assert limited.get(f"/api/v1/{path}").status_code == 404
    assert limited.get("/api/v1/jobs").json()["jobs"] == []


def test_looking_whether_somebody_is_signed_in_is_no_use_of_a_session(
    served, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = served.as_(GUARD).cookies[served.state.sessions.cookie]
    found = served.archive.sessions.find(token, used=False)
    later = found.seen_at + dt.timedelta(hours=1)
    monkeypatch.setattr(sessions, "now", lambda: later)
    assert served.state.sessions.person(token, used=False) is not None
    assert served.archive.sessions.find(token, used=False).seen_at == found.seen_at
    served.state.sessions.person(token)
    assert served.archive.sessions.find(token, used=False).seen_at == later
