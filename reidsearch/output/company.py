"""Who was repeatedly seen where and when somebody was, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso
from reidsearch.domain.answer_json import named_json
from reidsearch.domain.company import LEVEL, Companion, Company, CompanyStatement, Meeting
from reidsearch.domain.nearby import whom_json
from reidsearch.domain.presence_json import presence_json
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.identities import time_of
from reidsearch.output.on_record import case_told, logged_sentence
from reidsearch.output.text import UNKNOWN, known
from reidsearch.output.times import clock, zone_name
from reidsearch.output.visible import count, duration, visible

_Cell = Callable[[Companion], str]
_Row = tuple[int, Meeting]
MEETINGS_AT_MOST = 40
"""In the table of meetings; JSON has all."""


def company_view(found: Company) -> RenderableType:
    """Return who was met, when and where, and what the answer rests on."""
    views: list[RenderableType] = [Text(title_of(found), style="bold")]
    if found.companions:
        views += [_companions(found), Text(), _meetings(found), Text()]
    return Group(*views, *(Text(line, style="dim") for line in company_told(found)))


def title_of(found: Company) -> str:
    """Return what the answer is about."""
    whom = found.statement.whom.identity
    return f"Repeatedly seen where and when {visible(whom.text) if whom else UNKNOWN} was"


def who_text(one: Companion) -> str:
    """Return who it is: `bert`, or `proposal 7, not confirmed`."""
    if one.identity is not None:
        return visible(one.identity.name)
    return f"proposal {one.proposal_id}, not confirmed"


def _companions(found: Company) -> FittedTable:
    def column(title: str, rank: int, cell: _Cell, **look: bool) -> Column:
        return Column(title, [cell(one) for one in found.companions], rank, **look)

    return FittedTable(
        [
            Column("no.", [str(n) for n in range(1, len(found.companions) + 1)], 0, right=True),
            column("who", 0, who_text, wrapped=True),
            column("met", 0, lambda one: str(one.chance.observed), right=True),
            column("by chance", 0, chance_text, right=True),
            column("occasions", 1, lambda one: str(one.occasions), right=True),
            column("places", 2, lambda one: str(len(one.cameras)), right=True),
            column("p", 3, lambda one: p_text(one.chance.p), right=True),
            column("p of all", 1, lambda one: p_text(one.p_corrected), right=True),
            column("beyond chance", 0, lambda one: "yes" if one.beyond_chance else "no"),
            column("other person", 4, lambda one: "certain" if one.certain else "not certain"),
        ]
    )


def chance_text(one: Companion) -> str:
    """Return how often chance would have it: `0.4 (0 to 2)`."""
    mean = "?" if one.chance.expected is None else f"{one.chance.expected:.1f}"
    return f"{mean} ({one.chance.low} to {one.chance.high})"


def p_text(p: float) -> str:
    """Return a p-value with two figures: `0.032`, `1.2e-06`."""
    return f"{p:.2g}"


def _meetings(found: Company) -> FittedTable:
    rows = [
        (number, met)
        for number, one in enumerate(found.companions, start=1)
        for met in one.meetings
    ][:MEETINGS_AT_MOST]

    def column(title: str, rank: int, cell: Callable[[_Row], str], **look: bool) -> Column:
        return Column(title, [cell(row) for row in rows], rank, **look)

    return FittedTable(
        [
            column("no.", 0, lambda row: str(row[0]), right=True),
            column("camera", 0, lambda row: known(row[1].seen.camera)),
            column(f"first ({zone_name()})", 0, lambda row: time_of(row[1].seen.first_us)),
            column("apart", 1, lambda row: duration(abs(row[1].gap_s)), right=True),
            column("both in sight", 2, lambda row: _overlap(row[1]), right=True),
            column("crop", 0, lambda row: _crop(row[1]), right=True),
            column("frame with both", 3, lambda row: _frame(row[1]), right=True),
        ]
    )


def _overlap(met: Meeting) -> str:
    return duration(met.overlap_s) if met.overlap_s else UNKNOWN


def _crop(met: Meeting) -> str:
    return str(met.seen.crop_ids[0]) if met.seen.crop_ids else UNKNOWN


def _frame(met: Meeting) -> str:
    return UNKNOWN if met.frame_crop is None else f"frame {met.frame_crop}"


def company_told(found: Company) -> list[str]:
    """Return what the answer rests on and what it cannot know, in sentences."""
    return [*company_rests_on(found), *company_missing(found.statement)]


def company_rests_on(found: Company) -> list[str]:
    """Return what was compared, and how to read the figures."""
    statement = found.statement
    beyond = sum(one.beyond_chance for one in found.companions)
    told = [
        f"{count(len(found.sightings), 'confirmed sighting')} on "
        f"{count(statement.occasions, 'occasion')} (further than "
        f"{duration(statement.apart_s)} apart); a meeting is a sighting of somebody else by the "
        f"same camera within {duration(statement.within_s)}.",
        f"Compared: {count(statement.identities, 'identity', 'identities')} and "
        f"{count(statement.proposals, 'proposal')} that nobody has confirmed. "
        f"{count(len(found.companions), 'was', 'were')} met on two occasions or at two places"
        + (f", {beyond:,} of them more often than chance would have it." if beyond else ".")
        + ("" if beyond or not found.companions else " None more often than chance would have it."),
    ]
    if found.companions:
        told += [
            "Met: sightings of the person with the other one beside; one that was met on two of "
            "the other one's occasions counts twice, as it does by chance.",
            "By chance: each occasion of the other one moved as a whole to when anybody else "
            "passed the same camera; the mean, and in how many of 95 in 100 cases. p: how likely "
            f"so many or more are by chance; p of all: times the {statement.compared:,} people "
            f"compared (Bonferroni); beyond chance: at most {LEVEL:g}.",
            "That is not yet company: people with the same habits (one train, one shift) meet more "
            "often than chance too. Look at the pictures.",
        ]
    if any(one.chance.expected is None for one in found.companions):
        told.append(
            "?: nobody else passed a camera where an occasion began, so chance cannot be told; p "
            "counts such an occasion for nothing."
        )
    if any(not one.certain for one in found.companions):
        told.append(
            "Not certain to be another person: never in one picture with them, so it may be the "
            "same person, whom nobody has confirmed there."
        )
    met = sum(len(one.meetings) for one in found.companions)
    if met > MEETINGS_AT_MOST:
        told.append(f"{met - MEETINGS_AT_MOST:,} further meetings: --format json has all.")
    if any(each.frame_crop for one in found.companions for each in one.meetings):
        told.append("`reidsearch frame N --boxes -o FILE` writes the frame with both.")
    return [*told, *case_told(statement.case)]


def company_missing(statement: CompanyStatement) -> list[str]:
    """Return what was not compared."""
    told = []
    if statement.linked_at is None:
        told.append(
            "Nothing was linked, so whoever is of no identity was not compared: `reidsearch link` "
            "puts their tracklets together."
        )
    else:
        told.append(
            f"Tracklets of no identity are put together as the last `link` proposed, at "
            f"{clock(statement.linked_at.replace(microsecond=0))}."
        )
    if statement.unassigned:
        told.append(
            f"Not compared: {count(statement.unassigned, 'tracklet')} of no identity and of no "
            "proposal for a new one."
        )
    if statement.proposed_as_whom:
        told.append(
            f"Left out: {count(statement.proposed_as_whom, 'proposal')} that would be added to "
            "this identity itself."
        )
    if statement.untimed:
        told.append(
            f"Left out: {count(statement.untimed, 'sighting')} without a known time or camera."
        )
    if statement.not_analysed_s > 0:
        told.append(
            f"Of {duration(statement.seconds)} around the sightings, by their own cameras, "
            f"{duration(statement.not_analysed_s)} were not analysed."
        )
    if statement.logged is not None and statement.logged.entry is None:
        told.append(logged_sentence(statement.logged))
    return told


def company_json(found: Company) -> dict[str, Any]:
    """Return the whole of it."""
    statement = found.statement
    return {
        "schema": "reidsearch/company/1",
        "statement": {
            "archive": statement.archive,
            "archive_id": statement.archive_id,
            "asked_at": iso(statement.asked_at),
            **whom_json(statement.whom),
            "within_s": statement.within_s,
            "apart_s": statement.apart_s,
            "occasions": statement.occasions,
            "untimed": statement.untimed,
            "identities": statement.identities,
            "proposals": statement.proposals,
            "linked_at": None if statement.linked_at is None else iso(statement.linked_at),
            "unassigned": statement.unassigned,
            "proposed_as_whom": statement.proposed_as_whom,
            "seconds": statement.seconds,
            "not_analysed_s": statement.not_analysed_s,
            "level": LEVEL,
            "case": asdict(statement.case) if statement.case else None,
            "logged": asdict(statement.logged) if statement.logged else None,
        },
        "sightings": [
            {"number": number, **presence_json(one)}
            for number, one in enumerate(found.sightings, start=1)
        ],
        "companions": [_companion_json(one) for one in found.companions],
    }


def _companion_json(one: Companion) -> dict[str, Any]:
    return {
        "identity": named_json(one.identity) if one.identity else None,
        "proposal_id": one.proposal_id,
        "proposal_score": one.proposal_score,
        "met": len(one.meetings),
        "occasions": one.occasions,
        "cameras": list(one.cameras),
        "chance": asdict(one.chance),
        "p_corrected": one.p_corrected,
        "beyond_chance": one.beyond_chance,
        "certain": one.certain,
        "meetings": [
            {
                "sighting": met.sighting,
                "gap_s": met.gap_s,
                "overlap_s": met.overlap_s,
                "doubt_s": met.doubt_s,
                "at_once": met.at_once,
                "frame_crop": met.frame_crop,
                **presence_json(met.seen),
            }
            for met in one.meetings
        ],
    }
