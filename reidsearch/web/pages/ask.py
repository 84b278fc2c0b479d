"""Asking: whom to find, where, and what would be searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from msgspec import structs

from reidsearch.base.errors import Kind, ReidsearchError
from reidsearch.domain.attributes import COLOURS, PARTS, THINGS
from reidsearch.domain.cases import Needed
from reidsearch.domain.footage import SourceCoverage
from reidsearch.domain.query_views import QueryView, Seen
from reidsearch.web.api import searches
from reidsearch.web.api.asked import pairs_of, require_views, views_of
from reidsearch.web.call import Call
from reidsearch.web.chooser import lacks, to_exclude
from reidsearch.web.declared import Page, Values
from reidsearch.web.pages.asking import (
    ANSWER,
    ASK,
    Links,
    PageAsked,
    crop_image,
    image_of,
)
from reidsearch.web.problems import problem_of

HIDDEN = (
    *("picture", "frame", "like", "unlike", "exclude", "order", "deciding", "not_camera"),
    *("sort", "indexed_after"),
)
"""Fields of the search that its form passes on as they are."""
LACKING = {
    Needed.NOTHING: None,
    Needed.CASE: Kind.CASE_REQUIRED.value,
    Needed.REASON: Kind.REASON_REQUIRED.value,
}
LISTED = frozenset(
    {
        "camera",
        "not_camera",
        "after",
        "before",
        "time_of_day",
        "weekday",
        "indexed_after",
        "unreviewed",
        "no_identity",
        "region",
        "crossing",
        "direction",
        "dwell_s",
        "source",
        "exclude",
        "wearing",
        "carrying",
        "not_carrying",
    }
)
"""Fields that the list of everybody takes as well."""


def ask(call: Call, asked: PageAsked) -> Values:
    """Return what the page shows."""
    links = Links(structs.replace(asked, look=None, source_id=None, at=0.0, match=None, view=0))
    pictures = [_picture(call, view, links) for view in views_of(asked)]
    seen = call.sight.crops(asked.crop)
    footage = call.archive.footage.coverage()
    identities = call.sight.identities(call.identities.all())
    return {
        "asked": asked,
        "links": links,
        "pictures": pictures,
        "crops": [{"crop_id": one, "image": crop_image(one)} for one in asked.crop if one in seen],
        "gone": [one for one in asked.crop if one not in seen],
        "ready": bool(pictures or asked.crop or asked.identity)
        and not any(one["unclear"] or one["problem"] for one in pictures),
        "look": _looked_at(call, asked, links),
        "preview": _preview(call, asked),
        "hidden": _hidden(asked),
        "sources": [one for one in footage if call.sight.camera(one.facts.camera)],
        "cameras": cameras_seen(call),
        "places": call.archive.places.all(call.sight),
        "stills": _stills(call, footage),
        "identities": [one for one in identities if one.merged_into is None],
        "colours": [f"{part}:{colour}" for part in PARTS for colour in COLOURS],
        "things": THINGS,
        "answer": ANSWER,
        "browse": _browse(asked),
        "lacks": LACKING[lacks(call)],
        "not_combined": _not_combined(call),
    }


def _not_combined(call: Call) -> str | None:
    """Return the word for why both kinds of evidence cannot be ranked together; None: they can."""
    if to_exclude(call):
        return "combined_refused"
    return None if call.archive.calibration.held() else "combined_uncalibrated"


def _picture(call: Call, view: QueryView, links: Links) -> dict[str, Any]:
    """Return one view of the query: what of it is taken, or the people to choose from."""
    name = "picture" if view.sha256 else "frame"
    told: dict[str, Any] = {
        "text": view.text,
        "image": image_of(view),
        "without": links.without(ASK, name, view.text),
        "view": view,
        "unclear": False,
        "problem": None,
        "seen": None,
        "taken": None,
    }
    try:
        require_views(call, [view])
        found = call.archive.asking.people(view)
    except ReidsearchError as error:  # not kept any more, or the footage is gone
        return told | {"problem": problem_of(error)}
    taken = found.taken.value if found.taken else None
    if view.whole:
        taken = "not-asked"
    elif view.who is not None:
        taken = "chosen"
    elif view.sha256 is None:
        taken = "cut" if len(found.people) == 1 else None
    return told | {
        "taken": taken,
        "unclear": taken is None,
        "seen": _choice(found, view, links) if taken != "chosen" else None,
        "again": _choice(found, view, links) if taken == "chosen" else None,
    }


def _choice(found: Seen, view: QueryView | None, links: Links) -> dict[str, Any]:
    """Return the people of a picture, each with the address of the search with them.

    Args:
        view: of the query that the choice replaces; None: it is one more.
    """
    shown = replace(found.view, who=None, whole=False)
    name = "picture" if shown.sha256 else "frame"

    def address(**who: Any) -> str:
        chosen = replace(shown, **who).text
        if view is None:
            return links.with_one(ASK, name, chosen)
        held = [chosen if one == view.text else one for one in getattr(links.asked, name)]
        return links(ASK, **{name: tuple(held)})

    return {
        "image": image_of(shown, whole=True),
        "width": found.width_px,
        "height": found.height_px,
        "people": [
            {"number": number, "box": box, "address": address(who=number)}
            for number, box in enumerate(found.people, start=1)
        ],
        "whole": address(whole=True) if shown.sha256 else None,
        "detector": found.detector,
    }


def _looked_at(call: Call, asked: PageAsked, links: Links) -> dict[str, Any] | None:
    """Return the paused frame of which somebody is to be chosen."""
    if asked.look is None and asked.source_id is None:
        return None
    try:
        moment = QueryView(source_id=asked.source_id, media_s=Fraction(repr(asked.at)))
        view = QueryView.frame(asked.look or moment.text)
        require_views(call, [view])
        found = call.archive.asking.people(view)
    except ReidsearchError as error:
        return {"problem": problem_of(error), "text": asked.look or "", "choice": None}
    return {"problem": None, "text": view.text, "choice": _choice(found, None, links)}


def _preview(call: Call, asked: PageAsked) -> dict[str, Any]:
    """Return what would be searched; where the filters make no sense, why."""
    try:
        return {"plan": searches.plan(call, asked), "problem": None}
    except ReidsearchError as error:
        return {"plan": None, "problem": problem_of(error)}


def _stills(call: Call, footage: Sequence[SourceCoverage]) -> dict[str, str]:
    """Return for each camera with footage the address of a picture that it shows."""
    found: dict[str, str] = {}
    for one in footage:
        camera = one.facts.camera
        if camera is None or camera in found or not call.sight.camera(camera):
            continue
        view = QueryView(source_id=one.source_id, media_s=Fraction(0))
        found[camera] = image_of(view, whole=True)
    return dict(sorted(found.items()))


def _hidden(asked: PageAsked) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    plain = PageAsked()
    for name in HIDDEN:
        value = getattr(asked, name)
        if value == getattr(plain, name):
            continue
        every = value if isinstance(value, tuple) else (value,)
        pairs += [(name, str(one)) for one in every]
    return pairs


def _browse(asked: PageAsked) -> str:
    """Return the address of the list of everybody who passes the filters."""
    pairs = [(name, value) for name, value in pairs_of(asked) if name in LISTED]
    return f"/browse?{urlencode(pairs)}" if pairs else "/browse"


def cameras_seen(call: Call) -> list[str]:
    """Return the names of the cameras that may be seen."""
    named = [name for name, *_ in call.archive.show().cameras if name is not None]
    return sorted(name for name in named if call.sight.camera(name))


PAGES = (Page(ASK, ask, "ask.html", takes=PageAsked, menu="ask"),)
