"""Who was at several places, on the page: the answer of the command, of what may be seen."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from reidsearch.datasets.synthetic.town_archive import BEGIN
from reidsearch.domain.cases import Needed
from reidsearch.domain.event_log import Event
from reidsearch.domain.intersection import Place
from reidsearch.domain.places import Region
from reidsearch.output.intersection import intersection_told, title_of
from reidsearch.web.person import Person, Role

pytestmark = pytest.mark.full

NINE = ("2024-05-31 08:00Z", "2024-05-31 11:00Z")


def address(*where: str, times: tuple[str, str] = NINE, **further: Any) -> str:
    asked = [("place", one) for one in where]
    asked += [("begins", times[0]) for _ in where] + [("ends", times[1]) for _ in where]
    return f"/intersection?{urlencode([*asked, *further.items()])}"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def cameras(town: Any) -> list[str]:
    return sorted({one.facts.camera for one in town.archive.footage.coverage()})


def test_the_page_shows_the_chains_that_the_archive_finds(town) -> None:
    one, other, *_ = cameras(town)
    town.archive.places.add(Region(one, ((0, 0.5), (1, 0.5), (1, 1), (0, 1)), "forecourt"))
    form = town.client.get("/intersection").text
    assert [f'<option value="{name}"' in form for name in (one, other, "forecourt")] == [True] * 3
    assert not list(town.archive.log.entries(events=[Event.INTERSECTION]))
    begins, ends = BEGIN, BEGIN.replace(hour=11)
    for where, camera in ((one, one), ("forecourt", "forecourt")):
        places = [Place(camera, begins, ends), Place(other, begins, ends)]
        found = town.archive.intersection(places, k=3)
        assert found.chains
        page = town.client.get(address(where, other, k=3)).text
        assert title_of(found) in text_of(page)
        for chain in found.chains:
            assert f"{chain.weakest.score:.3f}" in page
            for seen in chain.seen:
                assert f'href="/tracklets/{seen.member.number}"' in page
        for line in intersection_told(found):
            assert line in text_of(page)
        document = town.client.get(f"/api/v1{address(where, other, k=3)}").json()
        assert [one["score"] for one in document["chains"]] == [
            chain.weakest.score for chain in found.chains
        ]
    logged = document["statement"]["logged"]["entry"]
    assert town.archive.replay(logged).identical


def test_what_is_wrong_is_said_beside_the_form(town) -> None:
    one, other, *_ = cameras(town)
    for path, told in (
        (address(one), "at least two places"),
        (address(one, other, times=("nine", "ten")), "begins"),
        (address(one, other, times=("25:00", "26:00")), "no time of the day"),
        (address(one, one), "are both camera"),
        (address(one, f"{other}:0,0"), "a region has 3 to 100 points"),
    ):
        page = town.client.get(path)
        assert page.status_code == 200
        assert told in text_of(page.text)
        assert f'<option value="{one}" selected>' in page.text
    refused = town.client.get(f"/api/v1{address(one)}")
    assert refused.status_code == 422


def test_it_is_asked_for_a_case_where_searches_are(town) -> None:
    one, other, *_ = cameras(town)
    town.archive.cases.require(Needed.CASE)
    assert town.client.get("/intersection").status_code == 200
    page = town.client.get(address(one, other))
    assert page.status_code == 303
    assert page.headers["location"].startswith("/cases?why=case-required")
    refused = town.client.get(f"/api/v1{address(one, other)}")
    assert (refused.status_code, refused.json()["kind"]) == (403, "case-required")


def test_limited_accounts_learn_of_no_other_camera(town) -> None:
    one, other, third = cameras(town)
    town.archive.places.add(Region(one, ((0, 0.5), (1, 0.5), (1, 1), (0, 1)), "forecourt"))
    otto = town.as_(Person("otto", Role.VIEWER, frozenset({other, third})))
    form = otto.get("/intersection").text
    assert one not in form
    assert "forecourt" not in form
    assert otto.get(address(other, third)).status_code == 200
    corners = ":0,0.5 1,0.5 1,1"
    for hidden, nowhere in (
        (one, "nowhere"),
        ("forecourt", "nowhere"),
        (one + corners, f"nowhere{corners}"),
    ):
        told, absent = (
            text_of(otto.get(address(name, other)).text)
            .replace(name, "...")
            .replace(name.partition(":")[0], "...")
            for name in (hidden, nowhere)
        )
        assert told == absent
