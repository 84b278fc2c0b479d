"""Cases, as text and as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso, now
from reidsearch.domain.cases import Belonging, Case, CaseChange, Needed
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.times import clock, local, zone_name
from reidsearch.output.visible import count, visible

_DONE = {
    CaseChange.NEW: "Case {number} opened.",
    CaseChange.EDIT: "Case {number} changed.",
    CaseChange.CLOSE: "Case {number} closed: nothing belongs to it any more.",
    CaseChange.REOPEN: "Case {number} opened again.",
}


_NEEDED = {
    Needed.NOTHING: "Searching needs no case.",
    Needed.CASE: "Every search needs a case: --case NUMBER, or REIDSEARCH_CASE.",
    Needed.REASON: "Every search needs a case and a reason: --case NUMBER --reason KIND.",
}


def cases_view(cases: Sequence[Case], needed: Needed) -> RenderableType:
    """All cases, one a line, and what searching needs."""
    if not cases:
        none = "No cases yet: reidsearch case new NUMBER --title TEXT"
        return Text(f"{none}\n{needed_text(needed)}")
    at = now()
    table = FittedTable(
        [
            Column("number", [visible(one.number) for one in cases], 0, wrapped=True),
            Column("state", [one.state(at).value for one in cases], 0),
            Column("title", [visible(one.title) or "-" for one in cases], 1, wrapped=True),
            Column("examiner", [visible(one.examiner) for one in cases], 3, wrapped=True),
            Column(f"expires ({zone_name()})", [_clock(one.expires) for one in cases], 2),
        ]
    )
    return Group(table, Text(needed_text(needed)))


def needed_text(needed: Needed) -> str:
    """What every search of the archive needs."""
    return _NEEDED[needed]


def case_text(case: Case, belongings: Sequence[Belonging]) -> str:
    """One case, and what belongs to it, in lines."""
    lines = [f"Case {visible(case.number)}: {case.state(now()).value}."]
    lines += [f"  {name}: {value}" for name, value in _told(case)]
    if not belongings:
        return "\n".join([*lines, "Nothing in the event log belongs to it."])
    lines.append("In the event log:")
    for one in belongings:
        entries = count(one.entries, "entry", "entries")
        lines.append(
            f"  {one.event.value}: {entries}, the newest {one.newest} at {local(one.newest_at)}"
        )
    return "\n".join([*lines, f"Each: reidsearch log list --case {quote(visible(case.number))}"])


def change_text(change: CaseChange, case: Case) -> str:
    """What was done to a case."""
    done = _DONE[change].format(number=visible(case.number))
    return "\n".join([done, *(f"  {name}: {value}" for name, value in _told(case))])


def cases_json(cases: Sequence[Case], needed: Needed) -> dict[str, Any]:
    """All cases, and what searching needs."""
    return {
        "schema": "reidsearch/cases/1",
        "search_needs": needed.value,
        "cases": [case_json(one) for one in cases],
    }


def needed_json(needed: Needed) -> dict[str, Any]:
    """What every search of the archive needs from now on."""
    return {"schema": "reidsearch/case-required/1", "search_needs": needed.value}


def change_json(change: CaseChange, case: Case) -> dict[str, Any]:
    """What was done to a case."""
    return {
        "schema": "reidsearch/case-change/1",
        "change": change.value,
        "case": case_json(case),
    }


def case_document(case: Case, belongings: Sequence[Belonging]) -> dict[str, Any]:
    """One case, and what belongs to it."""
    return {
        "schema": "reidsearch/case/1",
        "case": case_json(case),
        "belongings": [
            {
                "event": one.event.value,
                "entries": one.entries,
                "newest": one.newest,
                "newest_at": iso(one.newest_at),
            }
            for one in belongings
        ],
    }


def case_json(case: Case) -> dict[str, Any]:
    """One case, with its state just now."""
    return {**case.document(), "state": case.state(now()).value}


def _told(case: Case) -> Iterator[tuple[str, str]]:
    """Yield what is known of a case."""
    authority = " ".join(filter(None, (case.authority_kind, case.authority_reference)))
    told = {
        "title": case.title,
        "authority": authority,
        "issued": local(case.issued) if case.issued else "",
        "expires": local(case.expires) if case.expires else "",
        "purpose": case.purpose,
        "examiner": case.examiner,
        "notes": case.notes,
    }
    return ((name, visible(value)) for name, value in told.items() if value)


def _clock(time: dt.datetime | None) -> str:
    return clock(time.replace(microsecond=0)) if time else "-"
