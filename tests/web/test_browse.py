"""Browse: filters over the API and in the address of the page, pages, and what may be seen."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from attribute_values import DRAWN, values
from json_schemas import require_valid

from reidsearch.store.attributes import record
from reidsearch.store.crops.store import Store
from reidsearch.web.person import Person, Role

API, PAGE = "/api/v1/tracklets", "/browse"


def told(client, address: str):
    response = client.get(address)
    assert response.status_code == 200, response.text
    require_valid(response.json())
    return response.json()


def tracklets(document) -> list[int]:
    return [item["tracklet"]["tracklet_id"] for item in document["items"]]


def shown(client, address: str) -> list[int]:
    """The crops of the cards of a page, in order."""
    response = client.get(address)
    assert response.status_code == 200, response.text
    return [int(one) for one in re.findall(r'data-crop="(\d+)"', response.text)]


def links(page: str) -> dict[str, str]:
    """Where the chips of a page lead, by their text."""
    found = re.findall(r'<a class="chip"[^>]* ?href="([^"]+)">([^<]+)<', page)
    return {html.unescape(text).strip(): html.unescape(href) for href, text in found}


@pytest.mark.full
def test_pages_follow_each_other_and_hold_everything(served) -> None:
    whole = told(served.client, API)
    assert whole["statement"]["items_passed"] == len(whole["items"]) == 5
    assert whole["next"] is None
    found, cursor = [], ""
    while cursor is not None:
        page = told(served.client, f"{API}?limit=2&cursor={cursor}")
        found += tracklets(page)
        cursor = page["next"]
    assert found == tracklets(whole)


@pytest.mark.full
def test_times_without_a_zone_are_the_archives(served) -> None:
    served.state.zone = None
    every = told(served.client, f"{API}?after=2024-05-31T12:01:00Z")
    assert {item["camera"] for item in every["items"]} == {"yard"}
    assert told(served.client, f"{API}?before=2024-05-30")["items"] == []
    refused = served.client.get(f"{API}?after=yesterday")
    assert refused.status_code == 422
    assert "after" in refused.json()["detail"]


@pytest.mark.full
@pytest.mark.parametrize(
    "asked",
    ["limit=501", "sort=age", "time_of_day=8", "least_s=-1", "cursor=x", "sort=confidence",
     "wearing=plaid", "carrying=sword", "identity=anna&unreviewed=true", "colour=red"],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(served, asked) -> None:
    refused = served.client.get(f"{API}?{asked}")
    assert refused.status_code in {404, 422}, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert served.client.get(f"{PAGE}?{asked}").status_code == refused.status_code


@pytest.mark.full
def test_one_tracklet_and_none(served) -> None:
    one = told(served.client, f"{API}/1")
    assert one["tracklet"]["tracklet_id"] == 1
    assert served.client.get(f"{API}/99").status_code == 404


@pytest.mark.full
def test_whoever_may_see_one_camera_is_told_of_no_other(served) -> None:
    client = served.as_(Person("vera", Role.VIEWER, frozenset({"yard"})))
    found = told(client, API)
    assert {item["camera"] for item in found["items"]} == {"yard"}
    assert found["statement"]["items_stored"] == found["statement"]["items_passed"]
    gate = told(served.client, f"{API}?camera=gate")["items"][0]
    assert client.get(f"{API}/{gate['tracklet']['tracklet_id']}").status_code == 404
    assert client.get(f"{API}?camera=gate").status_code == 404
    assert client.get(f"{API}?exclude={gate['crop_id']}").status_code == 404
    page = client.get(PAGE).text
    assert "gate" not in page
    assert f'data-crop="{gate["crop_id"]}"' not in page


@pytest.mark.full
def test_decided_items_are_reviewed_and_can_be_left_out(served) -> None:
    first = told(served.client, API)["items"][0]
    made = served.client.post(
        "/api/v1/identities", json={"name": "<b>anna</b>", "crop_ids": [first["crop_id"]]}
    )
    assert made.status_code == 201, made.text
    assert told(served.client, f"{API}/{first['tracklet']['tracklet_id']}")["reviewed"] is True
    left = told(served.client, f"{API}?unreviewed=true")
    assert first["crop_id"] not in {item["crop_id"] for item in left["items"]}
    assert shown(served.client, f"{PAGE}?identity=1") == [first["crop_id"]]
    page = served.client.get(PAGE).text
    assert "<b>anna" not in page
    assert "&lt;b&gt;anna" in page


@pytest.mark.full
def test_the_address_holds_the_filters_and_chips_remove_them(served) -> None:
    address = f"{PAGE}?camera=yard&time_of_day=00:00-23:00&least_s=0.5&sort=size&limit=100"
    page = served.client.get(address).text
    document = told(served.client, address.replace(PAGE, API))
    assert shown(served.client, address) == [item["crop_id"] for item in document["items"]]
    chips = links(page)
    without = next(href for text, href in chips.items() if text.startswith("Camera: yard"))
    assert parse_qs(urlsplit(without).query) == {
        "time_of_day": ["00:00-23:00"], "least_s": ["0.5"], "sort": ["size"], "limit": ["100"],
    }  # fmt: skip
    assert parse_qs(urlsplit(chips["Remove all"]).query) == {"sort": ["size"], "limit": ["100"]}
    assert '<option value="yard" selected>' in page


@pytest.mark.full
def test_applying_the_form_keeps_what_it_has_no_field_for(served) -> None:
    page = served.client.get(f"{PAGE}?source=gate&source=yard&exclude=2&exclude=3").text
    form = page[page.index('id="filter-form"') :].partition("</form>")[0]
    kept = re.findall(r'name="(source|exclude)" value="([^"]*)"', form)
    assert kept == [("source", "gate"), ("source", "yard"), ("exclude", "2"), ("exclude", "3")]


@pytest.mark.full
def test_a_page_leads_to_the_next_one(served) -> None:
    every = shown(served.client, PAGE)
    first = served.client.get(f"{PAGE}?limit=3").text
    rest = links(first)["Next page"]
    assert shown(served.client, f"{PAGE}?limit=3") + shown(served.client, rest) == every
    assert links(served.client.get(rest).text)["First page"] == f"{PAGE}?limit=3"


@pytest.mark.full
def test_attributes_are_told_with_the_crops_that_match(served) -> None:
    with Store(served.archive._store.folder) as store:
        crops = range(1, store.state().last_crop_id + 1)
        record(store, DRAWN, len(crops), [[(one, values(one)) for one in crops]])
    page = told(served.client, f"{API}?not_carrying=hat&limit=500")
    sure = [item["confidence"] for item in page["items"]]
    assert sure
    assert sure == sorted(sure, reverse=True)
    assert all("without hat" in item["attributes"]["matched"] for item in page["items"])
    assert "misjudged" in served.client.get(f"{PAGE}?not_carrying=hat").text


@pytest.mark.full
def test_a_page_holds_what_was_decided_when_it_was_made(served) -> None:
    """So static/marks.js sees what others have decided since."""
    served.archive.identities.new("anna", [1])
    number = served.archive.identities.find("anna").identity_id
    served.archive.identities.new("berta", [])
    served.archive.identities.reject("berta", [1])
    other = served.archive.identities.find("berta").identity_id
    key = f'data-marks-of="1" data-marks="{number}/{other}/"'
    assert key in served.client.get("/browse").text
    page = served.client.get("/compare?crop=2&match=1&deciding=berta").text
    assert f'id="marks" {key}' in page
    assert page.count('data-seen="#marks"') == 1


@pytest.mark.full
def test_only_analysts_are_offered_decisions(served) -> None:
    for role, offered in ((Role.VIEWER, False), (Role.ANALYST, True)):
        page = served.as_(Person("vera", role)).get(PAGE).text
        assert ('id="confirm"' in page) is offered
        assert 'id="ask"' in page
