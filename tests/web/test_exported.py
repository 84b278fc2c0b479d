"""Pages to be saved: the same as from the command line, of what whoever asks may see."""

from __future__ import annotations

import hashlib

import pytest
from pages import require_alone

from reidsearch.domain.event_log import Event
from reidsearch.web.person import Person, Role

GUARD = Person("gus", Role.ANALYST, frozenset({"gate"}))


@pytest.fixture
def found(served):
    """Somebody confirmed at the gate and in the yard."""
    best = {
        one.facts.camera: served.archive.footage.tracklets(one.source_id)[0].crop_ids[0]
        for one in served.archive.footage.coverage()
    }
    served.archive.identities.new("<b>anna", [best["gate"], best["yard"]])
    served.archive.proposals.link(join_above=0.1)
    return served


PATHS = {
    "identities/1/page": "Identity: <b>anna (identity 1)",
    "identities/1/journey/page": "Journey of <b>anna (identity 1)",
    "proposals/page": "Proposals",
    "sources/1/page": "confirmed as <b>anna",
}


@pytest.mark.full
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_saved_and_stands_alone(found, path) -> None:
    response = found.client.get(f"/api/v1/{path}")
    assert response.status_code == 200
    assert response.headers["content-disposition"].startswith('attachment; filename="')
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert PATHS[path] in require_alone(response.text).text
    *_, entry = found.archive.log.entries(events=[Event.EXPORT])
    assert entry.said["sha256"] == hashlib.sha256(response.content).hexdigest()


@pytest.mark.full
def test_cameras_that_may_not_be_seen_are_on_no_page(found) -> None:
    guard = found.as_(GUARD)
    sources = {one.facts.camera: one.source_id for one in found.archive.footage.coverage()}
    assert guard.get(f"/api/v1/sources/{sources['yard']}/page").status_code == 404
    for path in PATHS:
        response = guard.get(f"/api/v1/{path}".replace("sources/1", f"sources/{sources['gate']}"))
        assert response.status_code == 200, path
        assert "camera yard" not in require_alone(response.text).text, path


@pytest.mark.full
@pytest.mark.parametrize("page", ["/people", "/people/1", "/journeys/1", "/play/1"])
def test_pages_offer_what_can_be_saved(found, page) -> None:
    assert '/page">Save' in found.client.get(page).text
