"""The distance of two people on the page: figures, chart, picture, links, and who may ask."""

from __future__ import annotations

import html
import io
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from json_schemas import require_valid
from PIL import Image
from strolls import ground_points

from reidsearch.domain.cases import Needed
from reidsearch.domain.event_log import Event
from reidsearch.output.distance import headlines
from reidsearch.web.person import Person, Role

pytestmark = pytest.mark.full

DISTANCE = "/tracklets/1/distance?second=2"


def with_ground(served: Any) -> None:
    [source] = served.archive.footage.coverage()
    served.archive.ground.set("yard", ground_points(), source)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def test_the_page_tells_what_the_archive_measures_and_draws_it(yard) -> None:
    with_ground(yard)
    told = yard.client.get(f"/api/v1{DISTANCE}&closer_than=2m").json()
    require_valid(told)
    assert (told["unit"], told["grounds"]) == ("metres", [1])
    page = yard.client.get(f"{DISTANCE}&closer_than=2m").text
    found = yard.archive.distances.between(1, 2, limit=None)
    assert headlines(found)[0].partition(", at")[0] in text_of(page)
    assert "Closer than 2m: certainly for 3." in text_of(page)
    assert "By ground 1, set by" in text_of(page)
    [line] = re.findall(r'<polyline class="value" points="([^"]+)"', page)[-1:]
    heights = [float(pair.split(",")[1]) for pair in line.split()]
    assert heights[0] < heights[-1]  # they come nearer: the line goes down
    assert 'class="limit"' in page
    assert f"/api/v1/sources/{told['nearest']['source_id']}/still" in page


def test_without_a_ground_it_is_in_body_heights_and_says_so(yard) -> None:
    assert "no ground of this camera was measured" in yard.client.get("/tracklets/1").text
    page = text_of(yard.client.get(DISTANCE).text)
    assert "It is no distance on the ground" in page
    assert "heights (" in page
    refused = yard.client.get(f"{DISTANCE}&unit=metres")
    assert refused.status_code == 404
    assert "four points on the ground of this camera" in text_of(refused.text)
    for wrong in ("&closer_than=2m&unit=heights", "&closer_than=2", "&unit=feet"):
        assert yard.client.get(f"/api/v1{DISTANCE}{wrong}").status_code == 422
    assert yard.client.get("/tracklets/1/distance?second=1").status_code == 422


def test_each_question_is_recorded_and_its_picture_is_sent_signed(yard) -> None:
    def recorded(event: Event) -> list[Any]:
        return list(yard.archive.log.entries(events=[event]))

    yard.client.get("/tracklets/1")
    assert recorded(Event.DISTANCE) == []
    page = yard.client.get(DISTANCE)
    assert len(recorded(Event.DISTANCE)) == 1
    address = html.unescape(re.search(r'href="(/api/v1/[^"]+/picture[^"]*)"', page.text)[1])
    sent = yard.client.get(address)
    assert sent.headers["content-disposition"] == 'attachment; filename="distance-1-2.png"'
    told = Image.open(io.BytesIO(sent.content)).text
    assert told["Title"] == "Distance between tracklets 1 and 2"
    assert told["Command"] == "page, anna"
    assert len(recorded(Event.EXPORT)) == 1
    viewer = yard.as_(Person("vera", Role.VIEWER))
    assert viewer.get(address).status_code == 403
    assert address.partition("?")[0] not in viewer.get(DISTANCE).text
    yard.archive.cases.require(Needed.CASE)
    assert yard.client.get(DISTANCE).headers["location"].startswith("/cases?why=case-required")


def test_who_was_near_is_asked_by_distance_and_leads_to_it(yard) -> None:
    with_ground(yard)
    assert "by ground 1 of this camera, set by" in yard.client.get("/tracklets/1").text
    asked = {"closer_than": "2m", "for_s": "2"}
    form = yard.client.get("/tracklets/1").text
    assert all(f'name="{name}"' in form for name in asked)
    address = f"/tracklets/1/nearby?{urlencode(asked)}"
    told = yard.client.get(f"/api/v1{address}").json()
    assert [(one["member"]["number"], one["beside"]["verdict"]) for one in told["people"]] == [
        (2, "certain")
    ]
    page = yard.client.get(address).text
    assert "certain 3." in text_of(page)
    link = html.unescape(re.search(r'href="(/tracklets/1/distance[^"]+)"', page)[1])
    assert yard.client.get(link).status_code == 200
    assert "Nobody was seen so near" in yard.client.get(f"{address}0").text  # for 20 s
    refused = yard.client.get("/api/v1/tracklets/1/nearby?for_s=2")
    assert refused.status_code == 422
    assert "name a distance too" in refused.json()["advice"]
    assert yard.client.get("/api/v1/tracklets/1/nearby?closer_than=near").status_code == 422


def test_an_account_of_another_camera_is_told_that_nobody_is_there(yard) -> None:
    here = yard.as_(Person("otto", Role.ANALYST, frozenset({"yard"})))
    away = yard.as_(Person("olga", Role.ANALYST, frozenset({"gate"})))
    assert here.get(DISTANCE).status_code == 200
    for address in (DISTANCE, "/tracklets/9/distance?second=2"):
        for path in (address, f"/api/v1{address}", f"/api/v1{address.replace('?', '/picture?')}"):
            refused = away.get(path)
            assert refused.status_code == 404
            assert "yard" not in refused.text
    assert [one.event for one in yard.archive.log.entries(events=[Event.DISTANCE])] == [
        Event.DISTANCE
    ]
