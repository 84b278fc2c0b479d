"""The log: who decided what, when and why."""

from __future__ import annotations

from reidsearch.base.timecode import iso
from reidsearch.output.event_log import summary
from reidsearch.output.identities import decision_text
from reidsearch.web.api import log
from reidsearch.web.call import Call
from reidsearch.web.declared import Nothing, Page, Values

MOST_ENTRIES = 100


def shown(call: Call, asked: log.DecisionsAsked) -> Values:
    """Return what the page shows, the latest first."""
    names = call.sight.names()
    found = log.asked_for(call, asked)
    every = call.sight.decisions(call.identities.decisions())
    recorded = log.entries_asked(call, None, asked.who, MOST_ENTRIES)
    return {
        "entries": [
            {"entry": one, "at": iso(one.at), "text": summary(one)} for one in reversed(recorded)
        ],
        "asked": asked,
        "decisions": [
            {"decision": one, "text": decision_text(one, names)} for one in reversed(found)
        ],
        "older": found[0].decision_id if len(found) == asked.most else None,
        "people": sorted({one.who for one in every}),
        "names": sorted(names.items(), key=lambda item: item[1]),
        "clocks": log.clocks(call, Nothing())["corrections"][::-1],
    }


PAGES = (Page("/log", shown, "log.html", takes=log.DecisionsAsked, menu="log"),)
