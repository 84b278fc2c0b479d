"""People, journeys and the log in the page, and the API below them."""

from __future__ import annotations

import html

import pytest
from json_schemas import require_valid

from reidsearch.services.playback import STREAMED_S
from reidsearch.web.pages.journeys import MARGIN_S, _scenes
from reidsearch.web.person import Person, Role

HOSTILE = "<b onmouseover=alert(1)>&amp;\u05d0\u05e0\u05d4" + "x" * 100


def crops_of(served, camera: str) -> list[int]:
    """The best crop of each tracklet of a camera."""
    (source,) = (one for one in served.archive.footage.coverage() if one.facts.camera == camera)
    return [one.crop_ids[0] for one in served.archive.footage.tracklets(source.source_id)]


@pytest.mark.full
def test_an_identity_is_made_shown_renamed_split_and_merged(served) -> None:
    gate, yard = crops_of(served, "gate"), crops_of(served, "yard")
    made = served.client.post(
        "/api/v1/identities", json={"name": "anna", "crop_ids": [gate[0], yard[0]], "note": "coat"}
    )
    assert made.status_code == 201
    require_valid(made.json())
    assert (made.json()["decision"]["who"], made.json()["decision"]["note"]) == ("anna", "coat")
    told = served.client.get("/api/v1/identities/anna").json()
    require_valid(told)
    assert {one["camera"] for one in told["members"]} == {"gate", "yard"}
    page = served.client.get(f"/people/{told['identity_id']}").text
    assert f"/api/v1/crops/{told['members'][0]['crop_ids'][0]}/picture" in page

    renamed = served.client.post("/api/v1/identities/anna/rename", json={"name": "berta"})
    assert renamed.status_code == 200
    split = served.client.post(
        "/api/v1/identities/berta/split", json={"crop_ids": [yard[0]], "name": "carla"}
    )
    assert split.status_code == 200
    both = served.client.get("/merge?into=berta&other=carla").text
    assert "berta" in both
    assert "carla" in both
    merged = served.client.post(
        "/api/v1/identities/berta/merge", json={"others": ["carla"], "force": True}
    )
    assert merged.status_code == 200
    assert len(served.archive.identities.show("berta").members) == 2


def test_a_clash_is_told_and_needs_force(served) -> None:
    gate = crops_of(served, "gate")
    response = served.client.post("/api/v1/identities", json={"name": "two", "crop_ids": gate})
    assert (response.status_code, response.json()["kind"]) == (422, "seen-at-once")
    forced = served.client.post(
        "/api/v1/identities", json={"name": "two", "crop_ids": gate, "force": True}
    )
    assert forced.status_code == 201


@pytest.mark.full
def test_who_is_in_two_places_at_once_is_red(served) -> None:
    gate, yard = crops_of(served, "gate"), crops_of(served, "yard")
    source = served.archive.footage.coverage()[1]
    from dataclasses import replace
    from fractions import Fraction

    served.archive.footage.set_clock(
        source.source_id, replace(source.facts.clock, offset_s=Fraction(-60))
    )
    served.archive.identities.new("anna", [gate[0], yard[0]])
    page = served.client.get("/people/anna").text
    assert "in two places at once" in page
    assert 'class="card clash"' in page
    told = served.client.get("/api/v1/identities/anna").json()
    require_valid(told)
    assert len(told["two_places"]) == 1


@pytest.mark.full
def test_proposals_are_a_queue_from_which_identities_are_made(served) -> None:
    assert "Nothing has been linked yet" in served.client.get("/people").text
    served.archive.proposals.link(join_above=0.1)
    listed = served.client.get("/api/v1/proposals").json()
    require_valid(listed)
    assert listed["proposals"]
    number = listed["proposals"][0]["proposal_id"]
    one = served.client.get(f"/api/v1/proposals/{number}").json()
    require_valid(one)
    page = served.client.get("/people").text
    assert f'id="proposal-{number}"' in page
    response = served.client.post(
        f"/api/v1/proposals/{number}/confirm", json={"name": "dora", "new": True}
    )
    assert response.status_code == 200
    assert len(served.archive.identities.show("dora").members) == len(one["members"])


@pytest.mark.full
def test_a_journey_shows_sightings_gaps_and_lanes(served) -> None:
    gate, yard = crops_of(served, "gate"), crops_of(served, "yard")
    served.archive.identities.new("anna", [gate[0], yard[0]])
    page = served.client.get("/journeys/anna").text
    assert page.index('id="stop-1"') < page.index('class="gap"') < page.index('id="stop-2"')
    assert page.count('class="mark-confirmed"') == 2
    require_valid(served.client.get("/api/v1/identities/anna/journey").json())
    assert served.client.get("/journeys/nobody").status_code == 404


@pytest.mark.parametrize(("seconds", "number"), [(5, 1), (28, 1), (29, 2), (58, 2), (61, 3)])
def test_the_film_shows_all_of_a_sighting_by_streams_of_limited_length(seconds, number) -> None:
    part = {"source_id": 7, "first_s": 10.0, "last_s": 10.0 + seconds}
    moment = {"source_id": 8, "first_s": 3.0, "last_s": 3.0}
    stop = {"number": 4, "camera": "gate", "first_time": None, "parts": [part, moment]}
    scenes = _scenes(stop)
    assert len(scenes) == number
    assert {(one["number"], one["camera"], one["source_id"]) for one in scenes} == {(4, "gate", 7)}
    assert scenes[0]["from_s"] == 10 - MARGIN_S
    assert scenes[-1]["to_s"] == 10 + seconds + MARGIN_S
    assert [one["to_s"] for one in scenes[:-1]] == [one["from_s"] for one in scenes[1:]]
    assert all(one["to_s"] - one["from_s"] <= STREAMED_S for one in scenes)


@pytest.mark.full
def test_the_log_tells_who_why_and_can_be_narrowed(served) -> None:
    gate = crops_of(served, "gate")
    served.archive.identities.by("maria").new("anna", [gate[0]], note="the coat")
    served.archive.identities.by("otto").rename("anna", "berta", note="typo")
    page = served.client.get("/log").text
    assert page.index("typo") < page.index("the coat")
    assert "the coat" not in served.client.get("/log?who=otto").text
    told = served.client.get("/api/v1/decisions?most=1").json()
    require_valid(told)
    assert [one["note"] for one in told["decisions"]] == ["typo"]


def test_undoing_a_decision_of_somebody_else_asks(served) -> None:
    served.archive.identities.by("lea").new("anna", [crops_of(served, "gate")[0]])
    asks = 'data-ask="lea took decision 1. Undo it?"'
    assert asks not in served.as_(Person("lea", Role.ANALYST)).get("/log").text
    assert asks in served.as_(Person("otto", Role.ANALYST)).get("/log").text


@pytest.mark.full
def test_searches_are_on_record_and_of_others_only_for_who_may_see_all(served) -> None:
    lea = served.as_(Person("lea", Role.ANALYST))
    told = lea.post("/api/v1/searches", json={"crop": [1], "k": 2}).json()
    entry = told["statement"]["logged"]["entry"]
    document = lea.get("/api/v1/log?event=search").json()
    require_valid(document)
    assert [(one["number"], one["actor"]) for one in document["entries"]] == [(entry, "lea")]
    assert "crops searched" in lea.get("/log").text
    limited = served.as_(Person("otto", Role.VIEWER, frozenset({"gate"})))
    assert limited.get("/api/v1/log?event=search").json()["entries"] == []
    assert limited.get("/api/v1/log?event=search&who=lea").json()["entries"] == []
    limited.get("/api/v1/answers?crop=1&k=1")
    actors = {one["actor"] for one in limited.get("/api/v1/log").json()["entries"]}
    assert actors == {"otto"}


@pytest.mark.full
@pytest.mark.parametrize("name", ["\x1b[31m", "\u202eanna", "a\nb", " ", "x" * 1001])
def test_names_that_could_not_be_shown_are_refused(served, name: str) -> None:
    response = served.client.post("/api/v1/identities", json={"name": name})
    assert response.status_code == 422


@pytest.mark.full
def test_hostile_names_are_text_everywhere(served) -> None:
    gate = crops_of(served, "gate")
    response = served.client.post(
        "/api/v1/identities", json={"name": HOSTILE, "crop_ids": [gate[0]], "note": HOSTILE}
    )
    assert response.status_code == 201
    number = served.archive.identities.find(HOSTILE).identity_id
    for path in ("/people", f"/people/{number}", f"/journeys/{number}", "/log", "/log?who=anna"):
        page = served.client.get(path).text
        assert "<b onmouseover" not in page, path
        assert html.escape(HOSTILE, quote=False) in page, path


@pytest.mark.full
@pytest.mark.parametrize("path", ["", "/journey"])
def test_of_hidden_cameras_nothing_is_told(served, path: str) -> None:
    gate, yard = crops_of(served, "gate"), crops_of(served, "yard")
    served.archive.identities.new("anna", [gate[0], yard[0]])
    served.archive.identities.new("berta", [gate[1]])
    vera = served.as_(Person("vera", Role.ANALYST, frozenset({"yard"})))
    assert vera.get(f"/api/v1/identities/berta{path}").status_code == 404
    told = vera.get(f"/api/v1/identities/anna{path}")
    assert told.status_code == 200
    assert "gate" not in told.text
    for page in ("/people", "/people/anna", "/journeys/anna", "/log"):
        assert "gate.mp4" not in vera.get(page).text
        assert "berta" not in vera.get(page).text
    assert vera.post("/api/v1/identities/anna/rename", json={"name": "x"}).status_code == 422
    refused = vera.post("/api/v1/identities", json={"name": "x", "crop_ids": [gate[0]]})
    assert refused.status_code == 404
