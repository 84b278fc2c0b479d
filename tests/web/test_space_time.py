"""Transit times, and place and time beside appearance, on the pages and for limited accounts."""

from __future__ import annotations

import html
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from json_schemas import require_valid
from PIL import Image

from reidsearch.domain.event_log import Event
from reidsearch.domain.replay import AsIt
from reidsearch.output.space_time import ratio_text
from reidsearch.output.transit import median_between
from reidsearch.output.visible import duration
from reidsearch.web.person import Person, Role

pytestmark = pytest.mark.full

TIMED = "identity=q&new_only=true&k=5&space_time=true"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def seen_of(served: Any, truth: Path) -> dict[int, list[tuple[str, int]]]:
    """Camera and first crop of every tracklet, by which of twelve people it shows."""
    shows = json.loads(truth.read_text())
    people: dict[int, list[tuple[str, int]]] = {}
    for source in served.archive.footage.coverage():
        for one in served.archive.footage.tracklets(source.source_id):
            crop_id = one.crop_ids[0]
            people.setdefault(shows[str(crop_id)], []).append((source.facts.camera, crop_id))
    return people


@pytest.fixture
def walks(town, town_of_couples):
    """The town with everybody confirmed but one in two sightings of `q`, who keeps to two cameras.

    Returns it with two cameras that an account may see, one that it may not, and who was seen.
    """
    seen = seen_of(town, town_of_couples.parent / "people.json")
    cameras = sorted({one.facts.camera for one in town.archive.footage.coverage()})
    *shown, hidden = cameras
    for person, sightings in sorted(seen.items()):
        if person > 3:
            town.archive.identities.new(f"n{person}", [crop for _, crop in sightings], force=True)
        elif person == 3:
            kept = [crop for camera, crop in sightings if camera != hidden]
            town.archive.identities.new("q", kept[::2], force=True)
    return town, frozenset(shown), hidden, seen


def test_without_enough_journeys_the_page_says_what_is_lacking(served) -> None:
    page = served.client.get("/transit").text
    assert "No journeys between cameras are confirmed" in page
    first = {}
    for source in served.archive.footage.coverage():
        seen = served.archive.footage.tracklets(source.source_id)[0]
        first[source.facts.camera] = seen.crop_ids[0]
    served.archive.identities.new("q", list(first.values()), force=True)
    page = text_of(served.client.get("/transit").text)
    assert "1 of 5 journeys" in page
    assert "No way has 5 confirmed journeys yet" in page
    assert "No journeys between cameras" not in page


def test_without_a_calibration_both_evidences_are_not_offered_together(served) -> None:
    form = served.client.get("/ask").text
    assert re.search(r'name="combined" value="true" disabled', form)
    assert "This archive has no calibration" in form


def test_the_page_of_transit_times_shows_what_the_archive_finds(walks) -> None:
    town, *_ = walks
    model = town.archive.transit.model()
    assert model.times
    page = text_of(town.client.get("/transit").text)
    for (first, second), one in model.times.items():
        assert f"{first} {second} {duration(one.median_s)} {median_between(one)}" in page
    require_valid(town.client.get("/api/v1/transit").json())
    for path in ("/", "/people", "/journeys/p0", "/ask"):
        assert 'href="/transit"' in town.client.get(path).text
    sent = town.client.get("/api/v1/transit/picture")
    assert sent.headers["content-disposition"] == 'attachment; filename="transit.png"'
    assert Image.open(io.BytesIO(sent.content)).text["Command"] == "page, anna"
    assert [one.event for one in town.archive.log.entries(events=[Event.EXPORT])] == [Event.EXPORT]


def test_without_journeys_the_page_says_so(served) -> None:
    page = served.client.get("/transit")
    assert "No journeys between cameras are confirmed." in page.text
    assert "/transit/picture" not in page.text


def test_place_and_time_stand_beside_the_score_and_order_only_when_asked(walks) -> None:
    town, *_ = walks
    town.archive.calibration.from_identities()
    plain = town.client.get("/api/v1/answers?identity=q&new_only=true&k=5").json()
    apart = town.client.get(f"/api/v1/answers?{TIMED}").json()
    require_valid(apart)
    assert [one["crop_id"] for one in apart["matches"]] == [
        one["crop_id"] for one in plain["matches"]
    ]
    assert "cameras" not in apart["statement"]["space_time"]
    found = town.archive.search(identity="q", new_only=True, k=5, space_time=True)
    page = town.client.get(f"/answer?{TIMED}").text
    for match in found.matches:
        assert ratio_text(match.space_time) in text_of(page)
    assert "Place and time told" in page  # among what was asked
    both = town.client.get(f"/api/v1/answers?{TIMED}&combined=true").json()
    sums = [one["space_time"]["combined_log10_lr"] for one in both["matches"]]
    assert sums == sorted(sums, reverse=True)
    page = town.client.get(f"/answer?{TIMED}&combined=true").text
    assert f"by appearance: {both['matches'][0]['space_time']['rank_by_appearance']}" in page
    like = html.unescape(re.search(r'data-like="([^"]+)"', page)[1])
    assert "combined" not in like  # feedback leaves no likelihood ratio to be added
    assert town.client.get(like).status_code == 200
    saved = town.client.get(f"/api/v1/answers/page?{TIMED}").text
    assert "place and time" in saved


def test_the_form_asks_for_it_and_refuses_where_it_would_answer_by_what_is_asked(walks) -> None:
    town, *_ = walks
    form = town.client.get("/ask?identity=q&space_time=true").text
    assert re.search(r'name="space_time" value="true" checked', form)
    assert "not for questions whether somebody was elsewhere" in form
    assert (
        "only of one it is known where they were"
        in town.client.get("/ask?crop=1&space_time=true").text
    )
    town.archive.cases.new("7")
    asking = {"Reidsearch-Case": "7", "Reidsearch-Reason": "exclude: x"}
    form = town.client.get("/ask?identity=q&combined=true", headers=asking).text
    assert re.search(r'name="combined" value="true" disabled', form)
    assert "You search to rule somebody out" in form
    refused = town.client.get(f"/api/v1/answers?{TIMED}&combined=true", headers=asking)
    assert (refused.status_code, refused.json()["kind"]) == (422, "combined-excludes")
    assert town.client.get(f"/api/v1/answers?{TIMED}", headers=asking).status_code == 200


def test_journeys_through_cameras_that_may_not_be_seen_tell_nothing(walks) -> None:
    town, shown, hidden, seen = walks
    otto = town.as_(Person("otto", Role.ANALYST, shown))

    def told() -> tuple[Any, Any, str]:
        answer = otto.get(f"/api/v1/answers?{TIMED}").json()
        by = answer["statement"]["space_time"]
        by.pop("decision")  # how many there are is shown everywhere
        read = [(one["crop_id"], one["space_time"]) for one in answer["matches"]]
        page = otto.get("/transit").text + otto.get(f"/answer?{TIMED}").text
        return (otto.get("/api/v1/transit").json(), [by, read], page)

    def known_to_all() -> Any:
        return town.client.get("/api/v1/transit").json()["pairs"]

    transit, [by, read], page = told()
    assert set(transit["cameras"]) == set(by["cameras"]) == shown
    assert any(one["log10_lr"] is not None for _, one in read)
    assert hidden not in page
    assert "Only sightings by" in html.unescape(page)
    assert known_to_all() != transit["pairs"]
    entry = otto.get(f"/api/v1/answers?{TIMED}").json()["statement"]["logged"]["entry"]

    everybody = known_to_all()
    for person, sightings in seen.items():
        there = [crop for camera, crop in sightings if camera == hidden]
        if person > 3:
            town.archive.identities.reject(f"n{person}", there)
    assert known_to_all() != everybody
    assert told()[:2] == (transit, [by, read])
    assert town.archive.replay(entry).identical
    assert town.archive.replay(entry, AsIt.IS).identical
