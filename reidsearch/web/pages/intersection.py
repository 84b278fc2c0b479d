"""Who was at several places: a form of places and times, and the chains that are most alike."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Annotated, Any

from msgspec import Meta

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.domain.intersection import Intersection
from reidsearch.domain.intersection_json import intersection_json
from reidsearch.domain.places import Region
from reidsearch.output.intersection import accidental_text, intersection_told, link_text, title_of
from reidsearch.output.statement import without_commands
from reidsearch.web.api.intersection import (
    MOST_PLACES,
    Chains,
    IntersectionAsked,
    intersection_of,
)
from reidsearch.web.call import Call
from reidsearch.web.chooser import lacks
from reidsearch.web.declared import Given, Page, Values
from reidsearch.web.pages.ask import LACKING, cameras_seen
from reidsearch.web.problems import problem_of

PATH = "/intersection"
LEAST_ROWS = 3
FOR_A_CASE = (Kind.CASE_REQUIRED, Kind.REASON_REQUIRED)
"""Refusals that lead to the choice of a case, not to the form."""
Texts = Annotated[tuple[Annotated[str, Meta(max_length=1_000)], ...], Meta(max_length=MOST_PLACES)]


class Asked(Given, frozen=True):
    """Rows of the form; those without a place count for nothing."""

    place: Texts = ()
    begins: Texts = ()
    ends: Texts = ()
    k: Chains = 10


def intersection(call: Call, asked: Asked) -> Values:
    """Return what the page shows."""
    rows = list(zip_longest(asked.place, asked.begins, asked.ends, fillvalue=""))
    filled = [row for row in rows if row[0]]
    shown = [*filled, *[("", "", "")] * max(LEAST_ROWS - len(filled), 1)][:MOST_PLACES]
    cameras = cameras_seen(call)
    regions = [
        one.name
        for one in call.archive.places.all(call.sight)
        if isinstance(one, Region) and one.name not in cameras
    ]
    return {
        "asked": asked,
        "rows": shown,
        "cameras": cameras,
        "regions": regions,
        "lacks": LACKING[lacks(call)],
        **_answered(call, filled, asked.k),
    }


def _answered(call: Call, filled: Sequence[tuple[str, str, str]], k: int) -> dict[str, Any]:
    """Return the answer, or what is wrong with the question; of no question neither."""
    none: dict[str, Any] = {"found": None, "problem": None}
    if not filled:
        return none
    try:
        if len(filled) < 2:
            raise UsageError("name at least two places")
        place, begins, ends = zip(*filled, strict=True)
        asked = IntersectionAsked(place=place, begins=begins, ends=ends, k=k)
        return {"found": _shown(intersection_of(call, asked)), "problem": None}
    except (NotFound, UsageError) as error:
        if error.kind in FOR_A_CASE:
            raise
        return none | {"problem": problem_of(error)}


def _shown(found: Intersection) -> dict[str, Any]:
    told = intersection_json(found)["chains"]
    return {
        "title": title_of(found),
        "chains": [
            {
                "score": f"{chain.weakest.score:.3f}",
                "by_chance": accidental_text(chain.weakest.accidental),
                "links": [link_text(link) for link in chain.links],
                "seen": document["seen"],
            }
            for chain, document in zip(found.chains, told, strict=True)
        ],
        "sentences": without_commands(intersection_told(found)),
    }


PAGES = (Page(PATH, intersection, "intersection.html", takes=Asked),)
