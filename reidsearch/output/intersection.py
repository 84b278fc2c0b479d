"""Who may have been at several places, as text and as JSON."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import from_us
from reidsearch.domain.intersection import (
    Accidental,
    Intersection,
    IntersectionStatement,
    Link,
    PlaceSeen,
)
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.identities import time_of
from reidsearch.output.on_record import case_told, logged_sentence
from reidsearch.output.text import UNKNOWN, known
from reidsearch.output.times import clock, zone_name
from reidsearch.output.visible import count, duration, visible


def intersection_view(found: Intersection) -> RenderableType:
    """Return the chains, a row for each of their places, and what the answer rests on."""
    told = [Text(line, style="dim") for line in intersection_told(found)]
    title = Text(title_of(found), style="bold")
    return Group(title, _table(found), *told) if found.chains else Group(title, *told)


def title_of(found: Intersection) -> str:
    """Return what the answer is about."""
    named = ", ".join(map(where_text, found.statement.places))
    return f"May have been at all of: {named}"


def _table(found: Intersection) -> FittedTable:
    rows = [
        (number, chain, place)
        for number, chain in enumerate(found.chains, start=1)
        for place in range(len(chain.seen))
    ]
    seen = [chain.seen[place] for _, chain, place in rows]
    weakest = [f"{chain.weakest.score:.3f}" if not place else "" for _, chain, place in rows]
    by_chance = [
        accidental_text(chain.weakest.accidental) if not place else "" for _, chain, place in rows
    ]
    named = [chain.identities[place] for _, chain, place in rows]
    return FittedTable(
        [
            Column("no.", [str(number) if not place else "" for number, _, place in rows], 0),
            Column("score", weakest, 0, right=True),
            Column("by chance", by_chance, 1, right=True),
            Column("camera", [known(one.camera) for one in seen], 0),
            Column(f"first ({zone_name()})", [time_of(one.first_us) for one in seen], 0),
            Column("crop", [str(one.crop_ids[0]) for one in seen], 0, right=True),
            Column("identity", [visible(one.name) if one else UNKNOWN for one in named], 2),
        ]
    )


def accidental_text(one: Accidental | None) -> str:
    """Return how many pairs reach a score by accident: `0.8 (0.3 to 2.1)`, `below 3`, `unknown`."""
    if one is None:
        return "unknown"
    if not one.expected or (not one.low and one.expected >= one.high):  # only a limit is known
        return f"below {one.high:.2g}"
    return f"{one.expected:.2g} ({one.low:.2g} to {one.high:.2g})"


def link_text(link: Link) -> str:
    """Return how alike two of a chain are, and what that is worth."""
    told = f"places {link.first} and {link.second}: score {link.score:.3f}, by chance "
    return told + (f"{accidental_text(link.accidental)} pairs" if link.accidental else "unknown")


def intersection_told(found: Intersection) -> list[str]:
    """Return what the answer rests on and what it cannot know, in sentences."""
    return [*intersection_rests_on(found), *intersection_missing(found.statement)]


def intersection_rests_on(found: Intersection) -> list[str]:
    """Return what was compared, and how to read the figures."""
    statement = found.statement
    told = [f"{place_text(number, one)}." for number, one in _numbered(statement)]
    if found.chains:
        told += [
            "These are those most alike, whether or not anybody was at all of the places. The "
            "score is that of the two of a chain that are least alike, "
            + (
                "adjusted for the cameras."
                if statement.why_plain is None
                else f"plain cosine similarity ({statement.why_plain})."
            ),
            _by_chance(statement),
        ]
    elif all(one.people for one in statement.places):
        told.append("Nobody at one place can be somebody at the others.")
    if not statement.whole:
        told.append("Not every combination was weighed: the most promising ones were.")
    return [*told, *case_told(statement.case)]


def place_text(number: int, one: PlaceSeen) -> str:
    """Return a place, its time, and how many were seen there."""
    begins, ends = (clock(from_us(at)) for at in (one.from_us, one.to_us))
    people = count(one.people, "tracklet")
    return f"Place {number}: {where_text(one)}, {begins} to {ends}, {people}"


def where_text(one: PlaceSeen) -> str:
    """Return the camera of a place, and which part of its picture counts."""
    if one.region is None:
        return visible(one.camera)
    named = f"region {visible(one.region.name)}" if one.region.name else "a region"
    return f"{named} of {visible(one.camera)}"


def _by_chance(statement: IntersectionStatement) -> str:
    if statement.read_by is None:
        return (
            "How often different people reach such a score is not known here: the archive is not "
            f"calibrated, and only {statement.impostors:,} pairs of people were seen at once. Any "
            "of these may be an accident."
        )
    by = (
        "the archive's calibration"
        if statement.read_by == "calibration"
        else f"{count(statement.impostors, 'pair')} of people whom one camera saw at once"
    )
    return (
        "By chance: how many pairs of different people at these two places are expected to reach "
        f"the score, with its 95 % interval, by {by}. Where its upper end is not far below 1, a "
        "chain may well be an accident; people in like clothes are alike more often than it says."
    )


def intersection_missing(statement: IntersectionStatement) -> list[str]:
    """Return what was not compared."""
    told = []
    for number, one in _numbered(statement):
        if one.not_analysed_s > 0:
            told.append(
                f"Place {number}: {duration(one.not_analysed_s)} of {duration(one.seconds)} not "
                "analysed."
            )
        if one.untimed:
            sources = count(one.untimed, "source")
            told.append(
                f"Place {number}: {sources} of the camera without a known time not compared."
            )
        if one.unplaced:
            people = count(one.unplaced, "tracklet or crop", "tracklets or crops")
            told.append(
                f"Place {number}: {people} not compared, of which nobody knows whether they were "
                "in the region."
            )
        if not one.people:
            told.append(f"Place {number}: nobody was seen; that does not mean nobody was there.")
    if statement.logged is not None and statement.logged.entry is None:
        told.append(logged_sentence(statement.logged))
    return told


def _numbered(statement: IntersectionStatement) -> list[tuple[int, PlaceSeen]]:
    return list(enumerate(statement.places, start=1))
