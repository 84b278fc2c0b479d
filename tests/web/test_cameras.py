"""What an account limited to the camera `yard` gets of `gate`: nothing, at every endpoint and page.

Every name that an endpoint or a page takes is known here, with a value that may be seen and, where
it names something of a camera, one that may not. A new name fails the first test until it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from archives import draw_many
from declared import DECLARED, id_of

from reidsearch import Archive
from reidsearch.domain.decisions import Transits
from reidsearch.media.naming.patterns import Naming
from reidsearch.web.api import ENDPOINTS
from reidsearch.web.declared import Endpoint, Form, Page
from reidsearch.web.pages import PAGES
from reidsearch.web.person import Person, Role

OTTO = Person("otto", Role.ANALYST, frozenset({"yard"}))
SHOWN_OF_GATE = re.compile(r'\bgate\b(?!":)|hilda', re.IGNORECASE)  # "gate": is a setting


@dataclass(frozen=True)
class Ids:
    """One of each, by camera."""

    crop: int
    source: int
    tracklet: int
    identity: str
    location: str


OF_CAMERA = {
    "crop_id": lambda one: one.crop,
    "crop_ids": lambda one: [one.crop],
    "crop": lambda one: one.crop,
    "crops": lambda one: [one.crop],
    "exclude": lambda one: [one.crop],
    "like": lambda one: [one.crop],
    "unlike": lambda one: [one.crop],
    "match": lambda one: one.crop,
    "likes": lambda one: [one.crop],
    "unlikes": lambda one: [one.crop],
    "source_id": lambda one: one.source,
    "source": lambda one: [one.location],
    "region": lambda one: [f"{one.location.removesuffix('.mp4')}:0,0 1,0 1,1"],
    "place": lambda one: [one.location.removesuffix(".mp4"), "yard"],
    "crossing": lambda one: [f"{one.location.removesuffix('.mp4')}:0,0 1,1"],
    "tracklet_id": lambda one: one.tracklet,
    "tracklet": lambda one: one.tracklet,
    "tracklets": lambda one: [one.tracklet],
    "second": lambda one: one.tracklet,
    "identity": lambda one: one.identity,
    "into": lambda one: one.identity,
    "other": lambda one: one.identity,
    "others": lambda one: [one.identity],
}
"""Names of parts of a path and of fields that name something of a camera."""
PLAIN: dict[str, Any] = {
    "accept": ["yard=1.0"], "overlapping": [], "reference": "yard",
    "account_id": 1, "adjusted": True, "after": "2024-05-31T12:00:00Z", "again": "x",
    "answer": {}, "at": 1.0,
    "before": 9, "box": False, "camera": ["yard"], "cameras": None, "carrying": ["bag"],
    "event": "search",
    "copy": False, "cursor": "", "day": "2024-05-31", "disabled": True, "done": "", "force": False,
    "from": 0.5, "job_id": 99, "kind": "link", "least_s": 1.0, "limit": 5, "margin": 1.0,
    "most": 5, "most_s": 9.0, "name": "karl", "new": True, "not_camera": ["yard"],
    "not_carrying": ["bag"], "note": "x", "old": "x", "order": "weakest", "page": 1,
    "password": "x", "path": "x", "proposal_id": 99, "provider": "away", "refused": False,
    "request": {},
    "reverse": False, "role": "viewer", "sees": "all", "sort": "time", "sure": True,
    "time_of_day": "10:00-11:00",
    "all": False, "deciding": "yara", "decision_id": 10**6, "exact": False, "frame": [],
    "grouped": True, "k": 5, "look": "0" * 64, "max_false_alarms": 1.0, "min_score": 0.5,
    "new_only": False, "picture": [], "prior": 0.5, "query_camera": "yard", "redact": "others",
    "reranked": False,
    "sha256": "0" * 64, "view": 0,
    "authority_kind": "warrant", "authority_reference": "AZ 3", "back": "/ask", "case": "2026-17",
    "examiner": "eve", "expires": "2096-01-01", "issued": "2026-01-01", "notes": "x",
    "number": "2026-17", "purpose": "x", "reason": "witness", "title": "Theft",
    "why": "case-required",
    "begins": ["2024-05-31T12:00Z", "2024-05-31T13:00Z"],
    "ends": ["2024-05-31T12:30Z", "2024-05-31T13:30Z"],
    "direction": None, "dwell_s": None, "indexed_after": None, "no_identity": False,
    "spread": 2, "weekday": "mon-sat",
    "around": "neighbours", "within_s": 60.0, "closer_than": "2heights", "for_s": 0.0, "unit": None,
    "combined": False, "space_time": False,
    "to": 1.0, "unreviewed": True, "used": False, "wait_s": 0, "wearing": ["red"], "who": "anna",
}  # fmt: skip
"""Names of all others, with a value."""
ENDLESS = "text/event-stream"
ASKED = [
    one
    for one in (*ENDPOINTS, *PAGES)
    if one.role is not Role.ADMIN and getattr(one, "media", "") != ENDLESS
]
PARTS = re.compile(r"\{(\w+)(?::\w+)?\}")


def names_of(declared: Endpoint | Page | Form) -> list[str]:
    fields = msgspec.structs.fields(declared.takes)
    return [*PARTS.findall(declared.path), *(field.encode_name for field in fields)]


def test_every_name_that_is_taken_is_known_here() -> None:
    taken = {name: id_of(one) for one in DECLARED for name in names_of(one)}
    known = OF_CAMERA.keys() | PLAIN.keys()
    assert {name: where for name, where in taken.items() if name not in known} == {}


@pytest.fixture
def ids(served) -> dict[str, Ids]:
    """Of `yard` and of `gate`; of both together the identity `mixed`."""
    found = {}
    for source in served.archive.footage.coverage():
        camera = source.facts.camera
        seen = served.archive.footage.tracklets(source.source_id)[0]
        name = {"gate": "hilda", "yard": "yara"}[camera]
        served.archive.identities.new(name, [seen.crop_ids[0]])
        found[camera] = Ids(
            seen.crop_ids[0], source.source_id, seen.tracklet_id, name, f"{camera}.mp4"
        )
    gate, yard = (
        served.archive.footage.tracklets(found[camera].source)[1] for camera in ("gate", "yard")
    )
    both = [gate.crop_ids[0], yard.crop_ids[0]]
    served.archive.identities.new("mixed", both, force=True)
    return found


def ask(
    client: Any, declared: Endpoint | Page, of: Ids, hidden: Ids | None = None, name: str = ""
) -> Any:
    """Ask with all that is needed, of what may be seen; but for `name` of what may not."""

    def value(one: str) -> Any:
        if one not in OF_CAMERA:
            return PLAIN[one]
        return OF_CAMERA[one](hidden if hidden is not None and one == name else of)

    path = PARTS.sub(lambda part: str(value(part[1])), declared.path)
    fields = {
        field.encode_name: value(field.encode_name)
        for field in msgspec.structs.fields(declared.takes)
        if field.required or field.encode_name == name
    }
    if isinstance(declared, Page):
        return client.get(path, params=fields)
    path = f"/api/v1{path}"
    if declared.method == "GET":
        return client.get(path, params=fields)
    if declared.body is not None:
        return client.request(declared.method, path, params=fields, content=b"no picture")
    return client.request(declared.method, path, json=fields)


@pytest.mark.parametrize("declared", ASKED, ids=id_of)
@pytest.mark.full
def test_what_may_be_seen_tells_nothing_of_the_rest(served, ids, declared) -> None:
    response = ask(served.as_(OTTO), declared, ids["yard"])
    assert response.status_code < 500, response.text
    kind = response.headers.get("content-type", "")
    if kind.startswith(("text/", "application/json", "application/problem")):
        assert SHOWN_OF_GATE.findall(response.text) == []


@pytest.mark.parametrize(
    ("declared", "name"),
    [(one, name) for one in ASKED for name in names_of(one) if name in OF_CAMERA],
    ids=lambda one: one if isinstance(one, str) else id_of(one),
)
@pytest.mark.full
def test_what_may_not_be_seen_is_not_there(served, ids, declared, name) -> None:
    client = served.as_(OTTO)
    decisions = len(served.archive.identities.decisions())
    hidden = ask(client, declared, ids["yard"], ids["gate"], name)
    nowhere = Ids(10**6, 10**6, 10**6, "nobody", "none.mp4")
    absent = ask(client, declared, ids["yard"], nowhere, name)
    assert hidden.status_code == absent.status_code
    assert told(hidden) == told(absent), "it can be told from what is not there"
    assert len(served.archive.identities.decisions()) == decisions


def told(response: Any) -> str:
    """What a refusal says, without the number or name that was asked for.

    It may stand in an address too: links lead back to the page that was asked for.
    """
    return re.sub(r"%3D\w+|\b\d+\b|hilda|nobody|\w+\.mp4|\b(?:gate|none)\b", "...", response.text)


def test_an_identity_is_changed_as_a_whole_only_by_who_sees_all_of_it(served, ids) -> None:
    client = served.as_(OTTO)
    for path, given in (
        ("rename", {"name": "karl"}),
        ("merge", {"others": ["yara"]}),
        ("split", {"crop_ids": [ids["yard"].crop], "name": "karl"}),
    ):
        refused = client.post(f"/api/v1/identities/mixed/{path}", json=given)
        assert (refused.status_code, refused.json()["kind"]) == (422, "cameras-hidden")
    told = client.get("/api/v1/identities/mixed").json()
    assert {one["camera"] for one in told["members"]} == {"yard"}


@pytest.mark.full
def test_a_journey_and_proposals_name_no_camera_that_may_not_be_seen(served) -> None:
    """Not even as one that saw nothing meanwhile, or that a way leads to."""
    for source in served.archive.footage.coverage():
        if source.facts.camera == "yard":
            yard = served.archive.footage.tracklets(source.source_id)
    served.archive.identities.new("karl", [one.crop_ids[0] for one in yard], force=True)
    served.archive.proposals.link(join_above=0.9, transits=Transits((("gate", "yard", 5.0),)))
    for client, seen in ((served.client, True), (served.as_(OTTO), False)):
        journey = client.get("/api/v1/identities/karl/journey")
        assert len(journey.json()["stops"]) == len(yard) == 2
        proposals = client.get("/api/v1/proposals")
        assert proposals.status_code == 200
        assert bool(SHOWN_OF_GATE.search(proposals.text)) == seen
        assert not SHOWN_OF_GATE.search(journey.text) or seen


def test_what_is_added_elsewhere_changes_nothing_that_is_told(served, ids, tmp_path) -> None:
    """Neither a count nor order or plain scores of an answer; see `serving.md` for the rest."""
    client = served.as_(OTTO)

    def told() -> tuple[Any, Any, Any]:
        asked = {"crop": [ids["yard"].crop], "k": 5, "adjusted": False}
        answer = client.post("/api/v1/searches", json=asked).json()
        ranked = [(one["crop_id"], one["score"]) for one in answer["matches"]]
        return client.get("/api/v1/archive").json(), ranked, answer["statement"]["crops_searched"]

    before = told()
    assert before[0]["crops"] == sum(one["crops"] for one in before[0]["cameras"]) > 0
    assert before[0]["tracklets"] == before[0]["footage"] * 2 == 2
    draw_many(tmp_path / "more", 12)
    with Archive.open(served.archive.location, model="builtin", offline=True) as other:
        other.index([tmp_path / "more"], naming=Naming(camera="gate"))
        other.neighbours.keep()
    assert served.client.get("/api/v1/archive").json()["crops"] > before[0]["crops"] + 12
    assert told() == before


def test_pages_say_that_the_account_is_limited(served) -> None:
    html = served.as_(OTTO).get("/").text
    assert "This account sees these cameras alone, and only they are searched: yard" in html


def test_what_a_browser_keeps_is_kept_for_one_session(served, ids) -> None:
    path = f"/api/v1/crops/{ids['yard'].crop}/picture"
    headers = served.as_(OTTO).get(path).headers
    assert headers["cache-control"].startswith("private")
    assert "Cookie" in headers["vary"]
