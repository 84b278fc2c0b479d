"""Which footage to fetch next, as text and as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import from_us, iso, now
from reidsearch.domain.answer_json import named_json
from reidsearch.domain.next_footage import MISSED, Fetch, Lack, NextFootage
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.keeps import kept_text
from reidsearch.output.on_record import unlogged_told
from reidsearch.output.readings import chance
from reidsearch.output.text import UNKNOWN
from reidsearch.output.times import local
from reidsearch.output.visible import count, visible

LACKS = {
    Lack.NOT_SUPPLIED: "not supplied",
    Lack.UNFINISHED: "not indexed to its end",
    Lack.FAILED: "could not be decoded",
    Lack.GAP: "nothing recorded",
    Lack.ERASED: "deleted",
}
NOTHING = "All footage within twelve hours of the confirmed sightings was analysed."


def next_view(found: NextFootage, most: int) -> RenderableType:
    """Return the likeliest footage, and what that rests on."""
    told = [Text(line, style="dim") for line in next_sentences(found)]
    if not found.fetches:
        return Group(
            Text(
                NOTHING,
                style="bold",
            ),
            *told,
        )
    at, rows = now(), found.fetches[:most]

    def column(title: str, rank: int, cell: Callable[[Fetch], str], **look: bool) -> Column:
        return Column(title, [cell(one) for one in rows], rank, **look)

    columns = [
        column("camera", 0, lambda one: visible(one.camera)),
        column("from", 0, lambda one: _time(one.from_us)),
        column("to", 0, lambda one: _time(one.to_us)),
        column("chance", 0, chance_text, right=True),
        column("why", 1, lambda one: LACKS[one.lack]),
    ]
    if any(one.overwritten_at for one in rows):
        columns.append(column("overwritten", 0, lambda one: overwritten_text(one, at)))
    if len(found.fetches) > most:
        more = count(len(found.fetches) - most, "further stretch", "further stretches")
        told.insert(0, Text(f"{more} of footage: -k, or JSON.", style="dim"))
    if soonest := soonest_text(rows, at):
        told.insert(0, Text(soonest, style="bold"))
    return Group(FittedTable(columns), *told)


def soonest_text(rows: Sequence[Fetch], at: dt.datetime) -> str:
    """Return which of some footage is overwritten soonest; empty: none, as far as is known."""
    left = [one for one in rows if one.overwritten_at and one.overwritten_at > at]
    if not left:
        return ""
    first = min(left, key=lambda one: one.overwritten_at or at)
    return (
        f"Overwritten soonest: {visible(first.camera)}, {_time(first.from_us)}, "
        f"{overwritten_text(first, at)}."
    )


def next_sentences(found: NextFootage) -> list[str]:
    """Return what the chances rest on, and what they cannot know."""
    told = [
        f"For {visible(found.identity.text)}, from {count(found.sightings, 'confirmed sighting')} "
        f"and {count(found.journeys, 'journey')} of "
        f"{count(found.people, 'identity', 'identities')}. Chances are that a passage lies there, "
        "with 95 % intervals by what so many journeys leave possible; of passages through analysed "
        f"footage {MISSED:.0%} are taken to be unconfirmed, which nobody measured."
    ]
    unknown = sum(one.chance is None for one in found.fetches)
    if unknown:
        told.append(
            f"{count(unknown, 'stretch', 'stretches')} of unknown chance: no journeys to these "
            "cameras are confirmed yet."
        )
    if found.left_out.all:
        told.append(
            f"Left out: {count(found.left_out.all, 'sighting')} whose camera, time or uncertainty "
            "is not known."
        )
    if found.without_place:
        told.append(
            f"{count(found.without_place, 'source')} of unknown camera or time may show the person "
            "as well."
        )
    if found.keeps_days:
        kept = [kept_text(camera, found.keeps_days[camera]) for camera in sorted(found.keeps_days)]
        told.append(f"{'. '.join(kept)}. Overwritten then is the beginning of a stretch.")
    if found.failures:
        told.append(f"{count(found.failures, 'input')} could not be indexed at all.")
    return told + unlogged_told(found.why_not_logged)


def _time(at_us: int) -> str:
    return local(from_us(at_us).replace(microsecond=0))


def chance_text(one: Fetch) -> str:
    """Return the chance with its interval: `12 % (3 to 30)`, or `unknown`."""
    if one.chance is None or one.interval is None:
        return "unknown"
    low, high = (chance(value).removesuffix(" %") for value in one.interval)
    return f"{chance(one.chance)} ({low} to {high})"


def overwritten_text(one: Fetch, at: dt.datetime) -> str:
    """Return when the beginning is overwritten: `in 3.2 days`, `by now`, or a dash."""
    if one.overwritten_at is None:
        return UNKNOWN
    left = (one.overwritten_at - at).total_seconds()
    if left <= 0:
        return "by now"
    return f"in {left / 86_400:.1f} days" if left >= 86_400 else f"in {left / 3600:.1f} hours"


def next_json(found: NextFootage) -> dict[str, Any]:
    """Return all of it as a document."""
    return {
        "schema": "reidsearch/next/1",
        **named_json(found.identity),
        "sightings": found.sightings,
        "people": found.people,
        "journeys": found.journeys,
        "missed": MISSED,
        "left_out": found.left_out.all,
        "without_place": found.without_place,
        "failures": found.failures,
        "logged": found.logged,
        "fetches": [
            {
                "camera": one.camera,
                "from_time": iso(from_us(one.from_us)),
                "to_time": iso(from_us(one.to_us)),
                "lack": one.lack.value,
                "chance": one.chance,
                "chance_interval": None if one.interval is None else list(one.interval),
                "overwritten_at": None if one.overwritten_at is None else iso(one.overwritten_at),
            }
            for one in found.fetches
        ],
    }
