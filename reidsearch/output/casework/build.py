"""Make a report: what was asked, what was searched, what was found, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.base.timecode import now
from reidsearch.domain.answer_json import SCHEMA as ANSWER_SCHEMA
from reidsearch.domain.answer_reading import read_answer
from reidsearch.domain.answers import Answer, Logged, Match
from reidsearch.domain.decisions import Mark, Presence
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.output.cases import case_document
from reidsearch.output.casework import about, against, asked, findings, places, record, searched
from reidsearch.output.casework.document import Document, Report, Section
from reidsearch.output.casework.making import Making
from reidsearch.output.identities import story_json
from reidsearch.output.journeys import journey_json
from reidsearch.output.photos import photo_json
from reidsearch.output.reviews import review_json
from reidsearch.output.times import zone_name
from reidsearch.output.visible import count

if TYPE_CHECKING:
    from reidsearch.output.casework.making import Held
    from reidsearch.output.casework.subject import Subject, Told

SEARCHES_AT_MOST = 40
"""Searches of a case whose matches are listed, the newest; all are counted."""
SEARCHES_LOOKED_THROUGH = 1000
"""Searches on record, the newest, in which an identity is looked for."""


def report_of(archive: Held, subject: Subject, told: Told | None = None) -> Report:
    """Make a report of an archive as it is now.

    Args:
        told: what it may tell of an identity; None: all that is on record.

    Raises:
        NotFound: there is no such case, identity or entry of the log.
        UsageError: the answer is of another archive, or the entry is not of a search.
    """
    making = Making(archive)
    if subject.of == "case":
        return _case(making, subject.name)
    if subject.of == "identity":
        return _identity(making, subject.name, told)
    if subject.of == "journey":
        return _journey(making, subject.name)
    if subject.document is None:
        answer = _logged_answer(making, subject.name)
    else:
        answer = read_answer(subject.document)
        if answer.statement.archive_id != archive.archive_id:
            raise UsageError(
                f"the answer is of another archive ({answer.statement.archive_id}) than "
                f"{archive.location} ({archive.archive_id})",
                kind=Kind.ANSWER_OF_ANOTHER,
            )
    return _answer(making, subject.name, answer)


def _answer(making: Making, name: str, answer: Answer) -> Report:
    answer = _decided_now(making, answer)
    told = answer.statement.case
    number = told.number if told else ""
    members = [making.member(match.crop) for match in answer.matches[: findings.CARDS_AT_MOST]]
    seen = making.archive.identities.seen(members)
    sections = [
        about.what_this_is(),
        *asked.of_answer(making, answer),
        searched.of_answer(making, answer),
        *findings.of_answer(making, answer),
        *against.of_answer(making, answer, seen),
        record.decisions(making, members),
    ]
    return _report(
        making, "answer", "Report on a search", name, number, sections, {"answer": answer.to_json()}
    )


def _identity(making: Making, name: str, told: Told | None) -> Report:
    story = making.archive.identities.show(name)
    whose = against.FOR_IT
    if told is not None:
        photos = tuple(one for one in story.photos if one.photo_id in told.photos)
        story, whose = replace(story, photos=photos), against.FOR_IT_HERE
    searches = _searches_for(making, story.members, told)
    shown = [*story.members, *story.rejected]
    sections = [
        about.what_this_is(),
        asked.of_identity(making, story),
        asked.photographs(making, story.photos),
        searched.of_presences(making, story.members),
        *findings.of_presences(making, story.members, story.identity.name),
        *against.of_identity(making, searches, story.members, whose),
        record.decisions(making, [one.member for one in shown], story.decisions),
    ]
    title = "Report on an identity"
    return _report(
        making,
        "identity",
        title,
        story.identity.name,
        "",
        sections,
        {"identity": story_json(story)},
    )


def _journey(making: Making, name: str) -> Report:
    journey = making.archive.journey(name)
    stops = [stop.seen for stop in journey.stops]
    story = making.archive.identities.show(name)
    sections = [
        about.what_this_is(),
        asked.of_identity(making, story),
        searched.of_presences(making, stops),
        *findings.of_journey(making, journey),
        *against.of_journey(making, _searches_for(making, stops), journey),
        record.decisions(making, [one.member for one in stops], story.decisions),
    ]
    title = "Report on the sightings of an identity in order of time"
    return _report(
        making, "journey", title, story.identity.name, "", sections,
        {"journey": journey_json(journey)},
    )  # fmt: skip


def _case(making: Making, number: str) -> Report:
    archive = making.archive
    case = archive.cases.find(number)
    entries = list(archive.log.entries(case=case.number))
    answers = [
        (entry, answer)
        for entry in entries
        if entry.event is Event.SEARCH and (answer := _of_entry(making, entry)) is not None
    ]
    shown = answers[-SEARCHES_AT_MOST:]
    asked_places = places.questions_of(entries)
    reviews = archive.reviews.all(case.number)
    photos = archive.identities.photos.of_case(case.number)
    decided = record.decided_in(entries, archive.identities.decisions())
    confirmed = record.confirmed_by(decided)
    present = archive.identities.seen(confirmed)
    presences = sorted(present.values(), key=lambda one: (one.first_us is None, one.first_us or 0))
    marks = archive.identities.marks(present)
    named = {one: mark.identity.name for one, mark in marks.items() if mark.identity}
    told = [(entry.number, answer) for entry, answer in shown]
    sections = [
        about.what_this_is(),
        asked.of_case(making, case, entries),
        asked.photographs(making, photos),
        searched.of_case(making, [answer for _, answer in shown]),
        *findings.of_case(making, shown, len(answers)),
        *places.of_case(making, asked_places),
        *findings.of_presences(making, presences, "", named),
        *against.of_case(making, told, presences, named),
        record.decisions(making, confirmed, decided),
        record.reviews(reviews),
        record.exports(entries),
    ]
    data = {
        "case": case_document(case, archive.cases.belongings(case.number)),
        "answers": [answer.to_json() for _, answer in shown],
        "places_asked": [
            {"entry": entry.number, "said": dict(said)} for entry, said in asked_places
        ],
        "reviews": [review_json(one) for one in reviews],
        "photos": [photo_json(one) for one in photos],
    }
    title = f"Report on case {case.number}"
    return _report(making, "case", title, case.number, case.number, sections, data)


def _report(
    making: Making,
    of: str,
    title: str,
    subject: str,
    case: str,
    sections: list[Section],
    data: dict[str, Any],
) -> Report:
    archive = making.archive
    sections += [
        about.limits(making.calibration),
        record.versions(making),
        about.appendix(),
    ]
    sections_numbered = tuple(numbered(sections))
    document = Document(
        of=of,
        title=title,
        subject=subject,
        case=case,
        archive=archive.location,
        archive_id=archive.archive_id,
        made_at=now().replace(microsecond=0),
        made_by=archive.actor,
        zone=zone_name(),
        sections=sections_numbered,
        data=data,
    )
    return Report(document, making.pictures)


def numbered(sections: list[Section]) -> list[Section]:
    """Number the headings: 1, 2, 2.1."""
    found, first, second = [], 0, 0
    for one in sections:
        if not one.blocks and one.level == 2:
            continue
        if one.level == 1:
            first, second = first + 1, 0
            found.append(replace(one, heading=f"{first} {one.heading}"))
        else:
            second += 1
            found.append(replace(one, heading=f"{first}.{second} {one.heading}"))
    return found


def _searches_for(
    making: Making, presences: Sequence[Presence], told: Told | None = None
) -> list[tuple[int, Answer]]:
    """Return the newest searches on record that were for somebody, the newest first.

    These are the searches with a picture of a sighting, and those whose first match is one.

    Args:
        told: which of them may be told; None: all.
    """
    crops = {crop_id for one in presences for crop_id in one.crop_ids}
    last = SEARCHES_LOOKED_THROUGH
    if told is None:
        entries = list(making.archive.log.entries(events=[Event.SEARCH], last=last))
    else:
        every = making.archive.log.entries(events=[Event.SEARCH])
        entries = [one for one in every if one.number in told.entries][-last:]
    found: list[tuple[int, Answer]] = []
    for entry in reversed(entries):
        said = entry.said or {}
        firsts = {crop_id for crop_id, _ in said.get("matches", [])[:1]}
        pictures = said.get("statement", {}).get("query_pictures", [])
        firsts |= {one["crop_id"] for one in pictures if one.get("crop_id") is not None}
        if firsts & crops and len(found) < SEARCHES_AT_MOST:
            answer = _of_entry(making, entry)
            found += [(entry.number, answer)] if answer else []
    return found


def _decided_now(making: Making, answer: Answer) -> Answer:
    """Return an answer with what is decided and known of its matches by now."""
    marks = making.archive.identities.marks_of_crops([one.crop.crop_id for one in answer.matches])
    none = Mark()
    matches = [
        replace(
            one,
            crop=making.crop(one.crop.crop_id) or one.crop,
            identity=mark.identity,
            rejected_for=mark.rejected_for,
        )
        for one in answer.matches
        for mark in (marks.get(one.crop.crop_id, none),)
    ]
    moved = sum(
        now.crop.facts.time != then.crop.facts.time
        for now, then in zip(matches, answer.matches, strict=True)
    )
    if moved:
        making.missing.append(
            f"The times of {count(moved, 'match', 'matches')} are others than the answer told: a "
            "clock was corrected since. This report tells those of now."
        )
    return replace(answer, matches=tuple(matches))


def _logged_answer(making: Making, text: str) -> Answer:
    number = int(text)
    entry = next((one for one in making.archive.log.entries() if one.number == number), None)
    if entry is None:
        raise NotFound(f"the event log has no entry {number}")
    if entry.event is not Event.SEARCH:
        raise UsageError(f"entry {number} of the event log is of no search ({entry.event.value})")
    answer = _of_entry(making, entry)
    if answer is None:
        raise NotFound(f"what entry {number} of the event log says was erased")
    return answer


def _of_entry(making: Making, entry: LogEntry) -> Answer | None:
    """Return what a search answered, as its entry has it; None: that was erased.

    Matches whose crop has been deleted since are left out, and told.
    """
    said = entry.said
    if said is None:
        return None
    statement = said["statement"] | {"logged": {"entry": entry.number, "why_not": None}}
    read = read_answer({"schema": ANSWER_SCHEMA, "statement": statement, "matches": []})
    told = read.statement
    pairs = said.get("matches", [])
    ids = [int(crop_id) for crop_id, _ in pairs]
    marks = making.archive.identities.marks_of_crops(ids)
    matches = []
    for rank, (crop_id, score) in enumerate(pairs, start=1):
        crop = making.crop(crop_id)
        if crop is None:
            continue
        mark = marks.get(crop_id)
        matches.append(
            Match(
                rank,
                float(score),
                crop,
                making.tracklet(crop),
                mark.identity if mark else None,
                mark.rejected_for if mark else (),
                reading=making.reading(told, float(score)),
            )
        )
    if len(matches) < len(pairs):
        gone = count(len(pairs) - len(matches), "match", "matches")
        making.missing.append(f"Of search {entry.number} {gone} cannot be shown: deleted since.")
    marked = making.archive.log.with_own(matches, told)
    return Answer(replace(told, logged=Logged(entry.number)), marked)
