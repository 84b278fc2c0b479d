"""Who else was there, and what to fetch next: pages that those of people and tracklets take in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from reidsearch.base.timecode import now
from reidsearch.domain.company import Companion
from reidsearch.domain.decisions import Presence
from reidsearch.output.company import chance_text, company_json, company_told, p_text, title_of
from reidsearch.output.company import who_text as companion_text
from reidsearch.output.nearby import apart_text, beside_text, nearby_json, nearby_told
from reidsearch.output.nearby import title_of as nearby_title
from reidsearch.output.next_footage import (
    LACKS,
    NOTHING,
    next_json,
    next_sentences,
    overwritten_text,
    soonest_text,
)
from reidsearch.output.next_footage import chance_text as footage_chance
from reidsearch.output.statement import without_commands
from reidsearch.output.visible import duration, visible
from reidsearch.web.api import around
from reidsearch.web.call import Call
from reidsearch.web.declared import Nothing, Page, Values
from reidsearch.web.words import word

MOST_PEOPLE, MOST_MEETINGS, MOST_STRETCHES = 50, 20, 20
"""Rows of a table; the API has all."""
MOST_FRAMES = 4
"""Frames with both that are shown at once: each is decoded from the footage."""


def company(call: Call, asked: around.CompanyAsked) -> Values:
    """Return what the page shows."""
    found = around.company_of(call, asked)
    told = company_json(found)
    pairs = zip(found.companions[:MOST_PEOPLE], told["companions"], strict=False)
    return {
        "title": title_of(found),
        "rows": [_companion(one, document, found.sightings) for one, document in pairs],
        "further": max(0, len(found.companions) - MOST_PEOPLE),
        "sentences": without_commands(company_told(found)),
    }


def _companion(
    one: Companion, told: Mapping[str, Any], sightings: Sequence[Presence]
) -> dict[str, Any]:
    crops = (met.seen.crop_ids[0] for met in one.meetings if met.seen.crop_ids)
    framed = [met for met in one.meetings if met.frame_crop is not None][:MOST_FRAMES]
    return {
        **told,
        "who": companion_text(one),
        "by_chance": chance_text(one),
        "p": p_text(one.chance.p),
        "p_of_all": p_text(one.p_corrected),
        "crop_id": next(crops, None),
        "places": len(one.cameras),
        "pairs": [
            {
                "own": sightings[met.sighting - 1],
                "other": document,
                "apart": duration(abs(met.gap_s)),
                "overlap": duration(met.overlap_s) if met.overlap_s else None,
                "frame": met in framed,
                "distance": _distance(sightings[met.sighting - 1], met.seen)
                if met.at_once
                else None,
            }
            for met, document in zip(one.meetings, told["meetings"][:MOST_MEETINGS], strict=False)
        ],
        "further": max(0, len(told["meetings"]) - MOST_MEETINGS),
    }


def nearby(call: Call, asked: around.NearbyAsked) -> Values:
    """Return what the page shows."""
    found = around.nearby_of(call, asked)
    told = nearby_json(found)
    closer_than = found.statement.closer_than
    limit = closer_than.limit.text if closer_than else None
    pairs = zip(found.people[:MOST_PEOPLE], told["people"], strict=False)
    return {
        "title": nearby_title(found),
        "rows": [
            {
                **document,
                "who": one.seen.member.text,
                "apart": apart_text(one),
                "overlap": duration(one.overlap_s) if one.overlap_s else None,
                "beside_text": beside_text(one),
                "distance": _distance(found.sightings[one.sighting - 1], one.seen, limit),
            }
            for one, document in pairs
        ],
        "closer_than": limit,
        "further": max(0, len(found.people) - MOST_PEOPLE),
        "sentences": without_commands(nearby_told(found)),
    }


def _distance(one: Presence, other: Presence, closer_than: str | None = None) -> str | None:
    """Return the address of the distance of two sightings; None: one is of no tracklet."""
    if not one.member.kind == other.member.kind == "tracklet":
        return None
    asked = {"second": other.member.number} | ({"closer_than": closer_than} if closer_than else {})
    return f"/tracklets/{one.member.number}/distance?{urlencode(asked)}"


def next_footage(call: Call, _: Nothing) -> Values:
    """Return what the page shows."""
    found, at = around.next_of(call), now()
    pairs = zip(found.fetches[:MOST_STRETCHES], next_json(found)["fetches"], strict=False)
    return {
        "title": word("around.next_of", name=visible(found.identity.name)),
        "rows": [
            {
                **document,
                "chance": footage_chance(one),
                "why": LACKS[one.lack],
                "overwritten": overwritten_text(one, at),
            }
            for one, document in pairs
        ],
        "nothing": NOTHING,
        "overwritten": any(one.overwritten_at for one in found.fetches[:MOST_STRETCHES]),
        "soonest": soonest_text(found.fetches[:MOST_STRETCHES], at),
        "further": max(0, len(found.fetches) - MOST_STRETCHES),
        "sentences": next_sentences(found),
    }


PAGES = (
    Page("/people/{identity}/company", company, "company.html", takes=around.CompanyAsked),
    Page("/people/{identity}/next", next_footage, "next.html"),
    Page("/tracklets/{tracklet_id:int}/nearby", nearby, "nearby.html", takes=around.NearbyAsked),
)
