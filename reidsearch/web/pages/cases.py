"""Cases: the one that somebody works for, all of them, and one with what belongs to it."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from msgspec import Meta, structs
from starlette.responses import RedirectResponse, Response

from reidsearch.base.errors import Kind
from reidsearch.base.timecode import iso
from reidsearch.domain.cases import Case, CaseState, Needed, ReasonKind
from reidsearch.domain.review import Review, outcome
from reidsearch.output.event_log import summary
from reidsearch.output.times import clock
from reidsearch.web.api import cases
from reidsearch.web.api.cases import TIMES, CaseAsked, Number
from reidsearch.web.api.log import entries_asked
from reidsearch.web.call import Call
from reidsearch.web.chooser import CHOOSER, LONGEST_REASON, lacks, on_this_site, reason_of
from reidsearch.web.chosen import Chosen, keep
from reidsearch.web.declared import Form, Given, Nothing, Page, Values
from reidsearch.web.person import Role

ONE = "/case"
Back = Annotated[str, Meta(max_length=60_000, description="The page to go on with.")]
Line = Annotated[str, Meta(max_length=10_000)]
Why = Literal["", "case-required", "reason-required", "case-closed", "case-expired", "case-unknown"]


class Asked(Given, frozen=True):
    """Why somebody was led here, and where they go on.

    Args:
        done: what was done last.
    """

    why: Why = ""
    back: Back = ""
    done: Literal["", "leave"] = ""


class OneAsked(CaseAsked, frozen=True):
    """Which case, and what was done to it last."""

    done: Literal["", "new", "edit", "close", "reopen"] = ""


def every(call: Call, asked: Asked) -> Values:
    """Return what the page of all cases shows."""
    every_case = call.archive.cases.all()
    return {
        **_choosing(call, asked.back),
        "asked": asked,
        "cases": [_told(call, one) for one in reversed(every_case)],
        "empty": _fields(None),
    }


def one(call: Call, asked: OneAsked) -> Values:
    """Return what the page of one case shows."""
    case = call.archive.cases.find(asked.number)
    who = None if call.cameras is None else call.person.name
    return {
        **_choosing(call, ""),
        "asked": asked,
        "case": _told(call, case),
        "fields": _fields(case),
        "belongings": [
            {
                "belonging": each,
                "at": iso(each.newest_at),
                "newest": [
                    summary(entry)
                    for entry in entries_asked(call, each.event, who, 1, case=case.number)
                ],
            }
            for each in cases.belongings(call, case.number)
        ],
        "reviews": [_review(each) for each in call.archive.reviews.all(case.number)]
        if call.cameras is None
        else [],
        "log": f"/log?{urlencode({'case': case.number})}",
    }


def _choosing(call: Call, back: str) -> dict[str, Any]:
    """Return what the form needs that chooses a case."""
    held = call.archive.cases
    return {
        "open_cases": [each for each in held.all() if held.state_of(each) is CaseState.OPEN],
        "reasons": [each.value for each in ReasonKind],
        "longest_reason": LONGEST_REASON,
        "needs": held.search_needs,
        "Needed": Needed,
        "lacks": lacks(call),
        "back": back,
        "may_change": call.may(Role.ANALYST),
    }


def _told(call: Call, case: Case) -> dict[str, Any]:
    return {
        **case.document(),
        "state": call.archive.cases.state_of(case).value,
        "address": address(case.number),
        "own": case.number == call.chosen.number,
    }


def _review(review: Review) -> dict[str, Any]:
    """Return a review; what came of it only once it is finished, so that it stays blind."""
    finished = review.finished_at
    return {
        "review": review,
        "finished_at": iso(finished) if finished else None,
        "outcome": outcome(review.items) if finished else None,
    }


def _fields(case: Case | None) -> dict[str, str]:
    """Return what is written down of a case as the fields of its form show it."""
    names = [name for name in cases.CaseGiven.__struct_fields__ if name != "number"]
    if case is None:
        return dict.fromkeys(names, "")
    return {name: _shown(getattr(case, name)) for name in names}


def _shown(value: str | dt.datetime | None) -> str:
    if value is None:
        return ""
    return clock(value) if isinstance(value, dt.datetime) else value


def address(number: str, done: str = "") -> str:
    """Return the address of the page of a case."""
    return f"{ONE}?{urlencode({'number': number} | ({'done': done} if done else {}))}"


class Choice(Given, frozen=True):
    """The case that somebody works for from now on, and why they search."""

    number: Number
    reason: Annotated[str, Meta(max_length=20)] = ""
    note: Annotated[str, Meta(max_length=LONGEST_REASON)] = ""
    back: Back = ""


def take_choose(call: Call, given: Choice) -> Response:
    """Work for a case.

    Raises:
        NotFound: there is no such case.
        UsageError: it is closed, or has expired; the reason is none.
    """
    reason = reason_of(given.reason, given.note)
    author = call.archive.cases.author(call.person.name, given.number, reason)
    if reason is None and call.archive.cases.search_needs is Needed.REASON:
        query = urlencode({"why": Kind.REASON_REQUIRED.value, "back": given.back})
        return _to(f"{CHOOSER}?{query}")
    response = _to(on_this_site(given.back) if given.back else address(given.number))
    return _kept(call, response, Chosen(author.case, author.reason))


def take_leave(call: Call, _: Nothing) -> Response:
    """Work for no case any more."""
    response = _to(f"{CHOOSER}?done=leave")
    return _kept(call, response, Chosen())


def _kept(call: Call, response: Response, chosen: Chosen) -> Response:
    local = call.person.account_id is None
    keep(response, call.state.sessions, call.session or "", chosen, local=local)
    return response


class CaseForm(Given, frozen=True):
    """What is filled in of a case."""

    number: Number
    title: Line = ""
    authority_kind: Line = ""
    authority_reference: Line = ""
    issued: Line = ""
    expires: Line = ""
    purpose: Line = ""
    examiner: Line = ""
    notes: Line = ""


def take_new(call: Call, given: CaseForm) -> Response:
    """Open a case."""
    filled = {name: value for name, value in _filled(given).items() if value.strip()}
    made = cases.new(call, cases.CaseGiven(**filled))
    return _to(address(made["case"]["number"], "new"))


def take_edit(call: Call, given: CaseForm) -> Response:
    """Change what was changed in the form; the rest may have been changed by others meanwhile."""
    case = call.archive.cases.find(given.number)
    shown, filled = _fields(case), _filled(given)
    changed: dict[str, Any] = {
        name: filled[name] for name in shown if filled[name] != _lines(shown[name])
    }
    for name in TIMES:
        if changed.get(name) == "":
            changed[name] = None
    if changed:
        cases.edit(call, cases.CaseGiven(number=case.number, **changed))
    return _to(address(case.number, "edit"))


def _filled(given: CaseForm) -> dict[str, str]:
    return {name: _lines(value) for name, value in structs.asdict(given).items()}


def _lines(text: str) -> str:
    """Return a text with the ends of lines that it had before a browser sent it."""
    return text.replace("\r\n", "\n")


def take_close(call: Call, given: cases.Ended) -> Response:
    """Close a case."""
    cases.close(call, given)
    return _to(address(given.number, "close"))


def take_reopen(call: Call, given: cases.Ended) -> Response:
    """Open a closed case again."""
    cases.reopen(call, given)
    return _to(address(given.number, "reopen"))


def _to(where: str) -> Response:
    return RedirectResponse(where, HTTPStatus.SEE_OTHER)


PAGES = (
    Page(CHOOSER, every, "cases.html", takes=Asked, menu="cases", for_case=False),
    Page(ONE, one, "case.html", takes=OneAsked, for_case=False),
)
FORMS = (
    Form(f"{CHOOSER}/choose", take_choose, takes=Choice),
    Form(f"{CHOOSER}/leave", take_leave),
    Form(f"{CHOOSER}/new", take_new, takes=CaseForm, role=Role.ANALYST),
    Form(f"{CHOOSER}/edit", take_edit, takes=CaseForm, role=Role.ANALYST),
    Form(f"{CHOOSER}/close", take_close, takes=cases.Ended, role=Role.ANALYST),
    Form(f"{CHOOSER}/reopen", take_reopen, takes=cases.Ended, role=Role.ANALYST),
)
