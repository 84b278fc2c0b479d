"""Saved questions and what they found, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso
from reidsearch.domain.notify_state import NotifyState
from reidsearch.domain.saved import (
    SavedAnswer,
    SavedQuestion,
    SavedRun,
    SavedState,
    answer_json,
)
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.filters_told import filtered_told
from reidsearch.output.times import clock, zone_name
from reidsearch.output.visible import count, visible


def questions_view(every: Sequence[SavedState]) -> RenderableType:
    """All questions, one a line."""
    if not every:
        return Text("No saved questions: reidsearch saved add NAME IMAGE --min-score SCORE.")
    asked = [one.question for one in every]
    return FittedTable(
        [
            Column("name", [visible(one.name) for one in asked], 0, wrapped=True),
            Column("new", [str(one.new) for one in every], 0, right=True),
            Column("found", [str(one.found) for one in every], 1, right=True),
            Column("asks", [visible(_asks(one)) for one in asked], 2, wrapped=True),
            Column("case", [visible(one.case or "-") for one in asked], 4, wrapped=True),
            Column("by", [visible(one.made_by) for one in asked], 5, wrapped=True),
            Column(
                f"asked ({zone_name()})",
                [
                    clock(one.asked_at.replace(microsecond=0)) if one.asked_at else "-"
                    for one in asked
                ],
                3,
            ),
            Column("stopped", [visible(one.why_not or "-") for one in asked], 0, wrapped=True),
            *_notify_column(every),
        ]
    )


def _notify_column(every: Sequence[SavedState]) -> list[Column]:
    """Who is told of new answers, where anybody is."""
    if not any(one.notify for one in every):
        return []
    cells = [_notify_told(one.notify) if one.notify else "-" for one in every]
    return [Column("tells", cells, 0, wrapped=True)]


def _notify_told(one: NotifyState) -> str:
    """Who is told, and what they have not been told."""
    who = visible(one.shown or "nobody")
    if one.off is not None:
        return f"{who} (off: {visible(one.off)})"
    return f"{who}: {_undelivered(one)}" if one.undelivered else who


def _undelivered(one: NotifyState) -> str:
    left = f"{count(one.undelivered, 'answer')} not delivered"
    since = f" since {clock(one.since.replace(microsecond=0))}" if one.since else " yet"
    return f"{left}{since}{f', last error: {visible(one.error)}' if one.error else ''}"


def is_undelivered(one: NotifyState | None) -> bool:
    """Tell whether somebody should have been told of answers, and was not."""
    if one is None or one.elsewhere:
        return False
    return bool(one.undelivered) or one.off is not None


def notify_text(state: SavedState) -> str:
    """Who is told of a question from now on."""
    name, told = visible(state.question.name), state.notify
    if told is None or told.off is not None:
        return f"Nobody is told of new answers of {name} by this user of this machine."
    return (
        f"{visible(told.shown or '')} is told of what {name} finds from now on, whenever this user "
        "of this machine indexes. Whether that works: reidsearch saved list"
    )


def _asks(one: SavedQuestion) -> str:
    return ", ".join([one.asked.label, _limit(one), *filtered_told(one.asked.filters)])


def _limit(one: SavedQuestion) -> str:
    by = one.asked.requested
    if by.min_score is not None:
        return f"score {by.min_score:g} or more"
    return f"at most {by.max_false_alarms:g} expected false alarms"


def questions_json(every: Sequence[SavedState]) -> dict[str, Any]:
    """All questions."""
    return {"schema": "reidsearch/saved/1", "questions": [_facts(one) for one in every]}


def change_text(change: str, one: SavedQuestion) -> str:
    """What was done with a question."""
    if change == "remove":
        return f"Removed the saved question {visible(one.name)} with all that it found."
    return (
        f"Saved {visible(one.name)}: asked of what is indexed from now on. "
        "Answers: reidsearch saved list"
    )


def change_json(change: str, state: SavedState) -> dict[str, Any]:
    """What was done with a question."""
    return {
        "schema": "reidsearch/saved-change/1",
        "change": change,
        "question": _facts(state),
    }


def waiting_lines(every: Sequence[SavedState]) -> list[str]:
    """What nobody has looked at yet, and what could not be asked: a line each question."""
    lines = []
    for one in every:
        name = visible(one.question.name)
        if one.new:
            new = count(one.new, "new answer")
            lines.append(f"{new} of the saved question {name}: reidsearch saved show")
        if one.question.why_not is not None:
            why_not = visible(one.question.why_not)
            lines.append(f"The saved question {name} could not be asked: {why_not}")
        if one.notify is not None and is_undelivered(one.notify):
            lines.append(f"The saved question {name} tells {_notify_told(one.notify)}")
    return lines


def runs_view(runs: Sequence[SavedRun]) -> RenderableType:
    """What became of each question."""
    if not runs:
        return questions_view([])
    return Text("\n".join(f"{visible(one.name)}: {_became(one)}{_told_of(one)}" for one in runs))


def _became(run: SavedRun) -> str:
    if run.why_not is not None:
        return f"could not be asked: {visible(run.why_not)}"
    if not run.asked:
        return "nothing was indexed since it was asked"
    return count(run.found, "new answer")


def _told_of(run: SavedRun) -> str:
    return f"; tells {_notify_told(run.notify)}" if run.notify else ""


def runs_json(runs: Sequence[SavedRun]) -> dict[str, Any]:
    """What became of each question."""
    return {
        "schema": "reidsearch/saved-runs/1",
        "runs": [
            {
                "name": one.name,
                "asked": one.asked,
                "found": one.found,
                "why_not": one.why_not,
                "notify": _notify_facts(one.notify),
            }
            for one in runs
        ],
    }


def answers_view(state: SavedState, answers: Sequence[SavedAnswer]) -> RenderableType:
    """What a question found, one match a line; new ones are marked."""
    if not answers:
        name = visible(state.question.name)
        return Text(f"{name} has found nothing yet in what was indexed since it was saved.")
    crops = [one.crop for one in answers]
    table = FittedTable(
        [
            Column("new", ["" if one.seen_at else "new" for one in answers], 0),
            Column("crop", [str(one.crop_id) for one in crops], 0, right=True),
            Column("score", [f"{one.score:.3f}" for one in answers], 0, right=True),
            Column("camera", [visible(one.facts.camera or "-") for one in crops], 0, wrapped=True),
            Column(
                f"time ({zone_name()})",
                [clock(one.facts.time) if one.facts.time else "-" for one in crops],
                0,
            ),
            Column("location", [visible(one.location) for one in crops], 1, shortened=True),
            Column(
                f"found ({zone_name()})",
                [clock(one.found_at.replace(microsecond=0)) for one in answers],
                2,
            ),
            Column("log entry", [str(one.entry or "-") for one in answers], 3, right=True),
        ]
    )
    told = state.notify
    return Group(table, Text(f"Tells {_notify_told(told)}.")) if told else table


def answers_json(state: SavedState, answers: Sequence[SavedAnswer]) -> dict[str, Any]:
    """What a question found."""
    return {
        "schema": "reidsearch/saved-answers/1",
        "question": _facts(state),
        "answers": [answer_json(one) for one in answers],
    }


def _facts(state: SavedState) -> dict[str, Any]:
    one = state.question
    return {
        "name": one.name,
        "asks": one.asked.label,
        "pictures": len(one.pictures),
        "crops": list(one.asked.crops),
        "identity_id": one.identity_id,
        "min_score": one.asked.requested.min_score,
        "max_false_alarms": one.asked.requested.max_false_alarms,
        "filtered_by": filtered_told(one.asked.filters),
        "case": one.case,
        "made_by": one.made_by,
        "made_at": iso(one.made_at),
        "asked_at": iso(one.asked_at) if one.asked_at else None,
        "why_not": one.why_not,
        "found": state.found,
        "new": state.new,
        "notify": _notify_facts(state.notify),
    }


def _notify_facts(one: NotifyState | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "means": one.means and one.means.value,
        "shown": one.shown,
        "undelivered": one.undelivered,
        "since": iso(one.since) if one.since else None,
        "error": one.error,
        "off": one.off,
    }
