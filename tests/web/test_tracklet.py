"""The page of one tracklet, which boxes in footage lead to."""

from __future__ import annotations

import html
import re

import pytest

from reidsearch.domain.event_log import Event
from reidsearch.web.person import Person, Role


@pytest.mark.full
def test_it_shows_all_best_shots_and_leads_to_footage_and_search(served) -> None:
    source = served.archive.footage.coverage()[0]
    seen = served.archive.footage.tracklets(source.source_id)[0]
    page = served.client.get(f"/tracklets/{seen.tracklet_id}").text
    assert [int(one) for one in re.findall(r"/api/v1/crops/(\d+)/picture", page)] == [
        *seen.crop_ids
    ]
    assert f'href="/ask?crop={seen.crop_ids[0]}"' in page
    assert f'href="/play/{source.source_id}?at=' in page
    assert served.client.get("/tracklets/9999").status_code == 404


@pytest.mark.full
def test_every_link_of_a_page_leads_somewhere(served) -> None:
    """No page names an address that there is not."""
    served.archive.identities.new("anna", [1])
    todo, done = ["/"], set()
    while todo:
        path = todo.pop()
        done.add(path)
        response = served.client.get(path)
        assert response.status_code == 200, path
        if not response.headers["content-type"].startswith("text/html"):
            continue
        for link in re.findall(r'<a [^>]*href="(/[^"#]*)', html.unescape(response.text)):
            kind = re.sub(r"\d+", "0", link.partition("?")[0])
            if kind not in {re.sub(r"\d+", "0", one.partition("?")[0]) for one in [*todo, *done]}:
                todo.append(link)
    assert {"/people/0", "/tracklets/0", "/play/0", "/ask", "/log"} <= {
        re.sub(r"\d+", "0", one.partition("?")[0]) for one in done
    }


@pytest.mark.full
def test_who_looks_at_a_person_is_on_record_once_and_no_picture_is(served) -> None:
    anna = served.archive.identities.new("anna", [1]).changes[0].identity_id
    client = served.as_(Person("looking", Role.VIEWER))
    for _ in range(2):  # loaded again after a decision
        for path in ("tracklets/1", "people/anna", "journeys/anna", "people", "browse"):
            assert client.get(f"/{path}").status_code == 200, path
        assert client.get("/api/v1/crops/1/picture").status_code == 200
    seen = list(served.archive.log.entries(events=[Event.SHOWN]))
    assert {one.actor for one in seen} == {"looking"}
    assert [one.said for one in seen] == [
        {"of": "tracklet", "number": 1},
        {"of": "identity", "number": anna},
        {"of": "journey", "number": anna},
    ]
