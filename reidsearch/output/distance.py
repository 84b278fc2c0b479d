"""How far apart two people were, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import from_us, iso
from reidsearch.domain.distance import UNEVEN, Apart, Closer, Distance, Undecided, Unit
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.on_record import case_told, logged_sentence
from reidsearch.output.times import tenths, zone_name
from reidsearch.output.visible import duration, visible

ROWS = 15  # of the table; JSON and CSV have all
MEANS = {
    Unit.METRES: "Metres on the ground, between the points where the two people stand.",
    Unit.HEIGHTS: (
        "Body heights in the picture: from the feet of the one to the feet of the other, over the "
        "mean height of both. It is no distance on the ground: depth is foreshortened, so people "
        "one behind the other were further apart than it says."
    ),
}
BEYOND = {
    Unit.METRES: "a person stands beyond the points that were measured, where the map goes on",
    Unit.HEIGHTS: (
        f"one box is more than {UNEVEN:g} times as high as the other, so one person was further "
        "from the camera"
    ),
}
SURE = {
    Unit.METRES: (
        "The interval of a time holds the true distance in 95 of 100 cases, if the feet are seen: "
        "where something hides them, people seem to stand further away than they do."
    ),
    Unit.HEIGHTS: (
        "The interval of a time tells how exact the two boxes are, not how much depth is missing."
    ),
}
WHY = {
    Undecided.UNSEEN: "one of them was not detected for a while",
    Undecided.EDGE: "a box touches the edge of the picture, so the feet may be outside",
    Undecided.HORIZON: "a foot point lies where the map shows no ground",
}
SHORT = {Unit.METRES: "m", Unit.HEIGHTS: "heights"}


def distance_view(found: Distance) -> RenderableType:
    """The nearest they were, for how long they were closer than a limit, and times."""
    lines = [Text(line) for line in headlines(found)]
    notes = [Text(line, style="dim") for line in distance_sentences(found)]
    return Group(Text(title_of(found), style="bold"), *lines, _times(found), *notes)


def title_of(found: Distance) -> str:
    """Return between whom, where, and for how long both were in sight."""
    return (
        f"Tracklets {found.first.tracklet_id} and {found.second.tracklet_id}, "
        + (f"camera {visible(found.first.camera)}" if found.first.camera else "no known camera")
        + f": in sight at once for {duration(found.together_s)}"
    )


def headlines(found: Distance) -> list[str]:
    """Return the nearest they were, and for how long they were closer than a limit."""
    if found.nearest is None:
        told = ["The distance is not known at any time."]
    else:
        one, row = found.nearest
        told = [f"Nearest: {_valued(one, row)}, {_moment(one, row)}."]
    if found.closer is not None:
        told.append(closer_text(found.closer))
    return told


def closer_text(one: Closer) -> str:
    """Return for how long two people were closer than a limit."""
    told = f"Closer than {one.limit.text}: certainly for {duration(one.certain_s)}"
    if one.certain_s:
        told += f" (without a break for {duration(one.longest_certain_s)})"
    told += f", possibly for {duration(one.possible_s)}"
    if one.possible_s:
        told += f" (without a break for {duration(one.longest_possible_s)})"
    if one.undecided_s:
        told += f"; not known for {duration(one.undecided_s)}, when they may have been"
    return f"{told}."


def distance_sentences(found: Distance) -> list[str]:
    """Return what the distances are, how sure, and what they cannot tell."""
    told = [MEANS[found.unit]]
    told += [f"By ground {one.number}, set by {visible(one.set_by)}." for one in found.grounds]
    told.append(SURE[found.unit])
    total = sum(len(one.pts) for one in found.stretches)
    beyond = sum(int(np.count_nonzero(one.beyond)) for one in found.stretches)
    if beyond:
        told.append(f"At {beyond:,} of {total:,} times {BEYOND[found.unit]}: nothing is certain.")
    why = Counter(one for stretch in found.stretches for one in stretch.undecided if one)
    told += [
        f"Not known at {why[one]:,} of {total:,} times: {WHY[one]}." for one in WHY if why[one]
    ]
    told += case_told(found.case)
    if found.logged is not None and found.logged.entry is None:
        told.append(logged_sentence(found.logged))
    return told


def times_shown(found: Distance) -> list[tuple[Apart, int]]:
    """Return `ROWS` times at most, evenly spread: each its source and its row."""
    rows = [(one, row) for one in found.stretches for row in range(len(one.pts))]
    return [rows[at] for at in sorted(set(np.linspace(0, len(rows) - 1, ROWS).round().astype(int)))]


def _times(found: Distance) -> FittedTable:
    chosen = times_shown(found)
    return FittedTable(
        [
            Column(f"time ({zone_name()})", [time_text(*at) for at in chosen], 0),
            Column(
                "in the file", [f"{one.seconds[row]:.1f} s" for one, row in chosen], 1, right=True
            ),
            Column("distance", [figure(one.distance[row]) for one, row in chosen], 0, right=True),
            Column("from", [figure(one.low[row]) for one, row in chosen], 0, right=True),
            Column("to", [figure(one.high[row]) for one, row in chosen], 0, right=True),
            Column("", [remark(one, row) for one, row in chosen], 2),
        ]
    )


def remark(one: Apart, row: int) -> str:
    """Return why a distance is not known, or not certain; empty: it is both."""
    if one.undecided[row] is not None:
        return f"not known: {one.undecided[row].value}"
    return "not certain" if one.beyond[row] else ""


def figure(value: float) -> str:
    """Return a distance without its unit; `-` where it is not known."""
    return "-" if np.isnan(value) else f"{value:.2f}"


def _valued(one: Apart, row: int) -> str:
    unit = SHORT[one.unit]
    return f"{one.distance[row]:.2f} {unit} ({one.low[row]:.2f} to {one.high[row]:.2f})"


def _at_us(one: Apart, row: int) -> int | None:
    return one.clock.at_us(Fraction(float(one.seconds[row])))


def time_text(one: Apart, row: int) -> str:
    """Return the wall-clock time of a row."""
    at_us = _at_us(one, row)
    return "not known" if at_us is None else tenths(from_us(at_us))


def file_text(one: Apart) -> str:
    """Return the name of the file, without its folders."""
    return visible(one.location.rpartition("/")[2])


def _moment(one: Apart, row: int) -> str:
    at_us = _at_us(one, row)
    told = f"{one.seconds[row]:.1f} s into {file_text(one)}"
    return told if at_us is None else f"at {tenths(from_us(at_us))} {zone_name()}, {told}"


def distance_json(found: Distance) -> dict[str, Any]:
    """The whole of it, with all times."""
    return {
        "schema": "reidsearch/distance/1",
        "tracklets": [found.first.tracklet_id, found.second.tracklet_id],
        "camera": found.first.camera,
        "unit": found.unit.value,
        "means": MEANS[found.unit],
        "grounds": [one.number for one in found.grounds],
        "together_s": found.together_s,
        "nearest": None if found.nearest is None else _row(*found.nearest),
        "closer": None if found.closer is None else closer_json(found.closer),
        "case": asdict(found.case) if found.case else None,
        "logged": asdict(found.logged) if found.logged else None,
        "notes": distance_sentences(found),
        "times": list(_rows(found.stretches)),
    }


def closer_json(one: Closer) -> dict[str, Any]:
    """For how long two people were closer than a limit."""
    return {
        "than": one.limit.value,
        "unit": one.limit.unit.value,
        "certain_s": one.certain_s,
        "possible_s": one.possible_s,
        "undecided_s": one.undecided_s,
        "together_s": one.together_s,
        "longest_certain_s": one.longest_certain_s,
        "longest_possible_s": one.longest_possible_s,
    }


def _rows(stretches: Sequence[Apart]) -> Iterator[dict[str, Any]]:
    for one in stretches:
        for row in range(len(one.pts)):
            yield _row(one, row)


def _row(one: Apart, row: int) -> dict[str, Any]:
    at_us = _at_us(one, row)
    why = one.undecided[row]
    known = why is None
    return {
        "source_id": one.source_id,
        "pts": int(one.pts[row]),
        "media_s": float(one.seconds[row]),
        "time": None if at_us is None else iso(from_us(at_us)),
        "distance": float(one.distance[row]) if known else None,
        "low": float(one.low[row]) if known else None,
        "high": float(one.high[row]) if known else None,
        "undecided": None if known else why.value,
        "beyond": bool(one.beyond[row]),
        "interpolated": bool(one.interpolated[row]),
    }
