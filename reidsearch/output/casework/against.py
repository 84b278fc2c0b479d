"""The part of a report that says what speaks against its findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reidsearch.base.timecode import from_us
from reidsearch.domain.answers import Answer, Match
from reidsearch.domain.decisions import Member, Presence
from reidsearch.domain.journeys import Journey
from reidsearch.domain.two_places import two_places
from reidsearch.output.casework.document import Block, Section, Text
from reidsearch.output.journeys import unseen_text
from reidsearch.output.purity import matches_purity, purity_sentences
from reidsearch.output.times import local
from reidsearch.output.visible import count, duration

if TYPE_CHECKING:
    from reidsearch.output.casework.making import Making

HEADING = "What speaks against the findings"
TOLD_AT_MOST = 40
NOTHING = "Nothing that speaks against them was found by these tests; others were not made."


def of_answer(making: Making, answer: Answer, seen: Mapping[Member, Presence]) -> Section:
    """Say which others are as similar, who would be in two places, and what was not searched."""
    told = [
        *_alternatives(answer.matches),
        *_at_once(making, list(seen.values()), answer.matches),
        *matches_purity(answer.matches),
        *_holes(making, list(seen.values())),
    ]
    return _section(told)


def of_presences(making: Making, presences: Sequence[Presence]) -> Section:
    """Say where somebody would have been in two places, and what was not analysed meanwhile."""
    told = [
        *_at_once(making, presences, ()),
        *purity_sentences((one.member.text, one.purity) for one in presences),
        *_holes(making, presences),
    ]
    return _section(told)


def of_journey(making: Making, journey: Journey) -> Section:
    """Say the same of a journey, with ways that are too fast and what lies between sightings."""
    seen = [stop.seen for stop in journey.stops]
    told = [
        f"{one.first.text} and {one.second.text} lie {one.gap_s:.1f} s apart; the way between "
        f"their cameras takes at least {one.minimum_s:g} s as it was given"
        + ("." if one.certain else ", unless a clock is off.")
        for one in journey.too_fast
    ]
    told += [
        f"Between sightings {one.after} and {one.before} ({duration(one.seconds)}) was not "
        f"analysed: {unseen_text(one)}."
        for one in journey.between
        if one.unseen_s
    ]
    told += [
        *_at_once(making, seen, ()),
        *purity_sentences((one.member.text, one.purity) for one in seen),
        *_holes(making, seen),
    ]
    return _section(told)


def _section(told: Sequence[str]) -> Section:
    blocks: list[Block] = [Text(one) for one in told[:TOLD_AT_MOST]] or [Text(NOTHING)]
    if len(told) > TOLD_AT_MOST:
        blocks.append(Text(f"{count(len(told) - TOLD_AT_MOST, 'remark')} more are left out here."))
    return Section(HEADING, tuple(blocks))


def _alternatives(matches: Sequence[Match]) -> list[str]:
    """Return which matches resemble the query as much as those confirmed, or as the first one."""
    found = [one for one in matches if not one.own]
    confirmed = [one for one in found if one.identity]
    leading = confirmed or found[:1]
    told = []
    for one in leading:
        mine = (one.identity.identity_id if one.identity else None, _of(one))
        others = [
            other
            for other in found
            if _of(other) != mine[1]
            and (other.identity is None or other.identity.identity_id != mine[0])
            and _as_similar(other, one)
        ]
        if others:
            named = ", ".join(str(other.rank) for other in others[:20])
            more = f" and {len(others) - 20:,} more" if len(others) > 20 else ""
            told.append(
                f"Rank {one.rank} has {count(len(others), 'alternative')} of another tracklet with "
                f"the same or a higher {'likelihood ratio' if one.reading else 'score'}, or "
                f"within its uncertainty: rank {named}{more}."
            )
    return told


def _as_similar(other: Match, one: Match) -> bool:
    if other.reading is not None and one.reading is not None:
        return other.reading.log10_lr >= one.reading.log10_lr_interval[0]
    return round(other.score, 2) >= round(one.score, 2)


def _of(match: Match) -> tuple[str, int]:
    if match.crop.moment is not None:
        return "tracklet", match.crop.moment.tracklet_id
    return "crop", match.crop.crop_id


def _at_once(making: Making, presences: Sequence[Presence], matches: Sequence[Match]) -> list[str]:
    """Return who would have to be in front of two cameras at one time."""
    ranks = {
        Member(*_of(one)): f"rank {one.rank} ({_of(one)[0]} {_of(one)[1]})"
        for one in reversed(matches)
    }
    places = {one.member: one for one in presences}
    told = []
    for one in two_places(presences):
        first, second = (ranks.get(member, member.text) for member in (one.first, one.second))
        cameras = " and ".join(
            places[member].camera or "an unknown camera" for member in (one.first, one.second)
        )
        sure = (
            "the clocks' uncertainty does not explain it"
            if one.certain
            else "within what the clocks may be off, or that is not known"
        )
        told.append(
            f"{first[:1].upper()}{first[1:]} and {second} were seen by two cameras at one time "
            f"({cameras}, for {duration(one.overlap_s)}; {sure}). They can show one person only if "
            "a clock is wrong or the cameras show one place."
        )
    return told


def _holes(making: Making, presences: Sequence[Presence]) -> list[str]:
    """Return for which times between the first and the last sighting there is no footage."""
    timed = [one for one in presences if one.first_us is not None and one.last_us is not None]
    if not timed:
        return []
    begin = min(one.first_us or 0 for one in timed)
    end = max(one.last_us or 0 for one in timed)
    return [
        f"No footage of camera {gap.camera} was supplied from "
        f"{local(from_us(max(gap.from_us, begin)).replace(microsecond=0))} to "
        f"{local(from_us(min(gap.to_us, end)).replace(microsecond=0))}."
        for gap in making.archive.footage.not_supplied()
        if gap.from_us < end and gap.to_us > begin
    ]
