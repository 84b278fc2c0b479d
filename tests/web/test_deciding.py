"""Decisions over the API: by whoever asks, seen by all, taken back one by one."""

from __future__ import annotations

import pytest
from json_schemas import require_valid

from reidsearch.web.person import Person, Role

LEA, MAX = Person("lea", Role.ANALYST), Person("max", Role.ANALYST)
VERA = Person("vera", Role.VIEWER)
YARD = Person("yan", Role.ANALYST, frozenset({"yard"}))


@pytest.fixture
def anna(served) -> int:
    """The identity with crop 1."""
    made = served.archive.identities.new("anna", [1])
    return made.changes[0].identity_id


@pytest.fixture
def other(served) -> int:
    """A crop of another tracklet and camera than crop 1."""
    found = served.archive.search(1).matches
    return next(one.crop.crop_id for one in found if one.crop.facts.camera == "yard")


def mark(client, crop_id: int):
    told = client.get(f"/api/v1/marks?crop={crop_id}").json()
    require_valid(told)
    return told["marks"][0]


@pytest.mark.full
def test_the_second_sees_what_the_first_decided(served, anna, other):
    lea, max_ = served.as_(LEA), served.as_(MAX)
    made = lea.post(f"/api/v1/identities/{anna}/confirm", json={"crop_ids": [other], "note": "hat"})
    require_valid(made.json())
    assert made.json()["decision"]["who"] == "lea"
    assert mark(max_, other)["identity"]["name"] == "anna"
    assert "✓ anna" in max_.get("/answer?crop=1").text
    again = max_.post(f"/api/v1/identities/{anna}/confirm", json={"crop_ids": [other]})
    assert again.json()["decision"] is None  # nothing is lost, nothing is doubled
    max_.post(f"/api/v1/identities/{anna}/reject", json={"crop_ids": [other]})
    told = mark(lea, other)
    assert (told["identity"], [one["name"] for one in told["rejected_for"]]) == (None, ["anna"])


@pytest.mark.full
def test_unsure_is_seen_by_the_second_and_after_a_reload(served, anna, other):
    served.as_(LEA).post(f"/api/v1/identities/{anna}/unsure", json={"crop_ids": [other]})
    assert mark(served.as_(MAX), other)["unsure_for"] == [{"identity_id": anna, "name": "anna"}]
    assert "? unsure: anna" in served.as_(VERA).get("/answer?crop=1").text


@pytest.mark.full
def test_each_takes_back_their_own_last_decision(served, anna, other):
    lea, max_ = served.as_(LEA), served.as_(MAX)
    first = lea.post(f"/api/v1/identities/{anna}/unsure", json={"crop_ids": [other]}).json()
    max_.post(f"/api/v1/identities/{anna}/reject", json={"crop_ids": [other]})
    overtaken = lea.post("/api/v1/decisions/undo", json={})
    assert (overtaken.status_code, overtaken.json()["kind"]) == (422, "decision-overtaken")
    assert max_.post("/api/v1/decisions/undo", json={"note": "no"}).status_code == 200
    undone = lea.post("/api/v1/decisions/undo", json={}).json()
    assert undone["decision"]["undoes"] == first["decision"]["decision_id"]
    assert mark(lea, other)["unsure_for"] == []
    assert lea.post("/api/v1/decisions/undo", json={}).status_code == 404


def test_two_at_once_on_one_camera_are_refused_unless_forced(served, anna):
    gate = [one for one in served.archive.footage.tracklets(1) if 1 not in one.crop_ids]
    crop_id = next(
        one.crop_ids[0]
        for one in gate
        if served.client.post(
            f"/api/v1/identities/{anna}/confirm", json={"crop_ids": [one.crop_ids[0]]}
        )
        .json()
        .get("kind")
        == "seen-at-once"
    )
    forced = served.client.post(
        f"/api/v1/identities/{anna}/confirm", json={"crop_ids": [crop_id], "force": True}
    )
    assert forced.json()["decision"]["forced"] is True


@pytest.mark.full
def test_who_may_look_may_not_decide(served, anna, other):
    for act in ("confirm", "reject", "unsure"):
        path = f"/api/v1/identities/{anna}/{act}"
        refused = served.as_(VERA).post(path, json={"crop_ids": [other]})
        assert (refused.status_code, refused.json()["kind"]) == (403, "role-too-low")
    assert 'data-act="confirm"' not in served.as_(VERA).get("/answer?crop=1").text


@pytest.mark.full
def test_nothing_is_decided_of_what_may_not_be_seen(served, anna, other):
    yan = served.as_(YARD)
    for act in ("confirm", "reject", "unsure"):
        refused = yan.post(f"/api/v1/identities/{anna}/{act}", json={"crop_ids": [other]})
        assert refused.status_code == 404  # all of anna is at the gate
    served.archive.identities.confirm("anna", [other])
    refused = yan.post(f"/api/v1/identities/{anna}/reject", json={"crop_ids": [1]})
    assert refused.status_code == 404
    assert yan.post("/api/v1/decisions/undo", json={"decision_id": 1}).status_code == 404


@pytest.mark.full
@pytest.mark.parametrize(
    "body",
    [{}, {"crop_ids": []}, {"crop_ids": ["x"]}, {"crop_ids": [1], "more": 1}, {"crop_ids": [0]}],
)
def test_a_decision_on_nothing_is_refused(served, anna, body):
    refused = served.client.post(f"/api/v1/identities/{anna}/confirm", json=body)
    assert refused.status_code == 422


@pytest.mark.full
def test_the_identity_that_is_decided_for_is_chosen_once_and_shown(served, anna):
    html = served.client.get(f"/answer?crop=1&deciding={anna}").text
    assert f'<option value="{anna}" selected>anna' in html
    assert f"deciding={anna}" in html.split('<ol class="matches">')[1]  # links of rows keep it
    assert "selected>anna" in served.client.get("/answer?identity=anna").text
