"""Answers, how they would be searched for, and why a match scores what it scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from msgspec import Meta

from reidsearch.domain.answers import Answer
from reidsearch.domain.explanation import Explanation
from reidsearch.output.absence import absence_document
from reidsearch.output.explanation import explanation_json
from reidsearch.output.plan import preview_json
from reidsearch.web.api.asked import SearchAsked, request_of
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint


def found(call: Call, asked: SearchAsked) -> Answer:
    """Return the answer to a search, of what whoever asks may see."""
    answer = call.archive.search(request_of(call, asked))
    call.state.metrics.searched()
    return answer


def answer(call: Call, asked: SearchAsked) -> Document:
    """Return the answer to a search."""
    return found(call, asked).to_json()


def absence(call: Call, asked: SearchAsked) -> Document:
    """Search, and return with which chance that would have shown somebody, had they been there."""
    return absence_document(call.archive.absences.of(found(call, asked), call.cameras))


def plan(call: Call, asked: SearchAsked) -> Document:
    """Return what would be searched, and how."""
    return preview_json(call.archive.preview_search(request_of(call, asked, read=False)))


class ExplanationAsked(SearchAsked, frozen=True, kw_only=True):
    """A search with one picture or crop, and one of its matches."""

    match: Annotated[int, Meta(ge=1, le=2**63 - 1, description="Crop id.")]


def explained(call: Call, asked: ExplanationAsked) -> Explanation:
    """Return why a match scores what it scores, with those around that may be seen."""
    call.crop(asked.match)
    told = call.archive.explain(request_of(call, asked), asked.match)
    seen = call.sight.crops(one.crop.crop_id for one in (*told.near_query, *told.near_match))
    return replace(
        told,
        near_query=tuple(one for one in told.near_query if one.crop.crop_id in seen),
        near_match=tuple(one for one in told.near_match if one.crop.crop_id in seen),
    )


def explanation(call: Call, asked: ExplanationAsked) -> Document:
    """Return why a match scores what it scores."""
    return explanation_json(explained(call, asked))


ENDPOINTS = (
    Endpoint("POST", "/searches", answer, "Find a person.", takes=SearchAsked, document="answer-3"),
    Endpoint(
        "GET",
        "/answers",
        answer,
        "Find a person: the same search, by an address.",
        takes=SearchAsked,
        document="answer-3",
    ),
    Endpoint(
        "GET",
        "/answers/absence",
        absence,
        "With which chance a search would have shown somebody, had they been there.",
        takes=SearchAsked,
        document="absence-1",
    ),
    Endpoint(
        "POST",
        "/searches/plan",
        plan,
        "What a search would look through, and how; nothing is searched.",
        takes=SearchAsked,
        document="search-preview-1",
    ),
    Endpoint(
        "GET",
        "/explanations",
        explanation,
        "Why a match scores what it scores for one picture or crop.",
        takes=ExplanationAsked,
        document="explanation-1",
    ),
)
