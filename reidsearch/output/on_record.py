"""What an answer says of itself: for which case it was asked, and where it is recorded."""

from __future__ import annotations

from reidsearch.domain.answers import Logged, WhyNotLogged
from reidsearch.domain.cases import AskedFor, ReasonKind
from reidsearch.output.visible import visible

REASONS = {
    ReasonKind.SUSPECT: "a suspect",
    ReasonKind.WITNESS: "a witness",
    ReasonKind.VICTIM: "a victim",
    ReasonKind.MISSING: "a missing person",
    ReasonKind.EXCLUDE: "to rule somebody out",
    ReasonKind.OTHER: "another reason",
}


def case_told(case: AskedFor | None) -> list[str]:
    """Return for which case a search was made, and why; nothing: for none."""
    if case is None:
        return []
    why = f", {REASONS[case.reason]}" if case.reason else ""
    note = f" ({visible(case.note)})" if case.note else ""
    return [f"Asked for case {visible(case.number)}{why}{note}."]


def unlogged_told(why_not: WhyNotLogged | None) -> list[str]:
    """Return why a question has no entry of the event log; nothing: it has one."""
    return [] if why_not is None else [logged_sentence(Logged(None, why_not))]


def logged_sentence(logged: Logged) -> str:
    """Return which entry of the event log a search has, or that and why it has none."""
    if logged.entry is None:
        return f"Not in the event log: {logged.why_not}."
    return f"Entry {logged.entry} of the event log."
