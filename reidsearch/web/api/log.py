"""The log: decisions, corrections of clocks, and what else is on record."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from reidsearch.domain.decisions import Decision
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.output.clocks import changes_json
from reidsearch.output.event_log import entries_json
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


class EntriesAsked(Given, frozen=True):
    """Which entries of the event log are asked for."""

    event: Annotated[Event | None, Meta(description="Only of this kind.")] = None
    who: Annotated[str | None, Meta(description="Only by this person.")] = None
    case: Annotated[str | None, Meta(description="Only of this case.")] = None
    most: Annotated[int, Meta(ge=1, le=1000)] = PAGE


def entries(call: Call, asked: EntriesAsked) -> Document:
    """Return the newest entries of the event log, the latest last."""
    found = entries_asked(call, asked.event, asked.who, asked.most, case=asked.case)
    told = entries_json(call.archive.log.archive_id, found)
    return {**told, "entries": list(told["entries"])}


def entries_asked(
    call: Call, event: Event | None, who: str | None, most: int | None, *, case: str | None = None
) -> list[LogEntry]:
    """Return the newest entries that may be seen: limited to cameras, of oneself alone.

    What others searched for would tell of cameras that are out of sight.
    """
    own = call.person.name
    if call.person.cameras is not None:
        if who not in {None, own}:
            return []
        who = own
    events = [event] if event else []
    return list(call.archive.log.entries(last=most, events=events, actor=who, case=case))


ENDPOINTS = (
    Endpoint(
        "GET",
        "/log",
        entries,
        "The event log: what was done, by whom.",
        takes=EntriesAsked,
        document="event-log-1",
    ),
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
