"""The log: who decided what, when and why."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from reidsearch.base.timecode import iso
from reidsearch.domain.decisions import Decision
from reidsearch.domain.event_log import Event
from reidsearch.output.event_log import summary
from reidsearch.output.identities import decision_text
from reidsearch.web.api import log
from reidsearch.web.call import Call
from reidsearch.web.declared import Nothing, Page, Values

MOST_ENTRIES = 100


class Asked(log.DecisionsAsked, frozen=True):
    """Which decisions and entries are asked for."""

    case: Annotated[str | None, Meta(description="Only of this case.")] = None


def shown(call: Call, asked: Asked) -> Values:
    """Return what the page shows, the latest first."""
    names = call.sight.names()
    found = log.asked_for(call, asked)
    every = call.sight.decisions(call.identities.decisions())
    recorded = log.entries_asked(call, None, asked.who, MOST_ENTRIES, case=asked.case)
    if asked.case is not None:
        found = _of_case(call, found, asked.case)
    return {
        "entries": [
            {"entry": one, "at": iso(one.at), "text": summary(one)} for one in reversed(recorded)
        ],
        "asked": asked,
        "decisions": [
            {"decision": one, "text": decision_text(one, names)} for one in reversed(found)
        ],
        "older": found[0].decision_id if len(found) == asked.most else None,
        "cases": [one.number for one in call.archive.cases.all()],
        "people": sorted({one.who for one in every}),
        "names": sorted(names.items(), key=lambda item: item[1]),
        "clocks": log.clocks(call, Nothing())["corrections"][::-1],
    }


def _of_case(call: Call, found: list[Decision], case: str) -> list[Decision]:
    """Return the decisions that were taken for a case, as the event log has it."""
    said = [
        one.said or {} for one in log.entries_asked(call, Event.DECISION, None, None, case=case)
    ]
    numbers = {one.get("decision") for one in said}
    return [one for one in found if one.decision_id in numbers]


PAGES = (Page("/log", shown, "log.html", takes=Asked, menu="log"),)
