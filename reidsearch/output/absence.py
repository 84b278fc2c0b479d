"""What a "no" means, as text and as JSON: with which chance somebody would have been shown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import from_us, iso
from reidsearch.domain.absence import Absence, CameraAbsence, Cell, Chance, Covered, Factor
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.on_record import unlogged_told
from reidsearch.output.statement import no_match
from reidsearch.output.text import UNKNOWN
from reidsearch.output.times import clock, local, zone_name
from reidsearch.output.visible import count, visible

NAMED = 3  # cameras in one sentence
MOST_ROWS = 400  # of hours in a table


_FURTHER = " Hours and reasons: reidsearch explain --absence."


def absence_told(absence: Absence) -> list[str]:
    """Return what is to be said with an answer; empty where it has a confident match."""
    said = absence_said(absence)
    return [*said[:-1], *(one + _FURTHER for one in said[-1:])]


def absence_said(absence: Absence) -> list[str]:
    """Return the same without what the command line has beside it, for other faces."""
    if absence.confident or not absence.cameras:
        return []
    told = [_had_they_been(absence), *_limits(absence)]
    if absence.confident is None:
        told.append(
            "Whether one of the matches is of this person is not known: scores are not calibrated."
        )
    else:
        told.append(
            "No match is confidently of this person, and that says no more than this chance."
        )
    return told


def _limits(absence: Absence) -> list[str]:
    """Return of whom the chance is, and what of the options of the search makes it unknown."""
    asked = absence.answer.statement.requested
    unknown = [(name, one) for name, one in absence.others if one.value is None]
    if asked is not None and asked.spread is not None and absence.ranking.value is None:
        unknown.append(("shown", absence.ranking))
    told = [_sentence(note) for note in absence.narrowed]
    return told + [f"{name.capitalize()}: {_factor(one)}." for name, one in unknown]


def _had_they_been(absence: Absence) -> str:
    when = _when(absence)
    if len(absence.cameras) == 1:
        (one,) = absence.cameras
        return (
            f"Had they been at {_name(one)}{when}, this search would have shown them with a "
            f"chance {_of(one.chance)}{_why(one)}."
        )
    shown = sorted(absence.cameras, key=_order)
    parts = [f"{_name(one)} {chance_text(one.chance)}{_why(one)}" for one in shown[:NAMED]]
    if rest := shown[NAMED:]:
        parts.append(
            f"{count(len(rest), 'further camera')}, the least of them {chance_text(rest[0].chance)}"
        )
    return (
        f"Had they been at one of these cameras{when}, this search would have shown them with a "
        f"chance of: {'; '.join(parts)}."
    )


def _order(one: CameraAbsence) -> tuple[float, str]:
    """Sort the least chance first: it is what must not be overlooked."""
    value = one.chance.high if one.chance.value is None else one.chance.value
    return value, one.camera or ""


def _when(absence: Absence) -> str:
    filters = absence.answer.statement.filters
    parts = [
        *([f"{filters.time_of_day.text} of each day"] if filters.time_of_day else []),
        *([f"on {filters.weekdays.text}"] if filters.weekdays else []),
    ]
    daily = f" ({', '.join(parts)})" if parts else ""
    if absence.from_us is None or absence.to_us is None:
        return f" at some moment of its footage{daily}"
    first, last = local(from_us(absence.from_us)), local(from_us(absence.to_us))
    return f" between {first} and {last}{daily}"


def _of(chance: Chance) -> str:
    return f"that is {chance_text(chance)}" if chance.value is None else f"of {chance_text(chance)}"


def chance_text(chance: Chance) -> str:
    """Return a chance with its interval: `0.62 (0.41 to 0.78)`."""
    if chance.value is None:
        return "not known" if chance.high >= 1 else f"not known, at most {chance.high:.2f}"
    if chance.low == chance.high:
        return f"{chance.value:.2f}"
    return f"{chance.value:.2f} ({chance.low:.2f} to {chance.high:.2f})"


def _why(one: CameraAbsence) -> str:
    if one.covered is not None and one.covered.high == 0.0:
        return " (no footage of it was analysed)"
    return ""


def _name(one: CameraAbsence) -> str:
    return visible(one.camera) if one.camera is not None else "a camera that is not known"


def absence_view(absence: Absence) -> RenderableType:
    """Return the factors, the chance of each camera, that of each hour, and what limits it."""
    answer = absence.answer
    views: list[RenderableType] = [Text("Chance of being found", style="bold")]
    if not absence.cameras:
        return Group(*views, Text("No footage and no camera pass the filters: nothing is known."))
    if not answer.matches:
        views.append(Text(no_match(answer)))
    views += [Text(_had_they_been(absence)), Text(), _cameras(absence), Text()]
    rows = [(one, cell) for one in absence.cameras for cell in one.cells]
    views += [_hours(rows[:MOST_ROWS], absence.step_us)] if rows else []
    if len(rows) > MOST_ROWS:
        views.append(Text(f"{len(rows) - MOST_ROWS:,} further rows: --format json.", style="dim"))
    return Group(*views, *(Text(line, style="dim") for line in absence_sentences(absence)))


def absence_sentences(absence: Absence) -> list[str]:
    """Return what each factor was measured on, and what limits the chance."""
    told = [
        "Chance = share of the time analysed x detected x shown; somebody who came at a random "
        "moment of the time, once. 95 % intervals, by 4 000 draws.",
        f"Shown: {_factor(absence.ranking)}.",
        *(f"{name.capitalize()}: {_factor(one)}." for name, one in absence.others),
    ]
    by_source: dict[str, list[str]] = {}
    for one in absence.cameras:
        of = f"{_name(one)} {one.detection.cases:,}" if one.detection.cases else _name(one)
        by_source.setdefault(one.detection.source, []).append(of)
    told += [f"Detected: {source} ({', '.join(names)})." for source, names in by_source.items()]
    told += [f"{_name(one)}: {note}." for one in absence.cameras for note in one.notes]
    told += [_sentence(note) for note in (*absence.narrowed, *absence.notes)]
    return told + unlogged_told(absence.answer.statement.logged.why_not)


def _sentence(note: str) -> str:
    return f"{note[0].upper()}{note[1:]}."


def _factor(factor: Factor) -> str:
    return f"{chance_text(factor.chance)}; {visible(factor.source)}"


def _cameras(absence: Absence) -> FittedTable:
    shown = absence.cameras
    return FittedTable(
        [
            Column("camera", [_name(one) for one in shown], 0),
            Column("analysed", [_share(one.covered) for one in shown], 0, right=True),
            Column("detected", [chance_text(one.detection.chance) for one in shown], 1, right=True),
            Column("shown", [chance_text(absence.ranking.chance) for _ in shown], 2, right=True),
            Column("chance of being found", [chance_text(one.chance) for one in shown], 0),
        ]
    )


def _hours(rows: list[tuple[CameraAbsence, Cell]], step_us: int) -> FittedTable:
    title = f"{step_text(step_us)} from ({zone_name()})"
    return FittedTable(
        [
            Column("camera", [_name(one) for one, _ in rows], 0),
            Column(title, [clock(from_us(cell.from_us)) for _, cell in rows], 0),
            Column("analysed", [_share(cell.covered) for _, cell in rows], 1, right=True),
            Column("chance", [chance_text(cell.chance) for _, cell in rows], 0),
        ]
    )


def step_text(step_us: int) -> str:
    """Return how long a cell is: `hour`, `day`, `7 days`."""
    hours = step_us // 3_600_000_000
    if hours < 24:
        return "hour"
    return "day" if hours == 24 else f"{hours // 24} days"


def _share(share: Covered | None) -> str:
    return UNKNOWN if share is None else f"{100 * share.share:.0f} %"


SCHEMA = "reidsearch/absence/1"


def absence_document(absence: Absence) -> dict[str, Any]:
    """Return all of it, held to `schemas/absence-1.json`."""
    statement = absence.answer.statement
    return {
        "schema": SCHEMA,
        "query": statement.query,
        "archive": statement.archive,
        "archive_id": statement.archive_id,
        "asked_at": iso(statement.asked_at),
        "entry": statement.logged.entry,
        "matches": len(absence.answer.matches),
        **absence_json(absence),
    }


def absence_of_answer(absence: Absence) -> dict[str, Any]:
    """Return the member `absence` of an answer: by hour only where the answer was asked by time."""
    filters = absence.answer.statement.filters
    timed = filters.after or filters.before or filters.time_of_day or filters.weekdays
    return absence_json(absence, hours=timed is not None)


def absence_json(absence: Absence, *, hours: bool = True) -> dict[str, Any]:
    """Return the chances; without hours by camera alone."""
    return {
        "confident_match": absence.confident,
        "from_time": _iso(absence.from_us),
        "to_time": _iso(absence.to_us),
        "step_s": absence.step_us / 1_000_000,
        "ranking": _factor_json(absence.ranking),
        "others": [{"name": name, **_factor_json(one)} for name, one in absence.others],
        "notes": [*absence.narrowed, *absence.notes],
        "cameras": [
            {
                "camera": one.camera,
                "chance": _chance_json(one.chance),
                "analysed": _covered_json(one.covered),
                "detection": _factor_json(one.detection),
                "notes": list(one.notes),
                "hours": list(_cells_json(one)) if hours else [],
            }
            for one in absence.cameras
        ],
    }


def _cells_json(one: CameraAbsence) -> Iterator[dict[str, Any]]:
    for cell in one.cells:
        yield {
            "from_time": _iso(cell.from_us),
            "to_time": _iso(cell.to_us),
            "asked_s": cell.asked_us / 1_000_000,
            "analysed": _covered_json(cell.covered),
            "chance": _chance_json(cell.chance),
        }


def _factor_json(factor: Factor) -> dict[str, Any]:
    found = factor.chance
    return {
        **_chance_json(found),
        "trials": None if math.isinf(factor.trials) else factor.trials,
        "cases": factor.cases,
        "source": factor.source,
    }


def _chance_json(chance: Chance) -> dict[str, Any]:
    return {"value": chance.value, "low": chance.low, "high": chance.high}


def _covered_json(share: Covered | None) -> dict[str, Any] | None:
    if share is None:
        return None
    return {"value": share.share, "low": share.low, "high": share.high}


def _iso(at_us: int | None) -> str | None:
    return None if at_us is None else iso(from_us(at_us))
