"""Who else was seen around somebody, as content of sheets and pages."""

from __future__ import annotations

from reidsearch.domain.nearby import Nearby, SeenNearby
from reidsearch.output.nearby import (
    apart_text,
    beside_text,
    nearby_missing,
    nearby_rests_on,
    title_of,
)
from reidsearch.output.pages.people import presence_card
from reidsearch.output.shown import Card, Group, Shown
from reidsearch.output.visible import duration


def nearby_shown(found: Nearby) -> Shown:
    """Return what is shown: each sighting, and after it those who are nearest in time to it."""
    groups = []
    emphasis = "confirmed" if found.statement.whom.identity else "own"
    for number, sighting in enumerate(found.sightings, start=1):
        own = presence_card(sighting, sighting.member.text, emphasis, heading=f"sighting {number}")
        others = [_card(one) for one in found.people if one.sighting == number]
        notes = () if others else ("Nobody else.",)
        groups.append(Group(f"Around sighting {number}", (own, *others), notes))
    return Shown(
        of="nearby",
        title=title_of(found),
        groups=tuple(groups) or (Group("", ()),),
        told=tuple(nearby_rests_on(found)),
        missing=tuple(nearby_missing(found)),
        nobody="No sighting.",
    )


def _card(one: SeenNearby) -> Card:
    told = [f"confirmed as {one.identity.name}"] if one.identity else []
    told.append(
        f"in one recording at once for {duration(one.overlap_s)}"
        if one.at_once
        else "never in one picture with them"
    )
    if one.beside is not None:
        told.append(f"closer: {beside_text(one)}")
    return presence_card(one.seen, apart_text(one), said="; ".join(told))
