"""Saved questions in the page: saved from an answer, answered by what is indexed, by whom seen."""

from __future__ import annotations

import html
import re

import pytest

from reidsearch.domain.cases import Needed
from reidsearch.domain.crops import CropInput, Facts, HeldBytes
from reidsearch.domain.event_log import Event
from reidsearch.web.person import Person, Role

pytestmark = pytest.mark.full
OTTO = Person("otto", Role.ANALYST, frozenset({"yard"}))
VERA = Person("vera", Role.VIEWER)


def crop_of(served, camera: str) -> int:
    """A crop that this camera took."""
    for source in served.archive.footage.coverage():
        if source.facts.camera == camera:
            return served.archive.footage.tracklets(source.source_id)[0].crop_ids[0]
    raise AssertionError(camera)


def bring(served, crop_id: int, *cameras: str) -> None:
    """Index what a crop shows again, by each of these cameras, and ask what is saved."""
    shown = served.client.get(f"/api/v1/crops/{crop_id}/picture").content
    inputs = [
        CropInput(f"/new/{camera}-{number}.jpg", "1", HeldBytes(data), None, Facts(camera))
        for number, camera in enumerate(cameras)
        for data in [shown + f"{camera} {number} {crop_id}".encode()]
    ]
    served.archive.index_crops(inputs)


def add(client, name: str, crop_id: int, **more):
    asked = {"name": name, "crop": [crop_id], "min_score": 0.95, "adjusted": False, **more}
    return client.post("/api/v1/saved", json=asked)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def test_from_an_answer_to_new_ones_that_are_marked_as_seen(served) -> None:
    client, crop = served.client, crop_of(served, "yard")
    other = crop_of(served, "gate")
    form = client.get(f"/answer?crop={crop}&camera=yard&like={other}&k=7&order=time").text
    assert "Liked and unliked matches are not saved" in form
    form = re.search(r'<form data-api="/api/v1/saved".*?</form>', form, re.DOTALL)[0]
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', form))
    assert sent == {"crop": str(crop), "camera": "yard"}, "what a saved question has, and no more"
    asked = {"crop": [crop], "camera": ["yard"], "name": "red & blue", "min_score": "0.95"}
    made = client.post("/api/v1/saved", json=asked)
    assert made.status_code == 201
    assert made.json()["question"]["made_by"] == "anna"
    page = client.get("/saved").text
    assert 'href="/saved/question?name=red+%26+blue"' in page
    assert "score 0.95 or more Filters: camera yard." in text_of(page)
    assert "badge" not in page
    address = "/saved/question?name=red+%26+blue"
    assert "Nothing found yet" in client.get(address).text

    bring(served, crop, "yard", "gate", "yard")
    [one] = client.get("/api/v1/saved").json()["questions"]
    assert (one["found"], one["new"], one["why_not"]) == (2, 2, None)
    for path in ("/", "/log", "/saved"):
        assert '2 new answers to saved questions">2' in client.get(path).text
    page = client.get(address).text
    found = client.get("/api/v1/saved/answers", params={"name": "red & blue"}).json()["answers"]
    assert len(found) == 2
    for each in found:
        assert f"/api/v1/crops/{each['crop_id']}/picture" in page
        assert f"/compare?crop={crop}&amp;match={each['crop_id']}" in page
    crops = [each["crop_id"] for each in found]
    one_seen = {"name": "red & blue", "crop_ids": crops[:1]}
    told = client.post("/api/v1/saved/seen", json=one_seen).json()
    assert [each["new"] for each in told["answers"]] == [False, True]
    page = client.get(address).text
    assert page.index(f"crops/{crops[1]}/picture") < page.index(f"crops/{crops[0]}/picture")
    client.post("/api/v1/saved/seen", json=one_seen | {"crop_ids": crops})
    assert "badge" not in client.get(address).text

    assert client.post("/api/v1/saved/run", json={}).json()["runs"][0]["asked"] is False
    removed = client.post("/api/v1/saved/remove", json={"name": "red & blue"}).json()
    assert (removed["change"], removed["question"]["found"]) == ("remove", 2)
    assert client.get(address).status_code == 404
    said = [one.said["change"] for one in served.archive.log.entries(events=[Event.SAVED])]
    assert said == ["add", "remove"]


def test_a_question_is_saved_from_an_answer_that_tells_place_and_time(served) -> None:
    client, crop = served.client, crop_of(served, "yard")
    served.archive.identities.new("yara", [crop])
    page = client.get("/answer?identity=yara&space_time=true").text
    assert "Place and time are not saved with it" in page
    form = re.search(r'<form data-api="/api/v1/saved".*?</form>', page, re.DOTALL)[0]
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', form))
    made = client.post("/api/v1/saved", json=sent | {"name": "her", "min_score": "0.95"})
    assert made.status_code == 201, made.text


def test_pages_without_anything_say_where_to_go_on(served) -> None:
    client, crop = served.client, crop_of(served, "yard")
    assert '<a href="/ask">' in client.get("/saved").text.partition("There are none yet")[2]
    add(client, "red", crop)
    bring(served, crop, "yard")
    beyond = client.get("/saved/question?name=red&page=3").text
    assert "Nothing found yet" not in beyond
    assert 'href="/saved/question?name=red"' in beyond
    gone = client.get("/saved/question?name=blue")
    assert "Saved lists all questions" in gone.text


def test_what_cannot_be_saved_is_refused_and_the_form_says_so(served) -> None:
    client, crop = served.client, crop_of(served, "yard")
    assert add(client, "x", crop, min_score=None).status_code == 422
    assert add(client, "x", crop, like=[crop]).status_code == 422
    assert add(client, "x", crop, wearing=["red"]).status_code == 422
    assert add(client, "x", 10**6).status_code == 404
    assert add(client, "x", crop).status_code == 201
    assert add(client, "x", crop).status_code == 422
    page = client.get(f"/answer?crop={crop}").text
    assert "Save this question" in page
    assert "cannot be saved" not in page


def test_a_viewer_looks_and_changes_nothing(served) -> None:
    crop = crop_of(served, "yard")
    add(served.client, "red", crop)
    bring(served, crop, "yard")
    vera = served.as_(VERA)
    [answer] = vera.get("/api/v1/saved/answers?name=red").json()["answers"]
    assert answer["new"]
    for path, given in (
        ("", {"name": "x", "crop": [crop], "min_score": 0.5}),
        ("/run", {}),
        ("/seen", {"name": "red", "crop_ids": [answer["crop_id"]]}),
        ("/remove", {"name": "red"}),
    ):
        assert vera.post(f"/api/v1/saved{path}", json=given).status_code == 403
    for path in ("/saved", "/saved/question?name=red", f"/answer?crop={crop}"):
        page = vera.get(path).text
        assert "/api/v1/saved" not in page
    assert "1 new" in text_of(vera.get("/saved/question?name=red").text)


def test_a_limited_account_sees_its_own_questions_and_answers_of_its_cameras(served) -> None:
    """Saved by who sees everything and limited later, the question runs for its cameras alone."""
    crop = crop_of(served, "yard")
    otto = served.as_(Person("otto", Role.ANALYST))
    add(otto, "own", crop)
    add(served.client, "of anna", crop)
    bring(served, crop, "yard", "gate")
    assert otto.get("/api/v1/saved").json()["questions"][1]["found"] == 2
    otto = served.as_(OTTO)
    told = otto.get("/api/v1/saved").json()["questions"]
    assert [(one["name"], one["found"], one["new"]) for one in told] == [("own", 1, 1)]
    assert '>1<span class="unseen"> new' in otto.get("/").text
    [answer] = otto.get("/api/v1/saved/answers?name=own").json()["answers"]
    assert answer["camera"] == "yard"
    assert "gate" not in otto.get("/saved/question?name=own").text
    for path, given in (("run", {}), ("remove", {}), ("seen", {"crop_ids": [crop]})):
        refused = otto.post(f"/api/v1/saved/{path}", json={"name": "of anna"} | given)
        absent = otto.post(f"/api/v1/saved/{path}", json={"name": "nothing"} | given)
        assert refused.status_code == absent.status_code == 404
        assert refused.json()["detail"].replace("of anna", "nothing") == absent.json()["detail"]
    hidden = next(
        one.crop.crop_id
        for one in served.archive.saved.found("own")
        if one.crop.facts.camera == "gate"
    )
    seen = {"name": "own", "crop_ids": [hidden]}
    assert otto.post("/api/v1/saved/seen", json=seen).status_code == 404

    searches = len(list(served.archive.log.entries(events=[Event.SEARCH])))
    before = otto.get("/api/v1/saved").json()
    bring(served, crop + 1, "gate")
    *_, last = served.archive.log.entries(events=[Event.SEARCH])
    assert last.actor == "anna", "nothing new was seen by his cameras, so he does not ask"
    assert len(list(served.archive.log.entries(events=[Event.SEARCH]))) == searches + 1
    assert otto.get("/api/v1/saved").json() == before
    bring(served, crop, "gate", "gate", "yard")
    [one] = otto.get("/api/v1/saved").json()["questions"]
    assert (one["found"], one["why_not"]) == (2, None)
    assert served.archive.saved.find("own").found == 3, "of gate what it found before, and no more"
    assert otto.post("/api/v1/saved/run", json={"name": "own"}).json()["runs"][0]["found"] == 0


def test_a_question_that_names_what_its_account_may_not_see_any_more_stops(served) -> None:
    crop = crop_of(served, "gate")
    add(served.as_(Person("otto", Role.ANALYST)), "own", crop)
    otto = served.as_(OTTO)
    assert add(otto, "more", crop).status_code == 404
    assert add(otto, "more", crop_of(served, "yard"), camera=["gate"]).status_code == 404
    assert add(otto, "more", crop_of(served, "yard")).status_code == 201
    bring(served, crop_of(served, "yard"), "yard")
    told = {one["name"]: one for one in otto.get("/api/v1/saved").json()["questions"]}
    assert told["more"]["filtered_by"] == ["Filters: camera yard."]
    assert (told["more"]["found"], told["own"]["found"]) == (1, 0)
    assert f"no crop {crop}" in told["own"]["why_not"]


def test_a_question_belongs_to_the_case_that_it_was_saved_for(served) -> None:
    served.archive.cases.new("7")
    served.archive.cases.require(Needed.CASE)
    client, crop = served.client, crop_of(served, "yard")
    refused = add(client, "red", crop)
    assert (refused.status_code, refused.json()["kind"]) == (403, "case-required")
    asked = {"name": "red", "crop": [crop], "min_score": 0.95, "adjusted": False}
    made = client.post("/api/v1/saved", json=asked, headers={"Reidsearch-Case": "7"})
    assert made.json()["question"]["case"] == "7"
    assert 'href="/case?number=7"' in client.get("/saved/question?name=red").text
    served.archive.cases.close("7")
    bring(served, crop, "yard")
    page = text_of(client.get("/saved").text)
    assert "Could not be asked: " in page
    served.archive.cases.reopen("7")
    ran = client.post("/api/v1/saved/run", json={"name": "red"}).json()["runs"]
    assert [(one["asked"], one["found"]) for one in ran] == [(True, 1)]
    *_, search = served.archive.log.entries(events=[Event.SEARCH])
    assert (search.case, search.actor) == ("7", "anna")
