"""Where an identity was and when, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import from_us, iso
from reidsearch.domain.answer_json import named_json
from reidsearch.domain.decisions import Presence
from reidsearch.domain.journeys import Between, Journey, Stop
from reidsearch.domain.presence_json import presence_json
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.identities import crops_shown, time_of
from reidsearch.output.proposals import too_fast_json, too_fast_text
from reidsearch.output.purity import purity_sentences
from reidsearch.output.text import UNKNOWN, known
from reidsearch.output.times import correction_text, zone_name
from reidsearch.output.visible import count, duration, visible

Cell = Callable[[Stop], str]

NAMED_AT_MOST = 6  # cameras whose footage was not analysed


def journey_view(journey: Journey) -> RenderableType:
    """Return the sightings in order of time, the intervals between them, and the caveats."""
    views: list[RenderableType] = [
        Text(f"Journey of {visible(journey.identity.named.text)}", style="bold"),
        _stops(journey.stops),
    ]
    if between := journey.between:
        unseen = [unseen_text(one) or "none: all cameras were analysed" for one in between]
        views.append(
            FittedTable(
                [
                    Column("between", [f"{one.after} and {one.before}" for one in between], 0),
                    Column("without a sighting", [duration(one.seconds) for one in between], 0),
                    Column("footage not analysed", unseen, 0, wrapped=True),
                ]
            )
        )
    views += [Text(too_fast_text(pair), style="yellow") for pair in journey.too_fast]
    return Group(*views, *(Text(line, style="dim") for line in journey_sentences(journey)))


def journey_sentences(journey: Journey) -> list[str]:
    """Return what the journey is based on, and what is missing."""
    proposed = sum(not stop.confirmed for stop in journey.stops)
    untimed = sum(stop.seen.first_us is None for stop in journey.stops)
    confirmed = len(journey.stops) - proposed
    told = [
        f"{count(confirmed, 'sighting is', 'sightings are')} confirmed"
        + (f", {proposed:,} proposed and not confirmed." if proposed else ".")
    ]
    if untimed:
        told.append(
            f"{count(untimed, 'sighting')} without a known time {'is' if untimed == 1 else 'are'} "
            "listed last."
        )
    unsure = [s.seen.uncertainty_s for s in journey.stops if s.seen.uncertainty_s is not None]
    if unsure and max(unsure) > 0:
        told.append(f"Times may be off by up to {max(unsure):g} s.")
    tracked = [stop for stop in journey.stops if stop.seen.member.kind == "tracklet"]
    told += purity_sentences(
        (f"no. {stop.number}, tracklet {stop.seen.member.number}", stop.seen.purity)
        for stop in tracked
    )
    blind = [one for one in journey.between if one.unseen_s]
    if journey.between:
        told.append(
            f"{count(len(journey.between), 'interval')} without a sighting; in {len(blind):,} of "
            "them footage of some camera was not analysed"
            + (", so the person may have been there." if blind else ".")
        )
    if not journey.cameras:
        told.append("No footage with a known clock: coverage over time is not known.")
    if not journey.transits.minima:
        told.append("No minimum travel times given; transits were not checked.")
    elif journey.too_fast:
        certain = sum(one.certain for one in journey.too_fast)
        told.append(
            f"Shorter than the minimum travel time: {count(len(journey.too_fast), 'transit')}, "
            f"{certain:,} of them by more than the stated uncertainty of the clocks."
        )
    else:
        told.append("No transit is shorter than the minimum travel times.")
    return told


def _stops(stops: Sequence[Stop]) -> FittedTable:
    def column(title: str, rank: int, cell: Cell, **look: bool) -> Column:
        return Column(title, [cell(one) for one in stops], rank, **look)

    return FittedTable(
        [
            column("no.", 1, lambda stop: str(stop.number), right=True),
            column("camera", 0, lambda stop: known(stop.seen.camera)),
            column(f"first ({zone_name()})", 0, lambda stop: _first(stop.seen)),
            column("last", 3, lambda stop: time_of(stop.seen.last_us)),
            column("lasts", 4, lambda stop: _lasts(stop.seen), right=True),
            column("decided", 2, _decided),
            column("crop", 0, lambda stop: crops_shown(stop.seen), right=True),
            column("location", 5, lambda stop: visible(stop.seen.location), shortened=True),
        ]
    )


def _first(seen: Presence) -> str:
    """Return when somebody came into sight, and by how much that may be off."""
    if seen.first_us is None:
        return "not known"
    told = time_of(seen.first_us)
    if seen.uncertainty_s is None:
        told += " ±?"
    elif seen.uncertainty_s:
        told += f" ±{seen.uncertainty_s:g} s"
    return f"{told}, {correction_text(seen.correction_s)}" if seen.correction_s else told


def _lasts(seen: Presence) -> str:
    return duration(seen.seen_s) if seen.seen_s else UNKNOWN


def _decided(stop: Stop) -> str:
    return "confirmed" if stop.confirmed else f"proposal {stop.proposal_id}"


def unseen_text(one: Between) -> str:
    """Return the cameras whose footage was not analysed, longest first."""
    most = sorted(one.unseen_s.items(), key=lambda item: (-item[1], item[0]))
    parts = [
        f"{visible(camera)} " + ("at all" if seconds >= one.seconds else f"for {duration(seconds)}")
        for camera, seconds in most[:NAMED_AT_MOST]
    ]
    if len(most) > NAMED_AT_MOST:
        parts.append(f"{count(len(most) - NAMED_AT_MOST, 'further camera')}")
    return ", ".join(parts)


def journey_json(journey: Journey) -> dict[str, Any]:
    """The whole of it."""
    return {
        "schema": "reidsearch/journey/1",
        **named_json(journey.identity.named),
        "stops": [
            {
                "number": stop.number,
                "confirmed": stop.confirmed,
                "proposal_id": stop.proposal_id,
                **presence_json(stop.seen),
            }
            for stop in journey.stops
        ],
        "between": [
            {
                "after": one.after,
                "before": one.before,
                "from_time": iso(from_us(one.from_us)),
                "to_time": iso(from_us(one.to_us)),
                "seconds": one.seconds,
                "unseen_s": dict(one.unseen_s),
            }
            for one in journey.between
        ],
        "cameras": journey.cameras,
        "too_fast": [too_fast_json(one) for one in journey.too_fast],
        "transits": [
            {"from": a, "to": b, "seconds": seconds} for a, b, seconds in journey.transits.minima
        ],
    }
