"""The overview: what the archive holds, and what of its footage was seen."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import pytest

from reidsearch.web.person import Person, Role


@pytest.mark.full
def test_it_shows_cameras_with_how_they_were_analysed(served) -> None:
    html = served.client.get("/").text
    assert re.findall(r'class="lane-name">(\w+)<', html) == ["gate", "yard"]
    assert 'class="how-precomputed"' in html
    assert "12:00" in html


def test_somebody_limited_to_a_camera_sees_no_other(served) -> None:
    client = served.as_(Person("vera", Role.VIEWER, frozenset({"yard"})))
    html = client.get("/").text
    assert "yard.mp4" in html
    assert "gate.mp4" not in html
    assert ">gate<" not in html
    told = client.get("/api/v1/coverage").json()
    assert {one["camera"] for one in told["sources"]} == {"yard"}


def test_a_query_that_is_not_declared_is_refused(served) -> None:
    response = served.client.get("/api/v1/coverage?camra=gate")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert "camra" in response.json()["detail"]


def test_a_day_of_the_calendar_narrows_what_is_shown(served) -> None:
    source = next(o for o in served.archive.footage.coverage() if o.facts.camera == "yard")
    later = replace(source.facts.clock, offset_s=Fraction(86_400 * 3))
    served.archive.footage.set_clock(source.source_id, later)
    html = served.client.get("/").text
    assert re.findall(r'href="\?day=([\d-]+)"', html) == ["2024-05-31", "2024-06-03"]
    html = served.client.get("/?day=2024-06-03").text
    assert "yard.mp4" in html
    assert "gate.mp4" not in html
    assert served.client.get("/?day=2024-13-01").status_code == 422


def test_every_hole_of_the_picture_leads_to_its_reason(served) -> None:
    html = served.client.get("/").text
    places = re.findall(r'<a href="#((?:hole|missing)-[^"]+)"', html)
    assert places
    for place in places:
        assert f'id="{place}"' in html
