"""The overview: what the archive holds, and what of its footage was seen."""

from __future__ import annotations

import re

from reidsearch.web.person import Person, Role


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
