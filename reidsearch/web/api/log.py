"""The log: decisions, and corrections of clocks."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from reidsearch.domain.decisions import Decision
from reidsearch.output.clocks import changes_json
from reidsearch.output.identities import log_json
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing

PAGE = 200


class DecisionsAsked(Given, frozen=True):
    """Which decisions are asked for."""

    who: Annotated[str | None, Meta(description="Only by this person.")] = None
    identity: Annotated[str | None, Meta(description="Only about this identity.")] = None
    before: Annotated[int, Meta(ge=1, description="Only with lower numbers.")] | None = None
    most: Annotated[int, Meta(ge=1, le=1000)] = PAGE


def decisions(call: Call, asked: DecisionsAsked) -> Document:
    """Return decisions, the latest last."""
    return log_json(asked_for(call, asked))


def asked_for(call: Call, asked: DecisionsAsked) -> list[Decision]:
    """Return the last of the decisions that are asked for and may be seen, in their order."""
    number = None
    if asked.identity is not None:
        number = call.sight.require_identity(asked.identity).identity_id
    found = [
        one
        for one in call.sight.decisions(call.identities.decisions())
        if (asked.who is None or one.who == asked.who)
        and (asked.before is None or one.decision_id < asked.before)
        and (number is None or any(number in change.identities for change in one.changes))
    ]
    return found[-asked.most :]


def clocks(call: Call, _: Nothing) -> Document:
    """Return corrections of clocks, of sources that may be seen."""
    changes = call.archive.footage.clock_changes()
    seen = call.sight.sources(one.source_id for one in changes)
    return changes_json([one for one in changes if one.source_id in seen])


ENDPOINTS = (
    Endpoint(
        "GET",
        "/decisions",
        decisions,
        "The log of decisions.",
        takes=DecisionsAsked,
        document="decisions-1",
    ),
    Endpoint("GET", "/clocks", clocks, "Corrections of clocks.", document="clocks-1"),
)
