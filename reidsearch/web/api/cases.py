"""Cases: listed, shown, opened and changed. Which one a request is for: see `web/chosen.py`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, structs

from reidsearch.domain.cases import Belonging, CaseChange
from reidsearch.output.cases import case_document, cases_json, change_json
from reidsearch.services.cases import LONGEST_NOTES
from reidsearch.web.api.asked import time_asked
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing
from reidsearch.web.person import Role

Number = Annotated[str, Meta(min_length=1, max_length=200, description="Of the case.")]
Text = Annotated[str, Meta(max_length=LONGEST_NOTES)]
Time = Annotated[
    str,
    Meta(max_length=100, description="Without a zone in the archive's; a date: when it begins."),
]
TIMES = ("issued", "expires")


class CaseAsked(Given, frozen=True):
    """Which case is asked for."""

    number: Number


class CaseGiven(CaseAsked, frozen=True):
    """A case, and what is written down of it; what is left out stays as it is."""

    title: Text | UnsetType = UNSET
    authority_kind: Text | UnsetType = UNSET
    authority_reference: Text | UnsetType = UNSET
    issued: Time | UnsetType | None = UNSET
    expires: Time | UnsetType | None = UNSET
    purpose: Text | UnsetType = UNSET
    examiner: Text | UnsetType = UNSET
    notes: Text | UnsetType = UNSET


class Ended(CaseAsked, frozen=True):
    """A case to be closed or opened again."""

    note: Annotated[str, Meta(max_length=LONGEST_NOTES, description="Why, for the log.")] = ""


def listed(call: Call, _: Nothing) -> Document:
    """Return all cases, and what searching needs."""
    return cases_json(call.archive.cases.all(), call.archive.cases.search_needs)


def shown(call: Call, asked: CaseAsked) -> Document:
    """Return a case, and how much of the event log belongs to it."""
    return case_document(call.archive.cases.find(asked.number), belongings(call, asked.number))


def belongings(call: Call, number: str) -> list[Belonging]:
    """Return what the log holds of a case; limited to cameras, only what one did oneself."""
    own = None if call.cameras is None else call.person.name
    return call.archive.cases.belongings(number, own)


def new(call: Call, given: CaseGiven) -> Document:
    """Open a case."""
    case = call.archive.cases.new(given.number, **_facts(call, given))
    return change_json(CaseChange.NEW, case)


def edit(call: Call, given: CaseGiven) -> Document:
    """Change what is written down of a case."""
    case = call.archive.cases.edit(given.number, **_facts(call, given))
    return change_json(CaseChange.EDIT, case)


def close(call: Call, given: Ended) -> Document:
    """Close a case."""
    case = call.archive.cases.close(given.number, note=given.note)
    return change_json(CaseChange.CLOSE, case)


def reopen(call: Call, given: Ended) -> Document:
    """Open a closed case again."""
    case = call.archive.cases.reopen(given.number, note=given.note)
    return change_json(CaseChange.REOPEN, case)


def _facts(call: Call, given: CaseGiven) -> Any:
    """Return what is given as `CaseFacts`, times read in the archive's zone. Raises UsageError."""
    facts = {name: value for name, value in structs.asdict(given).items() if value is not UNSET}
    del facts["number"]
    for name in TIMES:
        if name in facts:
            facts[name] = time_asked(call, name, facts[name])
    return facts


def _changing(path: str, handler: Any, summary: str, takes: type[Given]) -> Endpoint:
    return Endpoint(
        "POST",
        path,
        handler,
        summary,
        takes=takes,
        document="case-change-1",
        role=Role.ANALYST,
        status=HTTPStatus.CREATED if handler is new else HTTPStatus.OK,
        for_case=False,
    )


ENDPOINTS = (
    Endpoint("GET", "/cases", listed, "All cases.", document="cases-1", for_case=False),
    Endpoint(
        "GET",
        "/case",
        shown,
        "A case, and how much of the event log belongs to it.",
        takes=CaseAsked,
        document="case-1",
        for_case=False,
    ),
    _changing("/cases", new, "Open a case.", CaseGiven),
    _changing("/cases/edit", edit, "Change what is written down of a case.", CaseGiven),
    _changing("/cases/close", close, "Close a case: nothing belongs to it any more.", Ended),
    _changing("/cases/reopen", reopen, "Open a closed case again.", Ended),
)
