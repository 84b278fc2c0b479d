"""Findings as pages that stand alone, to be saved: one HTML file each, without clips."""

from __future__ import annotations

from starlette.responses import Response

from reidsearch.domain.decisions import Member
from reidsearch.output.pages.answers import answer_shown_alone
from reidsearch.output.pages.people import (
    journey_shown,
    proposals_shown,
    story_shown,
    tracklets_shown,
)
from reidsearch.output.pages.write import single_page
from reidsearch.output.shown import Shown
from reidsearch.web.api.asked import SearchAsked
from reidsearch.web.api.handed_over import handed_over, imprint_of
from reidsearch.web.api.journeys import seen_journey
from reidsearch.web.api.proposals import seen_linking
from reidsearch.web.api.searches import found
from reidsearch.web.call import Call
from reidsearch.web.declared import Endpoint, Nothing
from reidsearch.web.person import Role

HTML = "text/html"


def searched(call: Call, asked: SearchAsked) -> Response:
    """Return the answer to a search as a page."""
    return _page(call, answer_shown_alone(found(call, asked)), "answer")


def identity(call: Call, _: Nothing) -> Response:
    """Return an identity as a page."""
    name = call.path["identity"]
    call.sight.require_identity(name)
    story = call.sight.story(call.identities.show(name))
    shown = story_shown(story, call.sight.names())
    return _page(call, shown, f"identity-{story.identity.identity_id}")


def journey(call: Call, _: Nothing) -> Response:
    """Return a journey as a page."""
    seen = seen_journey(call)
    return _page(call, journey_shown(seen), f"journey-{seen.identity.identity_id}")


def proposals(call: Call, _: Nothing) -> Response:
    """Return the proposals of which everything may be seen as a page."""
    linking = seen_linking(call)
    seen, held = call.archive.proposals.pictured(linking)
    shown = {member: one for member, one in seen.items() if call.sight.camera(one.camera)}
    return _page(call, proposals_shown(linking, shown, held), "proposals")


def source(call: Call, _: Nothing) -> Response:
    """Return all tracklets of a source as a page."""
    source_id = call.path["source_id"]
    call.sight.require_sources([source_id])
    one = next(one for one in call.archive.footage.coverage() if one.source_id == source_id)
    found = call.archive.footage.tracklets(source_id)
    marks = call.archive.identities.marks(Member("tracklet", each.tracklet_id) for each in found)
    return _page(call, tracklets_shown(one, found, marks), f"source-{source_id}")


def _page(call: Call, shown: Shown, name: str) -> Response:
    page, _ = single_page(shown, call.archive, imprint_of(call))
    return handed_over(call, f"{name}.html", page, HTML)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/answers/page",
        searched,
        "The answer to a search, as a page that stands alone.",
        takes=SearchAsked,
        media=HTML,
        role=Role.ANALYST,
    ),
    Endpoint(
        "GET",
        "/identities/{identity}/page",
        identity,
        "An identity, as a page that stands alone.",
        media=HTML,
        role=Role.ANALYST,
    ),
    Endpoint(
        "GET",
        "/identities/{identity}/journey/page",
        journey,
        "A journey, as a page that stands alone.",
        media=HTML,
        role=Role.ANALYST,
    ),
    Endpoint(
        "GET",
        "/proposals/page",
        proposals,
        "The proposals to be decided, as a page that stands alone.",
        media=HTML,
        role=Role.ANALYST,
    ),
    Endpoint(
        "GET",
        "/sources/{source_id:int}/page",
        source,
        "Everybody who was seen in a source, as a page that stands alone.",
        media=HTML,
        role=Role.ANALYST,
    ),
)
