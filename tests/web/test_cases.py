"""Cases on the page and over the API: chosen for a session, and recorded with what it does."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from json_schemas import require_valid
from starlette.testclient import TestClient

from reidsearch.base.timecode import now
from reidsearch.domain.cases import Needed
from reidsearch.domain.event_log import Event
from reidsearch.web.person import Person, Role

VERA = Person("vera", Role.VIEWER)
SEARCH = "/api/v1/answers?crop=1&k=1"
HOSTILE = "<img src=x onerror=alert(1)>\"'&%/ä"


def form(client: TestClient, path: str, **fields: str):
    """Send a form as a browser would that shows a page of cases."""
    token = re.search(r'name="form_token" value="(\w+)"', client.get("/cases").text)
    assert token is not None
    return client.post(path, data={"form_token": token[1], **fields})


def choose(client: TestClient, number: str, **fields: str) -> str:
    """Work for a case; where that leads to."""
    response = form(client, "/cases/choose", number=number, **fields)
    assert response.status_code == 303, response.text
    return str(response.headers["location"])


def recorded(served, *events: Event) -> list[tuple[str, str, str | None]]:
    """Event, actor and case of what is on record."""
    found = served.archive.log.entries(events=events)
    return [(one.event.value, one.actor, one.case) for one in found]


@pytest.mark.full
def test_what_a_session_does_is_recorded_with_the_case_that_it_chose(served) -> None:
    served.archive.cases.new("2026-17", title="Theft")
    lea, vera = served.as_(Person("lea", Role.ANALYST)), served.as_(VERA)
    back = "/answer?crop=1&k=1"
    assert choose(lea, "2026-17", reason="witness", note="saw the car", back=back) == back
    page = lea.get("/").text
    assert "Case 2026-17</strong> · Theft" in page
    assert "witness: saw the car" in page
    statement = lea.get(SEARCH).json()["statement"]
    assert statement["case"] == {"number": "2026-17", "reason": "witness", "note": "saw the car"}
    lea.get("/api/v1/answers/page?crop=1&k=1")
    lea.post("/api/v1/identities", json={"name": "anna", "crop_ids": [1]})
    lea.get("/api/v1/sources/1/still?at=0")
    vera.get(SEARCH)
    kinds = (Event.SEARCH, Event.EXPORT, Event.DECISION, Event.PLAYBACK)
    assert recorded(served, *kinds) == [
        ("search", "lea", "2026-17"),
        ("search", "lea", "2026-17"),  # of the page that is saved
        ("export", "lea", "2026-17"),
        ("decision", "lea", "2026-17"),
        ("playback", "lea", "2026-17"),
        ("search", "vera", None),
    ]
    assert form(lea, "/cases/leave").headers["location"] == "/cases?done=leave"
    assert "No case" in lea.get("/").text
    lea.get("/api/v1/sources/1/still?at=0")  # looked at for another reason
    lea.get(SEARCH)
    assert recorded(served, *kinds)[-2:] == [("playback", "lea", None), ("search", "lea", None)]
    log = lea.get("/log?case=2026-17").text
    assert "decision 1, new" in log
    assert "vera" not in log.partition("<tbody>")[2].partition("</table>")[0]


@pytest.mark.full
def test_a_choice_holds_for_its_session_alone(served) -> None:
    served.archive.cases.new("1")
    lea, vera = served.as_(Person("lea", Role.ANALYST)), served.as_(VERA)
    choose(lea, "1")
    name = served.state.sessions.case_cookie
    cookie = lea.cookies[name]
    vera.cookies.set(name, cookie)
    assert vera.get(SEARCH).json()["statement"]["case"] is None
    session = f"{served.state.sessions.cookie}={lea.cookies[served.state.sessions.cookie]}"
    forged = f"WyIxIixudWxsXQ==.{'0' * 64}"
    for changed in (cookie[1:], cookie.partition(".")[0], forged, "x.é", "."):
        headers = [(b"Cookie", f"{session}; {name}={changed}".encode())]
        found = served.as_(None).get(SEARCH, headers=headers)
        assert found.json()["statement"]["case"] is None
    response = form(lea, "/sign-out")
    assert name not in lea.cookies, "signing out forgets the case too"
    assert response.headers["location"] == "/sign-in"


@pytest.mark.full
def test_an_archive_that_needs_a_case_leads_to_the_chooser(served) -> None:
    served.archive.cases.new("1", title="Theft")
    served.archive.cases.require(Needed.REASON)
    vera = served.as_(VERA)
    refused = vera.post("/api/v1/searches", json={"crop": [1]})
    assert (refused.status_code, refused.json()["kind"]) == (403, "case-required")
    assert "Reidsearch-Case" in refused.json()["advice"]
    assert "searched for a case only" in vera.get("/ask").text
    led = urlsplit(vera.get("/answer?crop=1&k=1").headers["location"])
    asked = parse_qs(led.query)
    assert (led.path, asked) == (
        "/cases",
        {"why": ["case-required"], "back": ["/answer?crop=1&k=1"]},
    )
    page = vera.get(f"{led.path}?{led.query}").text
    assert 'name="back" value="/answer?crop=1&amp;k=1"' in page
    [back] = asked["back"]
    assert "why=reason-required" in choose(vera, "1", back=back)
    assert choose(vera, "1", reason="missing", back=back) == back
    assert vera.get(back).status_code == 200
    assert "searched for a case only" not in vera.get("/ask").text
    bad = form(vera, "/cases/choose", number="1", reason="other")
    assert (bad.status_code, "write which" in bad.text) == (422, True)
    assert choose(vera, "1", reason="missing", back="//evil.example/") == "/"


@pytest.mark.full
@pytest.mark.parametrize("how", ["closed", "expired"])
def test_a_case_that_ends_meanwhile_is_refused_with_a_way_to_choose_another(served, how) -> None:
    served.archive.cases.new("1")
    lea = served.as_(Person("lea", Role.ANALYST))
    choose(lea, "1")
    if how == "closed":
        served.archive.cases.close("1")
    else:
        served.archive.cases.edit("1", expires=now() - dt.timedelta(seconds=1))
    for refused in (
        lea.get(SEARCH),
        lea.post("/api/v1/identities", json={"name": "anna", "crop_ids": [1]}),
        lea.get("/api/v1/sources/1/still?at=0"),
        lea.get("/api/v1/answers/page?crop=1"),
    ):
        assert (refused.status_code, refused.json()["kind"]) == (403, f"case-{how}")
        assert "Choose another case" in refused.json()["advice"]
    kinds = (Event.SEARCH, Event.EXPORT, Event.DECISION, Event.PLAYBACK)
    assert recorded(served, *kinds) == []
    led = lea.get("/answer?crop=1").headers["location"]
    assert led == f"/cases?why=case-{how}&back=%2Fanswer%3Fcrop%3D1"
    page = lea.get(led).text
    assert "nothing can belong to it any more. Choose another, or leave it." in page
    assert f"{how}: choose another" in page
    assert form(lea, "/cases/choose", number="1").status_code == 403
    form(lea, "/cases/leave")
    assert lea.get("/answer?crop=1").status_code == 200


def test_a_program_names_the_case_of_a_request_in_headers(served) -> None:
    served.archive.cases.new(HOSTILE)
    headers = {"Reidsearch-Case": quote(HOSTILE), "Reidsearch-Reason": "suspect"}
    told = served.client.get(SEARCH, headers=headers).json()["statement"]["case"]
    assert told == {"number": HOSTILE, "reason": "suspect", "note": ""}
    raw = [(b"Reidsearch-Case", HOSTILE.replace("%", "%25").encode())]
    assert served.client.get(SEARCH, headers=raw).json()["statement"]["case"]["reason"] is None
    choose(served.client, HOSTILE)
    none = served.client.get(SEARCH, headers={"Reidsearch-Case": ""}).json()
    assert none["statement"]["case"] is None, "the request has the last word"
    for bad, kind in (
        ({"Reidsearch-Case": "nope"}, "case-unknown"),
        ({"Reidsearch-Reason": "suspect"}, "case-required"),
        ({**headers, "Reidsearch-Reason": "curious"}, "reason-bad"),
        ({"Reidsearch-Case": "%ff"}, "usage"),
    ):
        assert served.client.get(SEARCH, headers=bad).json()["kind"] == kind
    twice = [("Reidsearch-Case", "1"), ("Reidsearch-Case", "2")]
    assert served.client.get(SEARCH, headers=twice).status_code == 422


@pytest.mark.full
def test_an_analyst_opens_changes_closes_and_reopens_cases_by_the_page(served) -> None:
    lea = served.as_(Person("lea", Role.ANALYST))
    shown = form(
        lea, "/cases/new", number=HOSTILE, title=HOSTILE, expires="2096-12-02", notes="a\r\nb"
    )
    where = shown.headers["location"]
    page = lea.get(where).text
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x") > 1
    case = served.archive.cases.find(HOSTILE)
    assert (case.examiner, case.expires, case.notes) == (
        "lea",
        dt.datetime(2096, 12, 2, tzinfo=dt.UTC),
        "a\nb",
    )
    held = {
        "number": HOSTILE, "title": HOSTILE, "expires": "2096-12-02 00:00:00", "examiner": "lea",
        "notes": "a\r\nb",
    }  # fmt: skip
    form(lea, "/cases/edit", **held)
    assert served.archive.cases.find(HOSTILE).changed_at == case.changed_at, "nothing was changed"
    form(lea, "/cases/edit", **held | {"expires": "", "purpose": "find a witness"})
    changed = served.archive.cases.find(HOSTILE)
    assert (changed.expires, changed.purpose, changed.notes) == (None, "find a witness", "a\nb")
    assert (
        "done=close" in form(lea, "/cases/close", number=HOSTILE, note="over").headers["location"]
    )
    assert "Open the case again" in lea.get(where).text
    assert "done=reopen" in form(lea, "/cases/reopen", number=HOSTILE).headers["location"]
    assert recorded(served, Event.CASE) == [("case", "lea", HOSTILE)] * 4
    assert "/cases/edit" not in served.as_(VERA).get(where).text
    assert form(served.as_(VERA), "/cases/close", number=HOSTILE).status_code == 403
    assert form(lea, "/cases/new", number=HOSTILE).status_code == 422
    assert "bad-time" in form(lea, "/cases/new", number="2", issued="soon").text
    assert lea.get("/case?number=nope").status_code == 404


@pytest.mark.full
def test_cases_over_the_api(served) -> None:
    lea = served.as_(Person("lea", Role.ANALYST))
    made = lea.post("/api/v1/cases", json={"number": "1", "expires": "2096-01-01T00:00:00Z"})
    assert made.status_code == 201
    for path, given, change in (
        ("edit", {"expires": None, "title": "Theft"}, "edit"),
        ("close", {"note": "over"}, "close"),
        ("reopen", {}, "reopen"),
    ):
        told = lea.post(f"/api/v1/cases/{path}", json={"number": "1", **given})
        require_valid(told.json())
        assert told.json()["change"] == change
    lea.get(SEARCH, headers={"Reidsearch-Case": "1"})
    shown = lea.get("/api/v1/case?number=1").json()
    require_valid(shown)
    assert [(one["event"], one["entries"]) for one in shown["belongings"]] == [
        ("search", 1),
        ("case", 4),
    ]
    require_valid(lea.get("/api/v1/cases").json())
    limited = served.as_(Person("otto", Role.VIEWER, frozenset({"yard"})))
    assert limited.get("/api/v1/case?number=1").json()["belongings"] == []
    assert limited.post("/api/v1/cases", json={"number": "2"}).status_code == 403
