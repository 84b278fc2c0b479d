"""The part of a report that says what speaks against its findings.

Each test is told with its outcome, also where it found nothing: who else is as similar, who would
have been in two places, what was not filmed meanwhile, which tracklets may show several people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reidsearch.base.timecode import from_us
from reidsearch.domain.answers import Answer
from reidsearch.domain.decisions import Member, Presence
from reidsearch.domain.journeys import Journey
from reidsearch.domain.two_places import two_places
from reidsearch.output.casework import alternatives
from reidsearch.output.casework.alternatives import member_of
from reidsearch.output.casework.document import Block, Section, Text
from reidsearch.output.journeys import unseen_text
from reidsearch.output.purity import matches_purity, purity_sentences
from reidsearch.output.times import local
from reidsearch.output.visible import count, duration

if TYPE_CHECKING:
    from reidsearch.output.casework.making import Making

HEADING = "What speaks against the findings"
TOLD_AT_MOST = 40
"""Remarks of one test."""
FOR_IT = "for this identity (made with its pictures, or that found it first)"
FOR_IT_HERE = f"{FOR_IT} whose detail is in this bundle"
CAUTION = "These are the tests that were made; others were not."


def of_answer(making: Making, answer: Answer, seen: Mapping[Member, Presence]) -> list[Section]:
    """Say it of the matches of a search."""
    ranks = {
        member_of(one): f"rank {one.rank} ({member_of(one).text})"
        for one in reversed(answer.matches)
    }
    present = list(seen.values())
    return _sections(
        alternatives.of_answer(answer.matches),
        _at_once(present, ranks),
        _holes(making, present),
        matches_purity(answer.matches),
    )


def of_case(
    making: Making,
    searches: Sequence[tuple[int, Answer]],
    presences: Sequence[Presence],
    named: Mapping[Member, str],
) -> list[Section]:
    """Say it of the searches of a case and of what was confirmed for it.

    Args:
        named: as what each was confirmed; only sightings of one identity are compared.
    """
    together: dict[str, list[Presence]] = {}
    for one in presences:
        together.setdefault(named.get(one.member, ""), []).append(one)
    called = {one: f"{one.text} ({name})" for one, name in named.items()}
    return _sections(
        alternatives.of_searches(searches, whose="of the case"),
        [told for ones in together.values() for told in _at_once(ones, called)],
        _holes(making, presences),
        purity_sentences((one.member.text, one.purity) for one in presences),
    )


def of_identity(
    making: Making,
    searches: Sequence[tuple[int, Answer]],
    presences: Sequence[Presence],
    whose: str,
) -> list[Section]:
    """Say it of what was put to an identity.

    Args:
        whose: what the searches have in common.
    """
    return _sections(
        alternatives.of_searches(searches, whose=whose),
        _at_once(presences, {}),
        _holes(making, presences),
        purity_sentences((one.member.text, one.purity) for one in presences),
    )


def of_journey(
    making: Making, searches: Sequence[tuple[int, Answer]], journey: Journey
) -> list[Section]:
    """Say the same of a journey, with ways that are too fast and what lies between sightings."""
    seen = [stop.seen for stop in journey.stops]
    too_fast = [
        f"{one.first.text} and {one.second.text} lie {one.gap_s:.1f} s apart; the way between "
        f"their cameras takes at least {one.minimum_s:g} s as it was given"
        + ("." if one.certain else ", unless a clock is off.")
        for one in journey.too_fast
    ]
    unseen = [
        f"Between sightings {one.after} and {one.before} ({duration(one.seconds)}) was not "
        f"analysed: {unseen_text(one)}."
        for one in journey.between
        if one.unseen_s
    ]
    return _sections(
        alternatives.of_searches(searches, whose=FOR_IT),
        [*too_fast, *_at_once(seen, {})],
        [*unseen, *_holes(making, seen)],
        purity_sentences((one.member.text, one.purity) for one in seen),
    )


def _sections(
    rivals: Sequence[Block], at_once: Sequence[str], holes: Sequence[str], purity: Sequence[str]
) -> list[Section]:
    parts = (
        ("Others who are as similar", [*rivals]),
        ("Two places at one time", _told(at_once, "No two sightings are by two cameras at once.")),
        ("Holes in the footage", _told(holes, "Every camera has footage for all of that time.")),
        (
            "Tracklets of several people",
            _told(purity, "No tracklet shown is known to show more than one person."),
        ),
    )
    return [
        Section(HEADING, (Text(CAUTION),)),
        *(Section(heading, tuple(blocks), level=2) for heading, blocks in parts),
    ]


def _told(remarks: Sequence[str], none: str) -> list[Block]:
    blocks: list[Block] = [Text(one) for one in remarks[:TOLD_AT_MOST]] or [Text(none)]
    if len(remarks) > TOLD_AT_MOST:
        left = count(len(remarks) - TOLD_AT_MOST, "remark")
        blocks.append(Text(f"{left} more of this kind are left out here."))
    return blocks


def _at_once(presences: Sequence[Presence], called: Mapping[Member, str]) -> list[str]:
    """Return who would have to be in front of two cameras at one time.

    Args:
        called: what members are called here; others by their kind and number.
    """
    places = {one.member: one for one in presences}
    told = []
    for one in two_places(presences):
        first, second = (called.get(member, member.text) for member in (one.first, one.second))
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
    untimed = sum(one.first_us is None or one.camera is None for one in presences)
    if untimed and len(presences) > 1:
        told.append(
            f"Of {count(untimed, 'sighting')} time or camera is not known: whether they are of "
            "the time of another cannot be told."
        )
    return told


def _holes(making: Making, presences: Sequence[Presence]) -> list[str]:
    """Return for which times between the first and the last sighting there is no footage."""
    timed = [one for one in presences if one.first_us is not None and one.last_us is not None]
    if not timed:
        return ["No time of a sighting is known, so it cannot be told what was not filmed then."]
    begin = min(one.first_us or 0 for one in timed)
    end = max(one.last_us or 0 for one in timed)
    return [
        f"No footage of camera {gap.camera} was supplied from "
        f"{local(from_us(max(gap.from_us, begin)).replace(microsecond=0))} to "
        f"{local(from_us(min(gap.to_us, end)).replace(microsecond=0))}."
        for gap in making.archive.footage.not_supplied()
        if gap.from_us < end and gap.to_us > begin
    ]
