"""Who else was seen around somebody, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import from_us, iso
from reidsearch.domain.answer_json import named_json
from reidsearch.domain.around import Around
from reidsearch.domain.distance import Unit, Verdict
from reidsearch.domain.nearby import (
    Beside,
    CloserThan,
    Nearby,
    NearbyStatement,
    SeenNearby,
    Watched,
    whom_json,
)
from reidsearch.domain.presence_json import presence_json
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.distance import MEANS, closer_json
from reidsearch.output.identities import crops_shown, time_of
from reidsearch.output.on_record import case_told, logged_sentence
from reidsearch.output.text import UNKNOWN, known
from reidsearch.output.times import zone_name
from reidsearch.output.visible import count, duration, visible

_Cell = Callable[[SeenNearby], str]
NAMED_AT_MOST = 6
"""Sightings, or cameras, in one sentence."""


def nearby_view(found: Nearby) -> RenderableType:
    """Return who was seen as a table, and what the answer rests on."""
    told = [Text(line, style="dim") for line in nearby_told(found)]
    title = Text(title_of(found), style="bold")
    if not found.people:
        return Group(title, *told)
    return Group(title, _table(found), *told)


def title_of(found: Nearby) -> str:
    """Return what the answer is about: `Seen within 60.0 s of anna (identity 3)`."""
    statement = found.statement
    return f"Seen within {duration(statement.within_s)} of {visible(whom_text(statement))}"


def whom_text(statement: NearbyStatement) -> str:
    """Return who was asked for: `anna (identity 3)`, `crop 7 (tracklet 4)`."""
    whom = statement.whom
    if whom.member is None:
        return whom.identity.text if whom.identity else "nobody"
    named = whom.member.named_by(whom.crop_ids[:1])
    return f"{named}, confirmed as {whom.identity.name}" if whom.identity else named


def _table(found: Nearby) -> FittedTable:
    people = found.people

    def column(title: str, rank: int, cell: _Cell, *, right: bool = False) -> Column:
        return Column(title, [cell(one) for one in people], rank, right=right)

    columns = [
        column("who", 1, lambda one: one.seen.member.text),
        column("camera", 0, lambda one: known(one.seen.camera)),
        column(f"first ({zone_name()})", 0, lambda one: time_of(one.seen.first_us)),
        column("last", 4, lambda one: time_of(one.seen.last_us)),
        column("apart", 0, _apart, right=True),
        column("unsure by", 3, doubt_text, right=True),
        column("both in sight", 2, _overlap, right=True),
        column("crop", 0, lambda one: crops_shown(one.seen), right=True),
        column("identity", 1, lambda one: visible(one.identity.name) if one.identity else UNKNOWN),
    ]
    if found.statement.closer_than is not None:
        title = f"closer than {found.statement.closer_than.limit.text}"
        columns.insert(3, column(title, 0, beside_text))
    if len(found.sightings) > 1:
        columns.insert(0, column("sighting", 3, lambda one: str(one.sighting), right=True))
    if not all(one.at_once for one in people):
        columns.append(
            column("other person", 2, lambda one: "certain" if one.at_once else "not certain")
        )
    return FittedTable(columns)


def _apart(one: SeenNearby) -> str:
    sign = "" if not one.gap_s else "-" if one.gap_s < 0 else "+"
    return f"{sign}{duration(abs(one.gap_s))}"


def doubt_text(one: SeenNearby) -> str:
    """Return by how much clocks may be off together: `±2 s`, `±?`; empty: no clock was asked."""
    return "±?" if one.doubt_s is None else f"±{one.doubt_s:g} s" if one.doubt_s else ""


def apart_text(one: SeenNearby) -> str:
    """Return how far in time: `0.0 s`, `12.0 s after`, `5.0 s before ±2 s`."""
    side = "" if not one.gap_s else " before" if one.gap_s < 0 else " after"
    return f"{duration(abs(one.gap_s))}{side} {doubt_text(one)}".rstrip()


def beside_text(one: SeenNearby) -> str:
    """Return for how long they were closer: `certain 12.0 s`, `possible 3.0 s`."""
    if one.beside is None:
        return UNKNOWN
    verdict, closer = one.beside.verdict, one.beside.closer
    if closer is None or verdict is Verdict.UNDECIDED:
        return "not decided"
    if verdict is Verdict.CERTAIN:
        return f"certain {duration(closer.certain_s)}"
    unknown = f", {duration(closer.undecided_s)} not known" if closer.undecided_s else ""
    return f"possible {duration(closer.possible_s)}{unknown}"


def _overlap(one: SeenNearby) -> str:
    return duration(one.overlap_s) if one.overlap_s else UNKNOWN


def nearby_told(found: Nearby) -> list[str]:
    """Return what the answer rests on and what it cannot know, in sentences."""
    return [*nearby_rests_on(found), *nearby_missing(found)]


def nearby_rests_on(found: Nearby) -> list[str]:
    """Return what was looked at, and how to read it."""
    statement, people = found.statement, found.people
    sightings = count(len(found.sightings), "sighting")
    seen = len(people) + statement.not_closer + statement.apart_in_time
    told = [
        f"{count(seen, 'tracklet was', 'tracklets were')} seen within "
        f"{duration(statement.within_s)} of {sightings}"
        + (" (crops of no tracklet count as one each)." if seen else "; nobody else."),
        _looked(statement),
        'Seen by one camera at one time is not "together": nothing here says that these people '
        "know each other, or were side by side.",
    ]
    if statement.closer_than is not None:
        told += _closer_told(found, statement.closer_than)
    unsure = sum(not one.at_once for one in people)
    if unsure:
        them = "them" if statement.closer_than is None else "those listed"
        told.append(
            f"{unsure:,} of {them} {'was' if unsure == 1 else 'were'} never in one picture with "
            "the person, so they may be the same person, whose tracklet was interrupted, or whom "
            "two recordings show."
        )
    if people:
        told.append(
            "One person may have several tracklets here, unless they are confirmed as one identity."
        )
    if statement.own:
        further = count(statement.own, "further sighting", "further sightings")
        told.append(f"Left out: {further} of the same identity.")
    if any(one.doubt_s is None or one.doubt_s for one in people):
        told.append(
            "Times of two recordings are compared by their clocks; ± says by how much they may be "
            "off together, ±? that nobody knows. Whoever lies further apart only by that is not "
            "listed."
        )
    return [*told, *case_told(statement.case)]


def _closer_told(found: Nearby, asked: CloserThan) -> list[str]:
    """Return what the distance was found by, and who was left out."""
    counted = Counter(one.beside.verdict for one in found.people if one.beside)
    lasting = f" for {duration(asked.for_s)} within one tracklet" if asked.for_s else ""
    not_closer, apart = found.statement.not_closer, found.statement.apart_in_time
    told = [
        f"Closer than {asked.limit.text}{lasting}: {counted[Verdict.CERTAIN]:,} certainly, "
        f"{counted[Verdict.POSSIBLE]:,} possibly, {counted[Verdict.UNDECIDED]:,} not decided; "
        f"left out: {count(not_closer, 'tracklet that was', 'tracklets that were')} not, and "
        f"{apart:,} that nothing shows at the same time.",
        MEANS[asked.limit.unit],
    ]
    if any(one.beside and one.beside.closer is None for one in found.people):
        told.append(
            "Not decided: two recordings show them, or no ground of the camera holds then "
            "(`camera ground` sets one)."
            if asked.limit.unit is Unit.METRES
            else "Not decided: two recordings show them, so their pictures cannot be compared."
        )
    return told


def _looked(statement: NearbyStatement) -> str:
    if statement.around is Around.SAME:
        return "Only the camera of each sighting was looked at, as asked."
    beside = sorted({one.camera for one in statement.watched if one.transit_s is not None})
    if beside:
        named = ", ".join(map(visible, beside[:NAMED_AT_MOST]))
        more = len(beside) - NAMED_AT_MOST
        return (
            f"Beside the camera of each sighting: {named}"
            + (f" and {more:,} more" if more > 0 else "")
            + ", to which a way of no more than this time is on record."
        )
    if statement.ways_known:
        return (
            "Only the camera of each sighting was looked at: no other one is known to be as near."
        )
    return (
        "Only the camera of each sighting was looked at: no times of the ways between cameras are "
        "on record (`link --min-transit` records them)."
    )


def nearby_missing(found: Nearby) -> list[str]:
    """Return what was not looked at."""
    statement = found.statement
    told = [
        f"Sighting {one.sighting}, {visible(one.camera)}: {duration(one.not_analysed_s)} of "
        f"{duration(one.seconds)} not analysed."
        for one in _most(statement.watched)
    ]
    lacking = sum(one.not_analysed_s > 0 for one in statement.watched)
    if lacking > NAMED_AT_MOST:
        told.append(
            f"And {count(lacking - NAMED_AT_MOST, 'further interval')} not wholly analysed."
        )
    if statement.without_time:
        told.append(
            f"The time or the camera of {_numbers(statement.without_time)} is not known: only "
            "their own recording was looked through."
        )
    if statement.without_footage:
        told.append(
            f"Nothing could be looked at around {_numbers(statement.without_footage)}: pictures "
            "without a known time and camera."
        )
    for camera, number in statement.untimed_sources.items():
        told.append(
            f"Camera {visible(camera)} has {count(number, 'source')} whose time is not known; who "
            "is seen in them may have been there."
        )
    if statement.logged is not None and statement.logged.entry is None:
        told.append(logged_sentence(statement.logged))
    return told


def _most(watched: Sequence[Watched]) -> list[Watched]:
    lacking = [one for one in watched if one.not_analysed_s > 0]
    return sorted(lacking, key=lambda one: -one.not_analysed_s)[:NAMED_AT_MOST]


def _numbers(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:NAMED_AT_MOST]))
    more = f" and {len(numbers) - NAMED_AT_MOST:,} more" if len(numbers) > NAMED_AT_MOST else ""
    return f"{'sighting' if len(numbers) == 1 else 'sightings'} {named}{more}"


def nearby_json(found: Nearby) -> dict[str, Any]:
    """Return the whole of it."""
    statement = found.statement
    return {
        "schema": "reidsearch/nearby/1",
        "statement": {
            "archive": statement.archive,
            "archive_id": statement.archive_id,
            "asked_at": iso(statement.asked_at),
            **whom_json(statement.whom),
            "within_s": statement.within_s,
            "cameras": statement.around.value,
            "watched": [_watched_json(one) for one in statement.watched],
            "without_time": list(statement.without_time),
            "without_footage": list(statement.without_footage),
            "untimed_sources": dict(statement.untimed_sources),
            "own_left_out": statement.own,
            "ways_known": statement.ways_known,
            "closer_than": _closer_than_json(statement.closer_than),
            "not_closer": statement.not_closer,
            "apart_in_time": statement.apart_in_time,
            "case": asdict(statement.case) if statement.case else None,
            "logged": asdict(statement.logged) if statement.logged else None,
        },
        "sightings": [
            {"number": number, **presence_json(one)}
            for number, one in enumerate(found.sightings, start=1)
        ],
        "people": [_person_json(one) for one in found.people],
    }


def _closer_than_json(asked: CloserThan | None) -> dict[str, Any] | None:
    if asked is None:
        return None
    return {"value": asked.limit.value, "unit": asked.limit.unit.value, "for_s": asked.for_s}


def _beside_json(beside: Beside | None) -> dict[str, Any] | None:
    if beside is None:
        return None
    closer = None if beside.closer is None else closer_json(beside.closer)
    return {"verdict": beside.verdict.value, "closer": closer}


def _watched_json(one: Watched) -> dict[str, Any]:
    return {
        "sighting": one.sighting,
        "camera": one.camera,
        "transit_s": one.transit_s,
        "from_time": iso(from_us(one.from_us)),
        "to_time": iso(from_us(one.to_us)),
        "seconds": one.seconds,
        "not_analysed_s": one.not_analysed_s,
    }


def _person_json(one: SeenNearby) -> dict[str, Any]:
    return {
        "sighting": one.sighting,
        "near": list(one.near),
        "gap_s": one.gap_s,
        "overlap_s": one.overlap_s,
        "doubt_s": one.doubt_s,
        "at_once": one.at_once,
        "identity": named_json(one.identity) if one.identity else None,
        "beside": _beside_json(one.beside),
        **presence_json(one.seen),
    }
