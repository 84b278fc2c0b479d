"""An answer: what was searched, and one row a match to decide on."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlencode

from reidsearch.domain.answers import Answer, Match, Statement
from reidsearch.domain.decisions import Mark
from reidsearch.domain.request import Filters
from reidsearch.domain.scores import Origin
from reidsearch.domain.space_time import SpaceTime
from reidsearch.output.absence import absence_said
from reidsearch.output.attributes import wears
from reidsearch.output.purity import purity_text
from reidsearch.output.readings import few, one_in, probability, unlikely
from reidsearch.output.space_time import anchors_text, both_text, ratio_text
from reidsearch.output.statement import no_match, own_text, sentences, without_commands
from reidsearch.output.visible import visible
from reidsearch.web.api import searches
from reidsearch.web.api.asked import SearchAsked, pairs_of
from reidsearch.web.call import Call
from reidsearch.web.declared import Page, Values
from reidsearch.web.pages.asking import (
    ANSWER,
    ASK,
    COMPARE,
    ORDERS,
    Links,
    PageAsked,
    crop_image,
    filter_chips,
    query_images,
)
from reidsearch.web.pages.saved import savable
from reidsearch.web.person import Role

ABSENCE = "/answer/absence"
MOST = 1_000
IDENTITY_IMAGES = 12


def answer(call: Call, asked: PageAsked) -> Values:
    """Return what the page shows."""
    found = searches.found(call, asked)
    links = Links(asked)
    absent = call.archive.absences.needed(found, call.cameras)
    if absent:
        call.state.answers.keep(_key(call, asked), found)
    marks = call.identities.marks_of_crops(one.crop.crop_id for one in found.matches)
    told = found.to_json()
    rows = [
        _row(match, document, marks[match.crop.crop_id], links, found.statement.filters)
        for match, document in zip(found.matches, told["matches"], strict=True)
    ]
    deciding = asked.deciding or asked.identity
    identities = call.open_identities()
    return {
        "asked": asked,
        "links": links,
        "statement": told["statement"],
        "sentences": _told(found.statement),
        "no_match": without_commands([no_match(found)])[0] if not rows else None,
        "rows": in_order(rows, asked.order),
        "orders": ORDERS,
        "query": query_images(call, asked, _of_identity(found)),
        "chips_": filter_chips(asked, links, ANSWER),
        "further": _further(found),
        "more": links(ANSWER, k=min(2 * asked.k, MOST))
        if len(found.matches) >= asked.k < MOST
        else None,
        "identities": identities,
        "deciding": next(
            (one for one in identities if deciding in {one.name, str(one.identity_id)}), None
        ),
        "decides": call.may(Role.ANALYST),
        "last_decision": call.identities.last_decision(),
        "ask": links(ASK, match=None),
        "save": _saved(asked),
        "savable": savable(call, asked, found),
        "absence": links(ABSENCE) if absent else None,
    }


def absence(call: Call, asked: PageAsked) -> Values:
    """Return with which chance the search would have shown somebody; nothing: no need to say."""
    found = call.state.answers.take(_key(call, asked)) or searches.found(call, asked)
    told = call.archive.absences.unless_confident(found, call.cameras)
    return {"told": absence_said(told) if told else []}


def _key(call: Call, asked: PageAsked) -> Hashable:
    return call.person, call.author, asked


def _told(statement: Statement) -> list[str]:
    """Return the statement without what stands above it as a warning.

    Digests and places of the query, which is seen, come last.
    """
    above = [*statement.warnings, *(one.sentence for one in statement.pending)]
    said = {visible(one).rstrip(".").casefold() for one in above}
    told = without_commands(sentences(statement))
    kept = [one for one in told if one.rstrip(".").casefold() not in said]
    return sorted(kept, key=lambda one: one.startswith("Query"))


def _saved(asked: PageAsked) -> str:
    """Return the address of the answer as a page that stands alone."""
    own = set(SearchAsked.__struct_fields__)
    return f"/api/v1/answers/page?{urlencode([one for one in pairs_of(asked) if one[0] in own])}"


def _of_identity(found: Answer) -> tuple[int, ...]:
    """Return the crops of the identity that was searched with, the first of them."""
    crops = [one.crop_id for one in found.statement.query_pictures if one.crop_id is not None]
    return tuple(crops[:IDENTITY_IMAGES])


def _row(
    match: Match, told: dict[str, Any], mark: Mark, links: Links, filters: Filters
) -> dict[str, Any]:
    """Return one match with what a page says of it."""
    crop_id = match.crop.crop_id
    reading, seen = match.reading, match.tracklet
    moment = told["moment"]
    return told | {
        "image": crop_image(crop_id),
        "file": PurePosixPath(match.crop.location.replace("\\", "/")).name,
        "mark": mark,
        "own_text": own_text(match),
        "probability_text": probability(reading) if reading else None,
        "unlikely": unlikely(reading),
        "doubt_text": purity_text(seen.purity)
        if seen and seen.purity and seen.purity.doubts
        else "",
        "purity_unknown": seen is not None and seen.purity is None,
        "wears": wears(match.attributes, filters) if match.attributes else "",
        "first_time": told["tracklet"]["first_time"] if seen else told["time"],
        "last_time": told["tracklet"]["last_time"] if seen else None,
        "at_s": moment["media_s"] if moment else None,
        "source_id": match.crop.source_id,
        "clip": f"/api/v1/crops/{crop_id}/clip?margin=2&box=true" if moment else None,
        "play": f"/play/{match.crop.source_id}?at={moment['media_s']}" if moment else None,
        "compare": links(COMPARE, match=crop_id),
        "like": links.marked(ANSWER, crop_id, like=True),
        "unlike": links.marked(ANSWER, crop_id, like=False),
        "liked": crop_id in links.asked.like or match.liked,
        "timely": _timely(match.space_time) if match.space_time else None,
    }


def _timely(told: SpaceTime) -> dict[str, Any]:
    """Return what place and time of a match say, as it is shown beside its score."""
    value, _, interval = (
        ratio_text(told).rpartition(" (") if told.log10_lr is not None else ("",) * 3
    )
    return {
        "value": value,
        "interval": f"({interval}" if interval else ratio_text(told),
        "anchors": anchors_text(told),
        "both": both_text(told) if told.combined_log10_lr is not None else None,
        "by_appearance": told.rank_by_appearance,
    }


def in_order(rows: Sequence[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    """Return the rows by rank, by time or by camera; what is not known comes last."""
    if order == "time":
        return sorted(rows, key=lambda one: (one["first_time"] is None, one["first_time"] or ""))
    if order == "camera":
        return sorted(rows, key=lambda one: (one["camera"] is None, one["camera"] or ""))
    return list(rows)


def _further(found: Answer) -> dict[str, Any] | None:
    """Return how many wrong matches the scores below the last one shown bring; None: no match.

    `alarms` is None where nobody can tell, for want of a calibration.
    """
    ranked = [match for match in found.matches if not match.liked]
    if not ranked:
        return None
    last = min(ranked, key=lambda one: one.score)
    reading, by = last.reading, found.statement.calibrated_by
    told = {"score": last.score, "searched": found.statement.crops_searched}
    if reading is None or by is None or found.statement.prior is None:
        return told | {"alarms": None}
    return told | {
        "alarms": ("<" if reading.at_most else "") + few(reading.false_alarms),
        "reference": by.origin is Origin.REFERENCE,
        "prior": one_in(found.statement.prior),
        "likely": sum(one.reading is not None and not unlikely(one.reading) for one in ranked),
        "rows": len(ranked),
    }


PAGES = (
    Page(ANSWER, answer, "answer.html", takes=PageAsked),
    Page(ABSENCE, absence, "absence.html", takes=PageAsked),
)
