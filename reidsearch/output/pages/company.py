"""Who was repeatedly seen where and when somebody was, as content of sheets and pages."""

from __future__ import annotations

from reidsearch.domain.company import Companion, Company, Meeting
from reidsearch.output.company import (
    chance_text,
    company_missing,
    company_rests_on,
    p_text,
    title_of,
    who_text,
)
from reidsearch.output.pages.people import presence_card
from reidsearch.output.shown import Card, Group, Shown
from reidsearch.output.visible import count, duration


def company_shown(found: Company) -> Shown:
    """Return what is shown: a group for each companion, a card for each side of a meeting."""
    groups = [_group(found, one) for one in found.companions]
    return Shown(
        of="company",
        title=title_of(found),
        groups=tuple(groups) or (Group("", ()),),
        told=tuple(company_rests_on(found)),
        missing=tuple(company_missing(found.statement)),
        nobody="Nobody was met on two occasions or at two places.",
        together=2,
    )


def _group(found: Company, one: Companion) -> Group:
    notes = [
        f"Met {count(one.chance.observed, 'time')}, by chance {chance_text(one)}; p "
        f"{p_text(one.chance.p)}, of all people compared {p_text(one.p_corrected)}: "
        + ("beyond chance." if one.beyond_chance else "not beyond chance.")
    ]
    if not one.certain:
        notes.append("Not certain to be another person.")
    cards = [card for met in one.meetings for card in _cards(found, met)]
    return Group(who_text(one), tuple(cards), tuple(notes))


def _cards(found: Company, met: Meeting) -> tuple[Card, Card]:
    own = found.sightings[met.sighting - 1]
    told = f"{duration(abs(met.gap_s))} apart"
    if met.at_once:
        told = f"in one recording at once for {duration(met.overlap_s)}"
    heading = f"sighting {met.sighting}"
    when = "at once" if met.at_once else f"within {duration(found.statement.within_s)}"
    return (
        presence_card(own, own.member.text, "confirmed", heading=heading),
        presence_card(met.seen, when, said=told),
    )
