"""What an index run leaves unknown of its inputs, what was told for nothing, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from reidsearch.output.visible import count, visible

if TYPE_CHECKING:
    from reidsearch.domain.reports import FactsReport, IndexReport

ROWS_NAMED = 8


def missing_facts(report: IndexReport) -> list[Text]:
    """Return the lines to be read at the end of a run; none where nothing is missing."""
    lines = [*_footage(report.footage.facts), *_crops(report.facts)]
    return [Text(line, style="yellow") for line in lines]


def _footage(facts: FactsReport) -> list[str]:
    told = []
    if lacking := _lacking(facts, "source"):
        how = (
            "reidsearch coverage says why; --sources or reidsearch clock can tell it"
            if facts.names_read
            else "give --recorder auto, --pattern, --sources, or --camera and --time"
        )
        told.append(f"{lacking}: {how}. Index again then: nothing is analysed twice.")
    told += _unread(facts)
    if facts.same_start:
        told.append(
            f"--time gave {facts.same_start:,} sources the same start: give each its own "
            "(--recorder, --pattern or --sources)."
        )
    return [*told, *_rows(facts)]


def _crops(facts: FactsReport) -> list[str]:
    told = []
    if facts.names_read and (lacking := _lacking(facts, "crop")):
        told.append(f"{lacking}: --pattern, a manifest, or --camera and --time can tell it.")
    return [*told, *_unread(facts)]


def _lacking(facts: FactsReport, noun: str) -> str:
    """Return `12 of 80 sources have no time, 3 no camera`; empty where all have both."""
    missing = [
        (number, name)
        for name, number in (("time", facts.without_time), ("camera", facts.without_camera))
        if number
    ]
    if not missing:
        return ""
    (first, name), *others = missing
    have = "has" if first == 1 else "have"
    told = [f"{first:,} of {count(facts.inputs, noun)} {have} no {name}"]
    return ", ".join([*told, *(f"{number:,} no {name}" for number, name in others)])


def _unread(facts: FactsReport) -> list[str]:
    if not facts.unread_names:
        return []
    try_it = "reidsearch recorders --try NAME shows what reads a name"
    if facts.unread_names >= facts.inputs:
        return [f"Not one of {count(facts.unread_names, 'name')} was understood: {try_it}."]
    return [f"{count(facts.unread_names, 'name')} could not be understood: {try_it}."]


def _rows(facts: FactsReport) -> list[str]:
    told = []
    if facts.rows_without_file:
        told.append(
            f"{_named(facts.rows_without_file)} matched no file (paths count from its folder)"
        )
    if facts.rows_elsewhere:
        told.append(f"{_named(facts.rows_elsewhere)} matched none of the files that were given")
    if not told:
        return []
    return [f"{visible(facts.source_list or '')}: {'; '.join(told)}."]


def _named(rows: Sequence[str]) -> str:
    """Return `lines 4 and 9`; more than a few are counted."""
    if len(rows) == 1:
        return rows[0]
    kind = rows[0].partition(" ")[0]
    numbers = [row.rpartition(" ")[2] for row in rows]
    if len(rows) > ROWS_NAMED:
        numbers = [*numbers[:ROWS_NAMED], f"{len(rows) - ROWS_NAMED:,} more"]
    return f"{kind}s {', '.join(numbers[:-1])} and {numbers[-1]}"
