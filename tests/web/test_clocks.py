"""Clocks told by people, in the page: asked for, drawn, accepted as they were shown, by whom."""

from __future__ import annotations

import html
import io
import re

import pytest
from PIL import Image

from reidsearch.domain.cases import Needed
from reidsearch.domain.event_log import Event
from reidsearch.output.clock_suggestion import interval_text, offset_text
from reidsearch.output.times import correction_text
from reidsearch.web.person import Person, Role

pytestmark = pytest.mark.full
OTTO = Person("otto", Role.ANALYST, frozenset({"hall", "yard"}))
VERA = Person("vera", Role.VIEWER)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def asked(served) -> int:
    return len(list(served.archive.log.entries(events=[Event.CLOCK_SUGGEST])))


def test_what_people_tell_is_shown_with_its_picture_and_asked_once(clocked) -> None:
    assert 'href="/clocks"' in clocked.client.get("/").text
    form = clocked.client.get("/clocks").text
    assert '<option value="entrance">' in form
    assert asked(clocked) == 0
    page = clocked.client.get("/clocks/suggestion?reference=entrance").text
    picture = html.unescape(re.search(r'<img src="([^"]+)"', page)[1])
    drawn = clocked.client.get(picture)
    assert Image.open(io.BytesIO(drawn.content)).size[0] == 1280
    assert asked(clocked) == 1, "the picture is of the same suggestion"
    found = clocked.archive.clocks.suggest("entrance")
    told = text_of(page)
    for one, fast_s in zip(found.cameras, (95.0, -140.0), strict=True):
        assert one.offset_s == pytest.approx(-fast_s, abs=15)
        assert f"{one.camera} {offset_text(one)} {interval_text(one)}" in told
        assert f"{one.camera}={one.offset_s:.3f}" in page
    assert "--accept" not in page


def test_contradictions_stand_above_and_cameras_of_one_place_come_two_by_two(clocked) -> None:
    address = "/clocks/suggestion?reference=entrance&overlapping=entrance&overlapping=yard"
    page = clocked.as_(VERA).get(address).text
    assert "/api/v1/clocks/accept" not in page, "a viewer looks alone"
    assert "What speaks against it entrance and hall disagree" in text_of(page)
    assert page.index(" disagree ") < page.index("<table>")
    again = clocked.client.get(f"/clocks{address.removeprefix('/clocks/suggestion')}").text
    assert again.count("selected") == 4  # reference, reach, and the pair
    odd = clocked.client.get("/clocks/suggestion?reference=entrance&overlapping=hall")
    assert odd.status_code == 422
    assert clocked.client.get("/clocks/suggestion?reference=nowhere").status_code == 404


@pytest.mark.parametrize("within", ["nan", "inf", "-5"])
def test_no_time_to_compare_within_is_refused_by_the_form_too(served, within) -> None:
    assert served.client.get(f"/clocks?within_s={within}").status_code == 422


def test_where_no_clock_can_be_told_the_page_says_so_and_draws_nothing(served) -> None:
    page = served.client.get("/clocks/suggestion?reference=yard").text
    assert "No clock could be told" in page
    assert "Nothing was found that speaks against it" not in page
    assert "/clocks/picture" not in page
    assert "/clocks/accept" not in page
    given = {"reference": "yard", "accept": []}
    refused = served.client.post("/api/v1/clocks/accept", json=given)
    assert "no camera was chosen" in refused.json()["detail"]


def test_clocks_are_set_as_they_were_shown_and_on_record(clocked) -> None:
    page = clocked.client.get("/clocks/suggestion?reference=entrance").text
    [hall] = re.findall(r'name="accept" value="(hall=[^"]+)"', page)
    later = re.findall(r"→ (corrected -\d:[\d.]+)", page)
    given = {"reference": "entrance", "accept": [hall], "note": "by people"}
    wrong = clocked.client.post("/api/v1/clocks/accept", json=given | {"accept": ["hall=-3"]})
    assert wrong.status_code == 422
    assert "is suggested for the clock of hall now" in wrong.json()["detail"]
    for text in ("hall", "hall=x", "hall=nan"):
        refused = clocked.client.post("/api/v1/clocks/accept", json=given | {"accept": [text]})
        assert refused.status_code == 422, text
    assert clocked.archive.footage.clock_changes() == []

    vera = clocked.as_(VERA)
    assert vera.post("/api/v1/clocks/accept", json=given).status_code == 403

    done = clocked.client.post("/api/v1/clocks/accept", json=given)
    assert done.status_code == 200
    accepted = {one["camera"]: one["accepted"] for one in done.json()["cameras"]}
    assert accepted == {"hall": True, "yard": False}
    changes = clocked.archive.footage.clock_changes()
    sources = [one for one in clocked.archive.footage.coverage() if one.facts.camera == "hall"]
    assert [one.who for one in changes] == ["anna"] * len(sources)
    assert all(one.why.startswith("by people; as suggested from") for one in changes)
    offset_s = float(hall.partition("=")[2])
    assert [float(one.facts.clock.offset_s) for one in sources] == [offset_s] * len(sources)
    told = [correction_text(float(one.facts.clock.correction_s)) for one in sources]
    assert later == told, "as the page had it before"
    assert "by people" in clocked.client.get("/log").text
    again = clocked.client.post("/api/v1/clocks/accept", json=given)
    assert again.status_code == 422, "what was accepted is not added once more"


def test_who_sees_some_cameras_alone_may_not_ask(clocked) -> None:
    otto = clocked.as_(OTTO)
    assert "/clocks" not in otto.get("/").text
    for path in ("/clocks", "/clocks/suggestion?reference=hall"):
        page = otto.get(path)
        assert page.status_code == 403
        assert "entrance" not in page.text
    for name in ("suggestion", "picture"):
        assert otto.get(f"/api/v1/clocks/{name}?reference=hall").status_code == 403
    given = {"reference": "hall", "accept": ["yard=1"]}
    assert otto.post("/api/v1/clocks/accept", json=given).status_code == 403
    assert asked(clocked) == 0


def test_it_is_asked_for_a_case_where_searches_are(clocked) -> None:
    clocked.archive.cases.require(Needed.CASE)
    assert clocked.client.get("/clocks").status_code == 200
    page = clocked.client.get("/clocks/suggestion?reference=entrance")
    assert page.headers["location"].startswith("/cases?why=case-required")
    clocked.archive.cases.new("7")
    headers = {"Reidsearch-Case": "7"}
    path = "/api/v1/clocks/suggestion?reference=entrance"
    assert clocked.client.get(path, headers=headers).status_code == 200
    *_, entry = clocked.archive.log.entries(events=[Event.CLOCK_SUGGEST])
    assert (entry.case, entry.actor) == ("7", "anna")
