"""Questions of who else was there, on the pages: of whom, by whom, and what is recorded of it."""

from __future__ import annotations

import html
import re

import pytest

from reidsearch.domain.cases import Needed
from reidsearch.domain.decisions import Member
from reidsearch.domain.event_log import Event
from reidsearch.output.absence import absence_said
from reidsearch.output.company import chance_text
from reidsearch.output.nearby import apart_text
from reidsearch.output.next_footage import chance_text as footage_chance
from reidsearch.web.kept_answers import KEPT_S, MOST, KeptAnswers
from reidsearch.web.kept_audit import KEPT_S as AUDIT_KEPT_S
from reidsearch.web.kept_audit import KeptAudit
from reidsearch.web.pages.around import MOST_FRAMES, MOST_PEOPLE
from reidsearch.web.person import Person, Role

QUESTIONS = ("people/p0/company", "people/p0/next", "tracklets/1/nearby")


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


@pytest.mark.full
def test_the_page_of_a_person_shows_what_the_archive_finds(town) -> None:
    company = town.archive.company("p0")
    [friend] = [one for one in company.companions if one.beyond_chance]
    assert friend.identity.name == "p1"
    page = town.client.get("/people/p0/company").text
    assert chance_text(friend) in text_of(page)
    assert f'href="/people/{friend.identity.identity_id}"' in page
    assert f"/api/v1/crops/{friend.meetings[0].seen.crop_ids[0]}/picture" in page
    framed = [one for one in friend.meetings if one.frame_crop is not None]
    assert framed
    assert all(
        f'src="/api/v1/crops/{one.frame_crop}/frame"' in page for one in framed[:MOST_FRAMES]
    )
    assert all(f'href="/api/v1/crops/{one.frame_crop}/frame"' in page for one in framed[:20])
    assert f'/distance?second={framed[0].seen.member.number}"' in page
    assert "reidsearch link" not in page
    assert "--format" not in page

    fetch = town.archive.next_footage("p0").fetches[0]
    told = text_of(town.client.get("/people/p0/next").text)
    assert f"{fetch.camera} 2024" in told
    assert footage_chance(fetch) in told
    assert "Overwritten" not in told
    town.archive.keeps.set(fetch.camera, 36_500)
    try:
        told = text_of(town.client.get("/people/p0/next").text)
    finally:
        town.archive.keeps.clear(fetch.camera)
    assert f"Overwritten soonest: {fetch.camera}, 2024" in told
    assert f"The recorder of {fetch.camera} keeps footage for 36500 days." in told
    assert " days 2124-" in told

    near = town.client.get("/api/v1/tracklets/1/nearby?within_s=1800").json()
    page = town.client.get("/tracklets/1/nearby?within_s=1800").text
    assert near["people"]
    found = town.archive.nearby(Member("tracklet", 1), within_s=1800)
    assert all(apart_text(one) in text_of(page) for one in found.people[:MOST_PEOPLE])
    for one in near["people"][:MOST_PEOPLE]:
        assert f'href="/tracklets/{one["member"]["number"]}"' in page
    assert town.client.get("/tracklets/1/nearby?within_s=90000").status_code == 422


@pytest.mark.full
def test_a_question_is_recorded_when_it_is_asked_and_not_before(town) -> None:
    def asked() -> list[Event]:
        of = [Event.COMPANY, Event.NEXT, Event.NEARBY, Event.SEARCH]
        return [one.event for one in town.archive.log.entries(events=of)]

    town.client.get("/people/p0")
    town.client.get("/tracklets/1")
    assert asked() == []
    for path in QUESTIONS:
        assert town.client.get(f"/{path}").status_code == 200
    assert sorted(asked()) == sorted([Event.COMPANY, Event.NEXT, Event.NEARBY])


@pytest.mark.full
def test_questions_are_asked_for_a_case_where_searches_are(town) -> None:
    town.archive.cases.require(Needed.CASE)
    for path in QUESTIONS:
        page = town.client.get(f"/{path}")
        assert page.status_code == 303
        assert page.headers["location"].startswith("/cases?why=case-required")
        refused = town.client.get(f"/api/v1/{path.replace('people', 'identities')}")
        assert (refused.status_code, refused.json()["kind"]) == (403, "case-required")


@pytest.mark.full
def test_the_chance_follows_the_answer_without_a_second_search(town) -> None:
    def searches() -> int:
        return sum(1 for _ in town.archive.log.entries(events=[Event.SEARCH]))

    page = town.client.get("/answer?crop=1&k=3").text
    address = html.unescape(re.search(r'data-later="([^"]+)"', page)[1])
    assert (address, searches()) == ("/answer/absence?crop=1&k=3", 1)
    told = text_of(town.client.get(address).text)
    assert searches() == 1
    for line in absence_said(town.archive.absence(town.archive.search([1], k=3))):
        assert line in told
    before = searches()
    assert town.client.get(address).status_code == 200  # of an answer that is not kept any more
    assert searches() == before + 1


@pytest.mark.full
def test_of_an_archive_without_footage_no_chance_is_told(calibrated) -> None:
    assert "data-later" not in calibrated.client.get("/answer?crop=1").text
    assert "Nothing is to be said" in calibrated.client.get("/answer/absence?crop=1").text


@pytest.mark.full
def test_the_overview_tells_of_cameras_and_limited_accounts_of_theirs_alone(town) -> None:
    assert 'data-later="/audit"' in town.client.get("/").text
    [change] = town.archive.audit().changes
    seen = text_of(town.client.get("/audit").text)
    assert f"{change.camera} has gone dark at 2024-05-31" in seen
    assert change.figure in seen
    other = next(one for one in town.archive.audit().cameras if one.camera != change.camera)
    otto = town.as_(Person("otto", Role.VIEWER, frozenset({other.camera})))
    told = otto.get("/api/v1/audit").json()
    assert told["changes"] == []
    assert [one["camera"] for one in told["cameras"]] == [other.camera]
    assert {one["camera"] for one in told["rows"]} <= {other.camera}
    assert change.camera not in text_of(otto.get("/audit").text)


@pytest.mark.full
def test_a_limited_account_is_told_only_what_its_cameras_saw(town) -> None:
    cameras = sorted({one.facts.camera for one in town.archive.footage.coverage()})
    seen, *hidden = cameras
    otto = town.as_(Person("otto", Role.VIEWER, frozenset({seen})))
    for path in ("people/p0/company", "people/p0/next", "answer/absence?crop=1&k=3"):
        page = otto.get(f"/{path}")
        for name in hidden:
            assert name not in text_of(page.text), path
    whole = town.client.get("/api/v1/identities/p0/company").json()
    part = otto.get("/api/v1/identities/p0/company").json()
    assert len(part["sightings"]) < len(whole["sightings"])
    assert {one["camera"] for one in part["sightings"]} == {seen}


def test_an_answer_is_kept_for_a_minute_and_taken_once() -> None:
    now = [0.0]
    kept = KeptAnswers(lambda: now[0])
    kept.keep("a", "answer")
    assert (kept.take("a"), kept.take("a")) == ("answer", None)
    kept.keep("a", "answer")
    now[0] = KEPT_S + 1
    assert kept.take("a") is None
    for number in range(MOST + 1):
        kept.keep(number, number)
    assert (kept.take(0), kept.take(1)) == (None, 1)


class Audits:
    """Counts how often it is audited; asks for it again while it is."""

    def __init__(self, kept: KeptAudit) -> None:
        self.kept, self.made, self.meanwhile = kept, 0, []

    def audit(self) -> int:
        self.made += 1
        self.meanwhile.append(self.kept.at_once(self))
        return self.made


def test_an_audit_is_made_once_in_ten_minutes_and_by_one_at_a_time() -> None:
    now = [0.0]
    kept = KeptAudit(lambda: now[0])
    archive = Audits(kept)
    assert kept.at_once(archive).found == kept.of(archive).found == 1
    assert archive.meanwhile == [None]
    now[0] = AUDIT_KEPT_S + 1
    assert kept.of(archive).found == 2
