"""Saved questions: all of them, one with what it found, and how an answer's question is saved."""

from __future__ import annotations

import datetime as dt
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from msgspec import Meta

from reidsearch.base.timecode import iso
from reidsearch.domain.answers import Answer
from reidsearch.domain.decisions import Mark
from reidsearch.domain.saved import SavedAnswer
from reidsearch.output.saved import answers_json, questions_json
from reidsearch.services.saved import LONGEST_NAME
from reidsearch.web.api import saved
from reidsearch.web.api.asked import SearchAsked, pairs_of
from reidsearch.web.call import Call
from reidsearch.web.declared import Given, Page, Values
from reidsearch.web.pages.asking import COMPARE, PageAsked, crop_image
from reidsearch.web.person import Role

ALL, ONE = "/saved", "/saved/question"
SHOWN = 100
"""Answers on a page, new ones first; the API has all."""
NOT_SAVED = frozenset(
    {"like", "unlike", "k", "sort", "spread", "exact", "reranked", "prior"}
    | {"min_score", "max_false_alarms", "space_time", "combined"}
)
"""Fields of a search that a saved question does not have, or that its form asks for."""
NUMBERS = frozenset({"crop", "exclude"})
"""Fields that are lists of numbers."""


class AllAsked(Given, frozen=True):
    """What was done last."""

    done: Literal["", "add", "remove", "run"] = ""


class OneAsked(saved.NameAsked, frozen=True):
    """Which question, and from which answer on its answers are shown."""

    page: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    done: Literal["", "seen", "run"] = ""


def every(call: Call, asked: AllAsked) -> Values:
    """Return what the page of all questions shows."""
    told = questions_json(saved.states(call))["questions"]
    return {
        "asked": asked,
        "questions": [_timed(one) | {"address": address(one["name"])} for one in told],
        "may_change": call.may(Role.ANALYST),
    }


def one(call: Call, asked: OneAsked) -> Values:
    """Return what the page of one question shows."""
    state, found = saved.state_of(call, asked.name), saved.found(call, asked.name)
    found.sort(key=lambda one: one.seen_at is not None)  # else in the order of the command
    first = (asked.page - 1) * SHOWN
    shown = found[first : first + SHOWN]
    marks = call.identities.marks_of_crops(each.crop.crop_id for each in shown)
    question = _timed(answers_json(state, [])["question"])
    crops = state.question.asked.crops
    visible = call.sight.crops(crops)
    return {
        "asked": asked,
        "question": question,
        "images": [crop_image(each) for each in crops if each in visible],
        "rows": [
            _row(first + at, each, marks[each.crop.crop_id], question)
            for at, each in enumerate(shown, 1)
        ],
        "new": [each.crop.crop_id for each in shown if each.seen_at is None],
        "next": address(asked.name, page=asked.page + 1) if len(found) > first + SHOWN else None,
        "first": address(asked.name) if asked.page > 1 else None,
        "again": address(asked.name, done="run"),
        "looked": address(asked.name, done="seen"),
        "may_change": call.may(Role.ANALYST),
    }


def address(name: str, **more: Any) -> str:
    """Return the address of the page of a question."""
    return f"{ONE}?{urlencode({'name': name, **more})}"


def _timed(told: dict[str, Any]) -> dict[str, Any]:
    """Return a question with its times to the second."""
    times = {name: told[name] for name in ("made_at", "asked_at") if told[name]}
    whole = {name: dt.datetime.fromisoformat(text) for name, text in times.items()}
    return told | {name: iso(at.replace(microsecond=0)) for name, at in whole.items()}


def _row(at: int, found: SavedAnswer, mark: Mark, question: dict[str, Any]) -> dict[str, Any]:
    crop, moment = found.crop, found.crop.moment
    return {
        "rank": at,
        "crop_id": crop.crop_id,
        "image": crop_image(crop.crop_id),
        "new": found.seen_at is None,
        "score": found.score,
        "camera": crop.facts.camera,
        "time": iso(crop.facts.time) if crop.facts.time else None,
        "uncertainty_s": moment.uncertainty_s if moment else None,
        "location": crop.location,
        "file": PurePosixPath(crop.location.replace("\\", "/")).name,
        "at_s": float(moment.media_s) if moment else None,
        "play": f"/play/{crop.source_id}?at={float(moment.media_s)}" if moment else None,
        "tracklet_id": moment.tracklet_id if moment else None,
        "found_at": iso(found.found_at.replace(microsecond=0)),
        "mark": mark,
        "compare": _compare(crop.crop_id, question),
    }


def _compare(crop_id: int, question: dict[str, Any]) -> str | None:
    """Return where a match is compared with the query; None: its pictures were not kept."""
    asked = [("crop", number) for number in question["crops"]]
    if question["identity_id"] is not None:
        asked.append(("identity", question["identity_id"]))
    return f"{COMPARE}?{urlencode([*asked, ('match', crop_id)])}" if asked else None


def savable(call: Call, asked: PageAsked, answer: Answer) -> dict[str, Any] | None:
    """Return what the form needs that saves the question of an answer; None: who asks may not."""
    if not call.may(Role.ANALYST):
        return None
    own = set(SearchAsked.__struct_fields__) - NOT_SAVED
    scores = [match.score for match in answer.matches if not match.liked]
    return {
        "fields": [
            (name, value, "ints" if name in NUMBERS else "texts" if listed else "text")
            for name, value in pairs_of(asked)
            if name in own
            for listed in [isinstance(getattr(asked, name), tuple)]
        ],
        "longest": LONGEST_NAME,
        "min_score": asked.min_score,
        "max_false_alarms": asked.max_false_alarms,
        "calibrated": answer.statement.calibrated_by is not None,
        "scores": (min(scores), max(scores)) if scores else None,
        "by_attributes": bool(asked.wearing or asked.carrying or asked.not_carrying),
        "marked": bool(asked.like or asked.unlike),
        "timely": asked.space_time or asked.combined,
    }


PAGES = (
    Page(ALL, every, "saved.html", takes=AllAsked, menu="saved"),
    Page(ONE, one, "saved_question.html", takes=OneAsked),
)
