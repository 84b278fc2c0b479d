"""Cameras over time as lanes: what a template draws as SVG, placed in per cent of the width."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reidsearch.output import times

WIDTH = 100
LEAST = 0.15  # what is shorter is still seen
STEPS_S = (
    1,
    5,
    15,
    60,
    300,
    900,
    3600,
    3 * 3600,
    6 * 3600,
    12 * 3600,
    86400,
    7 * 86400,
    30 * 86400,
)
MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a lane.

    Args:
        x, width: in per cent of the width.
        how: how it was analysed, or `not-supplied`.
        detail: its reason; may be empty.
        source_id: that it is of; None: of none.
        at_s: media time at which it begins.
    """

    x: float
    width: float
    how: str
    detail: str
    from_time: str
    to_time: str
    source_id: int | None = None
    at_s: float = 0.0


@dataclass(slots=True)
class Lane:
    """One camera."""

    camera: str | None
    bars: list[Bar] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lanes:
    """All cameras over one time.

    Args:
        ticks: places on the axis with their texts.
        untimed: sources without a known time, which are not in it.
    """

    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    untimed: int
    first: dt.datetime | None = None
    last: dt.datetime | None = None

    def x(self, moment: dt.datetime) -> float:
        """Return where a time is."""
        if self.first is None or self.last is None:
            return 0.0
        whole = (self.last - self.first).total_seconds() or 1.0
        return WIDTH * (moment - self.first).total_seconds() / whole


def lanes_of(coverage: Mapping[str, Any]) -> Lanes:
    """Return the lanes of a coverage document."""
    timed = [
        (source, span)
        for source in coverage["sources"]
        for span in source["spans"]
        if span["from_time"] and span["to_time"]
    ]
    untimed = len({one["source_id"] for one in coverage["sources"]}) - len(
        {source["source_id"] for source, _ in timed}
    )
    missing = coverage["not_supplied"]
    ends = [_at(one[name]) for one in _spans(timed, missing) for name in ("from_time", "to_time")]
    if not ends:
        return Lanes((), (), untimed)
    empty = Lanes((), (), untimed, min(ends), max(ends))
    by_camera: dict[str | None, Lane] = {}
    for source, span in timed:
        lane = by_camera.setdefault(source["camera"], Lane(source["camera"]))
        facts = (span["how"], span["detail"], span["from_time"], span["to_time"])
        lane.bars.append(Bar(*_place(empty, span), *facts, source["source_id"], span["from_s"]))
    for gap in missing:
        lane = by_camera.setdefault(gap["camera"], Lane(gap["camera"]))
        facts = ("not-supplied", "", gap["from_time"], gap["to_time"])
        lane.bars.append(Bar(*_place(empty, gap), *facts))
    lanes = sorted(by_camera.values(), key=lambda one: (one.camera is None, one.camera or ""))
    return Lanes(tuple(lanes), tuple(_ticks(empty)), untimed, empty.first, empty.last)


def _spans(timed: Iterable[tuple[Any, Any]], missing: Iterable[Any]) -> list[Any]:
    return [*(span for _, span in timed), *missing]


def _place(lanes: Lanes, span: Mapping[str, Any]) -> tuple[float, float]:
    first, last = (lanes.x(_at(span[name])) for name in ("from_time", "to_time"))
    return round(min(first, WIDTH - LEAST), 3), round(max(last - first, LEAST), 3)


def _ticks(lanes: Lanes) -> Iterable[tuple[float, str]]:
    if lanes.first is None or lanes.last is None:
        return
    whole_s = (lanes.last - lanes.first).total_seconds()
    step_s = next((one for one in STEPS_S if whole_s / one <= MOST_TICKS), STEPS_S[-1])
    first = times.shifted(lanes.first)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + step_s * dt.timedelta(seconds=-(-(first - midnight).total_seconds() // step_s))
    while at <= lanes.last:
        told = f"{at:%H:%M:%S}" if step_s < 60 else f"{at:%H:%M}"
        if step_s >= 86400 or (at.hour, at.minute, at.second) == (0, 0, 0):
            told = f"{at:%Y-%m-%d}"
        yield round(lanes.x(at), 3), told
        at += dt.timedelta(seconds=step_s)


def _at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
