"""How long people take between cameras, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.domain.transit_times import (
    FEWEST_JOURNEYS,
    HORIZON_S,
    TransitModel,
    TransitTime,
)
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.text import UNKNOWN
from reidsearch.output.visible import count, duration, visible

Pair = tuple[str, str]


def transit_view(model: TransitModel) -> RenderableType:
    """Return the ways that have a model, and what it rests on."""
    told = [Text(line, style="dim") for line in transit_sentences(model)]
    if not model.counts:
        return Group(Text("No journeys between cameras are confirmed.", style="bold"), *told)
    pairs = sorted(model.counts, key=lambda pair: (pair not in model.times, pair))

    def column(title: str, rank: int, cell: Callable[[Pair], str], **look: bool) -> Column:
        return Column(title, [cell(pair) for pair in pairs], rank, **look)

    def of_time(cell: Callable[[TransitTime], str]) -> Callable[[Pair], str]:
        return lambda pair: cell(model.times[pair]) if pair in model.times else UNKNOWN

    table = FittedTable(
        [
            column("from", 0, lambda pair: visible(pair[0])),
            column("to", 0, lambda pair: visible(pair[1])),
            column("median", 0, of_time(lambda one: duration(one.median_s)), right=True),
            column("95 %", 2, of_time(median_between), right=True),
            column("5 to 95 % take", 1, of_time(take_text), right=True),
            column("not directly", 3, of_time(indirect_text), right=True),
            column("journeys", 0, lambda pair: str(model.counts[pair]), right=True),
            column("people", 4, of_time(lambda one: str(one.people)), right=True),
            column("clocks ±", 5, of_time(lambda one: f"{one.doubt_s:g} s"), right=True),
        ]
    )
    return Group(table, *told)


def transit_sentences(model: TransitModel) -> list[str]:
    """Return what the model rests on, and what it cannot say."""
    told = [
        f"From {count(model.sightings, 'confirmed sighting')} of "
        f"{count(model.people, 'identity', 'identities')}; sightings more than "
        f"{duration(HORIZON_S)} apart are no journey."
    ]
    few = len(model.counts) - len(model.times)
    if few:
        told.append(
            f"{count(few, 'way')} with fewer than {FEWEST_JOURNEYS} journeys: no transit time is "
            "known there."
        )
    never = len(model.cameras) * (len(model.cameras) - 1) - sum(a != b for a, b in model.counts)
    if never > 0:
        told.append(f"Between {count(never, 'further pair')} of cameras no journey is confirmed.")
    without = model.left_out
    for number, why in (
        (without.no_time, "of no known time"),
        (without.no_doubt, "of a time of which nobody knows how exact it is"),
        (without.no_camera, "of no known camera"),
    ):
        if number:
            told.append(f"Left out: {count(number, 'sighting')} {why}.")
    corrected = sum(one.corrected for one in model.times.values())
    if corrected:
        told.append(f"{count(corrected, 'journey')} by a clock that somebody corrected.")
    return told


def median_between(one: TransitTime) -> str:
    """Return the 95 % interval of the median: `35.2 s to 48.9 s`."""
    low, high = one.median_interval_s
    return f"{duration(low)} to {duration(high)}"


def take_text(one: TransitTime) -> str:
    """Return what nine in ten of those who go directly take."""
    return f"{duration(max(one.low_s, 0.0))} to {duration(max(one.high_s, 0.0))}"


def indirect_text(one: TransitTime) -> str:
    """Return the share that does not go directly, with its 95 % interval."""
    low, high = one.indirect_interval
    return f"{one.indirect:.0%} ({low:.0%} to {high:.0%})"


def transit_json(model: TransitModel) -> dict[str, Any]:
    """Return all of it as a document."""
    return {
        "schema": "reidsearch/transit/1",
        "cameras": list(model.cameras),
        "people": model.people,
        "sightings": model.sightings,
        "left_out": {
            "no_camera": model.left_out.no_camera,
            "no_time": model.left_out.no_time,
            "no_uncertainty": model.left_out.no_doubt,
        },
        "horizon_s": HORIZON_S,
        "fewest_journeys": FEWEST_JOURNEYS,
        "pairs": [
            {
                "from": first,
                "to": second,
                "journeys": journeys,
                "transit": _time_json(model.times.get((first, second))),
            }
            for (first, second), journeys in model.counts.items()
        ],
    }


def _time_json(one: TransitTime | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "people": one.people,
        "corrected": one.corrected,
        "uncertainty_s": one.doubt_s,
        "median_s": one.median_s,
        "median_interval_s": list(one.median_interval_s),
        "low_s": one.low_s,
        "high_s": one.high_s,
        "indirect": one.indirect,
        "indirect_interval": list(one.indirect_interval),
    }
