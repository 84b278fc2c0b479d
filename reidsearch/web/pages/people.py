"""Who was decided to be whom, and who may be: identities, and proposals as a queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from reidsearch.base.errors import NotFound
from reidsearch.domain.two_places import two_places
from reidsearch.output.identities import decision_text, story_json, two_places_text
from reidsearch.web.api import identities, proposals
from reidsearch.web.call import Call
from reidsearch.web.declared import Given, Nothing, Page, Values

PAGE = 50


class Asked(Given, frozen=True):
    """Which part of the queue is shown.

    Args:
        order: by the score at the weakest joint.
        page: of the proposals, from 1.
    """

    order: Literal["weakest", "strongest"] = "weakest"
    page: Annotated[int, Meta(ge=1)] = 1


def people(call: Call, asked: Asked) -> Values:
    """Return what the page shows."""
    held = call.open_identities()
    return {
        "identities": [
            {"named": one.named, "members": len(one.members), "crop_id": crop_id}
            for one, crop_id in zip(held, call.faces(held), strict=True)
        ],
        **_queue(call, asked),
        "asked": asked,
    }


def _queue(call: Call, asked: Asked) -> dict[str, Any]:
    try:
        told = proposals.every(call, Nothing())
    except NotFound:
        return {"linking": None, "queue": [], "pages": 0}
    ordered = sorted(
        told["proposals"],
        key=lambda one: one["adjusted_score"],
        reverse=asked.order == "strongest",
    )
    first = (asked.page - 1) * PAGE
    shown = ordered[first : first + PAGE]
    return {
        "linking": told,
        "queue": [_with_pictures(call, one) for one in shown],
        "pages": -(-len(ordered) // PAGE),
    }


def _with_pictures(call: Call, proposal: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a proposal with where each of it was seen, the weakest member first."""
    seen = proposals.document(call, proposal["proposal_id"])
    weakest_first = sorted(seen["members"], key=lambda one: one["score"])
    return {**seen, "members": weakest_first}


def identity(call: Call, _: Nothing) -> Values:
    """Return what the page of one identity shows."""
    told = identities.one(call, Nothing())
    story = call.sight.story(call.identities.show(call.path["identity"]))
    names = call.sight.names()
    others = [one.named for one in call.open_identities() if one.identity_id != told["identity_id"]]
    return {
        "told": told,
        "decisions": [
            {"decision": one, "text": decision_text(one, names)} for one in story.decisions[::-1]
        ],
        "at_once": [two_places_text(one) for one in two_places(story.members)],
        "clashing": {
            (member.kind, member.number)
            for one in two_places(story.members)
            for member in (one.first, one.second)
        },
        "others": others,
    }


class Both(Given, frozen=True):
    """Two identities that may be merged."""

    into: str
    other: str


def merge(call: Call, asked: Both) -> Values:
    """Return both sides of a merge."""
    sides = []
    for name in (asked.into, asked.other):
        call.sight.require_identity(name)
        sides.append(call.sight.story(call.identities.show(name)))
    clashes = two_places((*sides[0].members, *sides[1].members))
    return {
        "sides": [story_json(one) for one in sides],
        "at_once": [two_places_text(one) for one in clashes],
    }


PAGES = (
    Page("/people", people, "people.html", takes=Asked, menu="people"),
    Page("/people/{identity}", identity, "identity.html"),
    Page("/merge", merge, "merge.html", takes=Both),
)
