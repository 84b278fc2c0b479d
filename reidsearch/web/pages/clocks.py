"""Clocks told by people: asked for, looked at with what speaks against it, and accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlencode

from reidsearch.domain.clock_suggestion import CameraOffset, CameraPair, ClockSuggestion
from reidsearch.domain.footage import Clock, SourceCoverage
from reidsearch.output.clock_suggestion import (
    HOW,
    WHY_NOT,
    contradictions,
    drift_text,
    interval_text,
    offset_text,
    rests_on,
)
from reidsearch.output.on_record import unlogged_told
from reidsearch.output.times import correction_text
from reidsearch.output.visible import visible
from reidsearch.services.clock_suggestions import (
    WITHIN_S,
    clock_uncertainty,
    suggested_clock,
)
from reidsearch.web.api import clocks
from reidsearch.web.api.asked import Text, Texts
from reidsearch.web.api.jobs import require_all_cameras
from reidsearch.web.call import Call
from reidsearch.web.declared import Given, Page, Values
from reidsearch.web.person import Role
from reidsearch.web.words import word

CLOCKS, TOLD = "/clocks", "/clocks/suggestion"
REACHES_S = (300, 900, 1800, 5400)
"""Choices of how far apart sightings are compared."""
MOST_SOURCES = 50


class Asked(Given, frozen=True):
    """What the form is filled with, and what was done last."""

    reference: Text | None = None
    within_s: clocks.Within = WITHIN_S
    overlapping: Texts = ()
    done: Literal["", "accept"] = ""


def form(call: Call, asked: Asked) -> Values:
    """Return what the page shows that asks; nothing is compared for it."""
    require_all_cameras(call)
    footage = call.archive.footage.coverage()
    held = {one.facts.camera for one in footage if one.facts.camera is not None}
    clocked = {one.facts.camera for one in footage if one.facts.clock.start is not None}
    return {
        "asked": asked,
        "cameras": sorted(held),
        "references": sorted(one for one in clocked if one is not None),
        "reaches": sorted({*REACHES_S, round(asked.within_s)}),
        "pairs": [*clocks.pairs_of(asked.overlapping), ("", "")],
    }


def told(call: Call, asked: clocks.ClocksAsked) -> Values:
    """Return what people tell, with what speaks against it."""
    found = clocks.suggested(call, asked)
    call.state.clocks.keep(clocks.key(call, asked), found)
    query = urlencode(
        {
            "reference": asked.reference,
            "within_s": asked.within_s,
            "overlapping": asked.overlapping,
        },
        doseq=True,
    )
    sources = call.archive.footage.coverage()
    known = any(one.offset_s is not None for one in found.cameras)
    return {
        "asked": asked,
        "rows": [
            {
                "camera": one.camera,
                "offset": offset_text(one),
                "interval": interval_text(one),
                "drift": drift_text(one),
                "people": one.people,
                "ways": one.lags,
                "why_not": WHY_NOT[one.why_not] if one.why_not else "",
                "known": one.offset_s is not None,
                "value": f"{one.camera}={one.offset_s:.3f}" if one.offset_s is not None else "",
                "sources": _sources(found, one, sources),
                "more": max(0, one.sources - MOST_SOURCES),
            }
            for one in found.cameras
        ],
        "known": known,
        "lacking": any(one.why_not for one in found.cameras),
        "pairs": [_pair(one) for one in found.pairs],
        "contradictions": contradictions(found),
        "sentences": [*rests_on(found), *unlogged_told(found.why_not_logged)],
        "picture": f"/api/v1/clocks/picture?{query}" if known else None,
        "accepts": call.may(Role.ANALYST) and known,
        "again": f"{CLOCKS}?{query}",
    }


def _sources(
    found: ClockSuggestion, one: CameraOffset, sources: Sequence[SourceCoverage]
) -> list[dict[str, Any]]:
    """Return the sources of a camera with how their clocks are corrected, now and if accepted."""
    sure = clock_uncertainty(sources, found.reference)
    told: list[dict[str, Any]] = []
    for source in sources:
        clock = source.facts.clock
        if source.facts.camera != one.camera or len(told) == MOST_SOURCES:
            continue
        known = clock.start is not None and one.offset_s is not None
        later = suggested_clock(clock, one, found, sure) if known else None
        told.append(
            {
                "source_id": source.source_id,
                "location": source.location,
                "now": _corrected(clock),
                "later": _corrected(later) if later else None,
                "uncertainty_s": later.uncertainty_s if later else None,
            }
        )
    return told


def _corrected(clock: Clock) -> str:
    if clock.start is None:
        return word("app.unknown")
    seconds = float(clock.correction_s)
    return correction_text(seconds) if seconds else word("clocks.as_recorded")


def _pair(one: CameraPair) -> dict[str, Any]:
    return {
        "between": word("clocks.two", a=visible(one.a), b=visible(one.b)),
        "how": HOW[one.how],
        "forward": one.forward,
        "backward": one.backward,
        "of": one.lags,
        "people": one.people,
        "transit": None if one.transit_s is None else f"{one.transit_s:.1f} s",
        "off": None if one.residual_s is None else f"{one.residual_s:+.1f} s",
        "contradicts": one.contradicts,
    }


PAGES = (
    Page(CLOCKS, form, "clocks.html", takes=Asked),
    Page(TOLD, told, "clocks_told.html", takes=clocks.ClocksAsked),
)
