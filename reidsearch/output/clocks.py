"""Clocks of footage and their corrections by hand, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import from_us, iso
from reidsearch.domain.footage import Clock, SourceCoverage
from reidsearch.domain.reports import ClockChange
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.text import UNKNOWN
from reidsearch.output.times import clock, correction_text, local, zone_name
from reidsearch.output.visible import visible

Cell = Callable[[ClockChange], str]


def wall_us(one: SourceCoverage, media_us: int) -> int | None:
    """Wall-clock microseconds of a media time; None when the clock is not known."""
    return one.facts.clock.at_media_us(media_us)


def start_text(one: SourceCoverage) -> str:
    """Return when a source starts, how sure that is, where it is from and how it was corrected."""
    clock = one.facts.clock
    at_us = wall_us(one, 0)
    if clock.start is None or at_us is None:
        return UNKNOWN
    sure = "±?" if clock.uncertainty_s is None else f"±{clock.uncertainty_s:g} s"
    told = f"{local(from_us(at_us).replace(microsecond=0))} {sure} ({clock.origin})"
    return f"{told}, {correction_text(float(clock.correction_s))}" if clock.correction_s else told


def clock_view(one: SourceCoverage, changes: Sequence[ClockChange]) -> RenderableType:
    """When a source was recorded, in lines, and every correction of it."""
    clock = one.facts.clock
    lines = [f"{visible(one.location)}: starts {start_text(one)}"]
    if clock.correction_s or clock.drift_ppm:
        lines.append(
            f"read as {_read_as(clock)}, offset {float(clock.offset_s):+g} s, "
            f"drift {clock.drift_ppm:+g} ppm"
        )
    text = Text("\n".join(lines))
    return Group(text, changes_view(changes)) if changes else text


def changes_view(changes: Sequence[ClockChange]) -> RenderableType:
    """Return corrections as a table, the earliest first."""
    if not changes:
        return Text("No clock was corrected.")

    def column(title: str, rank: int, cell: Cell, **look: bool) -> Column:
        return Column(title, [cell(one) for one in changes], rank, **look)

    return FittedTable(
        [
            column(f"when ({zone_name()})", 1, lambda one: clock(one.at.replace(microsecond=0))),
            column("who", 2, lambda one: visible(one.who) or UNKNOWN),
            column("correction", 0, lambda one: _correction(one.after)),
            column("drift", 5, lambda one: _drift(one.after)),
            column("why", 3, lambda one: visible(one.why) or UNKNOWN, wrapped=True),
            column("source", 4, _source, shortened=True),
        ]
    )


def _drift(clock: Clock) -> str:
    return f"{clock.drift_ppm:+g} ppm" if clock.drift_ppm else UNKNOWN


def _source(change: ClockChange) -> str:
    return visible(change.location) or f"source {change.source_id}, no longer held"


def _correction(clock: Clock) -> str:
    if clock.correction_s:
        return correction_text(float(clock.correction_s))
    return "start set" if clock.origin == "hand" else "none"


def _read_as(clock: Clock) -> str:
    read = _recorder_said(clock)
    return UNKNOWN if read is None else local(from_us(read))


def _recorder_said(clock: Clock) -> int | None:
    """When the source starts by the recorder's own words; None where it told nothing."""
    if clock.start is None or (clock.origin == "hand" and not clock.moved_s):
        return None
    return Clock(clock.start, offset_s=-clock.moved_s).at_us(Fraction(0))


def clock_values(one: SourceCoverage) -> dict[str, Any]:
    """Return the clock of a source as a document."""
    return _values(one.facts.clock)


def _values(clock: Clock) -> dict[str, Any]:
    read = _recorder_said(clock)
    return {
        "start": iso(clock.start) if clock.start else None,
        "origin": clock.origin,
        "uncertainty_s": clock.uncertainty_s,
        "offset_s": float(clock.offset_s),
        "drift_ppm": clock.drift_ppm,
        "correction_s": float(clock.correction_s),
        "read_start": None if read is None else iso(from_us(read)),
    }


def clock_json(one: SourceCoverage, changes: Sequence[ClockChange]) -> dict[str, Any]:
    """Return when a source was recorded, and its corrections, as a document."""
    return {
        "schema": "reidsearch/clock/1",
        "source_id": one.source_id,
        "source": one.sha256,
        "location": one.location,
        **clock_values(one),
        "corrections": [_change(change) for change in changes],
    }


def changes_json(changes: Sequence[ClockChange]) -> dict[str, Any]:
    """Return corrections as a document."""
    return {
        "schema": "reidsearch/clocks/1",
        "corrections": [_change(change) for change in changes],
    }


def _change(change: ClockChange) -> dict[str, Any]:
    return {
        "at": iso(change.at),
        "who": change.who or None,
        "why": change.why or None,
        "source_id": change.source_id,
        "location": change.location or None,
        "before": _values(change.before),
        "after": _values(change.after),
    }
