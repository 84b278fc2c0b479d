"""The way to choosing a case and back, and what every page shows of the case that is worked for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from reidsearch.base.errors import Kind, ReidsearchError
from reidsearch.domain.cases import Needed, Reason, ReasonKind
from reidsearch.web.call import Call

CHOOSER = "/cases"
TO_BE_CHOSEN = frozenset(
    {
        Kind.CASE_REQUIRED,
        Kind.REASON_REQUIRED,
        Kind.CASE_CLOSED,
        Kind.CASE_EXPIRED,
        Kind.CASE_UNKNOWN,
    }
)
"""What is wrong when a page leads to the chooser instead."""
LONGEST_REASON = 500
"""Characters of the free text; browsers keep cookies of 4,096 bytes."""


def working(call: Call) -> dict[str, Any] | None:
    """Return the case in the header of a page, with its state just now; None: no case."""
    try:
        chosen = call.chosen
        if chosen.number is None:
            return None
    except ReidsearchError:
        return None
    told = {"number": chosen.number, "reason": chosen.reason or "", "title": "", "state": "unknown"}
    try:
        case = call.archive.cases.find(chosen.number)
    except ReidsearchError:  # no such case any more; or nothing can be read, which the page tells
        return told
    return told | {"title": case.title, "state": call.archive.cases.state_of(case).value}


def lacks(call: Call) -> Needed:
    """Return what every search of the archive needs and whoever asks has not chosen."""
    needed, chosen = call.archive.cases.search_needs, call.chosen
    if needed is not Needed.NOTHING and chosen.number is None:
        return Needed.CASE
    if needed is Needed.REASON and chosen.reason is None:
        return Needed.REASON
    return Needed.NOTHING


def to_exclude(call: Call) -> bool:
    """Tell whether whoever asks has chosen to rule somebody out."""
    chosen = call.chosen.reason
    return chosen is not None and Reason.of(chosen).kind is ReasonKind.EXCLUDE


def reason_of(kind: str, note: str) -> str | None:
    """Return a reason as it was chosen on a page; None: none was.

    Raises:
        UsageError: there is a note and no kind, or none of `other`.
    """
    if not kind and not note.strip():
        return None
    return str(Reason.of(f"{kind}: {note.strip()}"))


def to_chooser(request: Request, why: str) -> Response:
    """Return the way to the chooser, and from there back to the page that was asked for."""
    query = urlencode({"why": why, "back": here(request)})
    return RedirectResponse(f"{CHOOSER}?{query}", HTTPStatus.SEE_OTHER)


def here(request: Request) -> str:
    """Return the address of the page that is asked for, to come back to."""
    if request.method not in {"GET", "HEAD"}:
        return CHOOSER
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def on_this_site(address: str) -> str:
    """Return an address that leads to a page here; of another site the first page."""
    plain = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if plain and address.isascii() and address.isprintable() else "/"
