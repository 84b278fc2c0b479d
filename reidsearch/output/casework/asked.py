"""The part of a report that says what was asked, by whom, when, and with what right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reidsearch.base.errors import NotFound
from reidsearch.base.timecode import now
from reidsearch.domain.answers import Answer
from reidsearch.domain.decisions import Story
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.domain.query_origins import QueryOrigin
from reidsearch.output.casework.document import THE_JSON, Card, Facts, Picture, Section, Table, Text
from reidsearch.output.filters_told import filtered_told
from reidsearch.output.times import local
from reidsearch.output.visible import count

if TYPE_CHECKING:
    import datetime as dt

    from reidsearch.domain.cases import Case
    from reidsearch.domain.photos import ReferencePhoto
    from reidsearch.output.casework.making import Making

QUERIES_SHOWN = 6
QUERIES_LISTED = 100
NOT_SAID = "not stated"
HEADING = "What was asked"
PHOTOGRAPHS = "Reference photographs"


def of_answer(making: Making, answer: Answer) -> list[Section]:
    """Say what one search asked; one section for the case, one for the query."""
    told = answer.statement
    entry = _entry(making, told.logged.entry)
    rows = [
        ("Asked at", local(told.asked_at)),
        ("Asked by", entry.actor if entry else "not on record"),
        ("Query", told.query),
        ("Matches asked for", f"{told.k:,}"),
        ("Narrowed by", " ".join(filtered_told(told.filters)) or "nothing: all crops held"),
    ]
    if told.case is not None:
        why = told.case.reason.value if told.case.reason else NOT_SAID
        rows.append(("Reason", f"{why}: {told.case.note}" if told.case.note else why))
    rows.append(("Event log", f"entry {told.logged.entry}" if told.logged.entry else "no entry"))
    found = [Section(HEADING, (*_right(making, answer), Facts(tuple(rows))))]
    found.append(Section("Query pictures", tuple(_queries(making, told.query_pictures)), level=2))
    return found


def _right(making: Making, answer: Answer) -> list[Facts | Text]:
    told = answer.statement.case
    if told is None:
        return [Text("The search was made for no case: no authority is on record for it.", True)]
    try:
        case = making.archive.cases.find(told.number)
    except NotFound:
        return [Text(f"Case {told.number} is not held by this archive.", caution=True)]
    return [Facts(_case_rows(case, answer.statement.asked_at, "State when asked"))]


def of_case(making: Making, case: Case, entries: Sequence[LogEntry]) -> Section:
    """Say what a case is, and what belongs to it."""
    blocks: list[Facts | Text | Table] = [Facts(_case_rows(case, now(), "State now"))]
    if case.notes:
        blocks.append(Facts((("Notes", case.notes),)))
    counts = dict.fromkeys(Event, 0)
    for one in entries:
        counts[one.event] += 1
    rows = tuple((event.value, f"{number:,}") for event, number in counts.items() if number)
    if rows:
        blocks += [
            Text("The event log holds of this case:"),
            Table(("Event", "Entries"), rows, (3, 1)),
        ]
    else:
        blocks.append(Text("The event log holds nothing of this case."))
    return Section("The case, and with what right it is worked on", tuple(blocks))


def _case_rows(case: Case, at: dt.datetime, state: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Case", case.number),
        ("Title", case.title or NOT_SAID),
        ("Purpose", case.purpose or NOT_SAID),
        ("Examiner", case.examiner or NOT_SAID),
        ("Authority", case.authority_kind or NOT_SAID),
        ("Its reference", case.authority_reference or NOT_SAID),
        ("Issued", local(case.issued) if case.issued else NOT_SAID),
        ("Expires", local(case.expires) if case.expires else NOT_SAID),
        (state, case.state(at).value),
        ("Opened", local(case.opened_at)),
        *((("Closed", local(case.closed_at)),) if case.closed_at else ()),
    )


def of_identity(making: Making, story: Story) -> Section:
    """Say which identity it is about, and that a report of it is no answer to a search."""
    identity = story.identity
    rows = (
        ("Identity", f"{identity.name} (number {identity.identity_id})"),
        ("Put to it", count(len(identity.members), "tracklet or crop", "tracklets or crops")),
        ("Said not to be it", f"{len(identity.rejected):,}"),
        ("Reference photographs", f"{len(story.photos):,}"),
        ("Report made by", making.archive.actor),
    )
    told = (
        "An identity is a name under which people put what they decided on. That something is put "
        "to it is the decision of whoever is named in the part on decisions, and no measurement."
    )
    blocks: list[Facts | Text] = [Facts(rows), Text(told)]
    if story.deleted:
        gone = count(story.deleted, "decision", "decisions")
        blocks.append(Text(f"{gone} in force are of crops that are no longer held."))
    return Section(HEADING, tuple(blocks))


def photographs(making: Making, photos: Sequence[ReferencePhoto]) -> Section:
    """Show what somebody from outside of the archive is said to look like; nobody: no section."""
    if not photos:
        return Section(PHOTOGRAPHS, (), level=2)
    told = (
        "Pictures from outside of the archive, which somebody said show the person who is searched "
        "for. Whether they do is that person's word. They were searched with, and are no findings. "
        "The archive keeps each file as it was given."
    )
    cards = []
    for one in photos:
        picture = making.photo(one)
        rows = (
            ("File", f"{one.name} ({one.size_bytes:,} bytes)"),
            ("SHA-256", one.sha256),
            ("Box (left, top, right, bottom)", one.box.text()),
            ("Added", f"{local(one.added_at)} by {one.added_by}"),
            ("For case", one.case or "none"),
            ("Note", one.note or NOT_SAID),
        )
        pictures = (picture,) if picture else ()
        cards.append(Card(f"Reference photograph {one.photo_id}", pictures, rows))
    return Section(PHOTOGRAPHS, (Text(told), *cards), level=2)


def searched_with(making: Making, origins: Sequence[QueryOrigin]) -> list[Card | Text]:
    """Show the pictures that a search was made with, as far as the archive holds them."""
    pictures: list[Picture] = []
    held = [one for one in origins if one.held]
    for one in held[:QUERIES_SHOWN]:
        picture = making.query(one)
        pictures += [picture] if picture else []
    blocks: list[Card | Text] = []
    if pictures:
        blocks.append(Card("Searched with", tuple(pictures), ()))
    if len(held) > QUERIES_SHOWN:
        blocks.append(Text(f"{count(len(held) - QUERIES_SHOWN, 'picture')} more are not shown."))
    outside = [one for one in origins if not one.held]
    if outside:
        named = ", ".join(
            f"{one.name or 'pixels in memory'} (SHA-256 {one.sha256 or 'not known'})"
            for one in outside[:QUERIES_SHOWN]
        )
        more = len(outside) - QUERIES_SHOWN
        blocks.append(
            Text(
                f"Not shown, because this report has pictures of the archive alone: "
                f"{named}" + (f" and {more:,} more." if more > 0 else ".")
            )
        )
    return blocks


def _queries(making: Making, origins: Sequence[QueryOrigin]) -> list[Card | Table | Text]:
    """Show query pictures of the archive, and list all with their digests."""
    blocks: list[Card | Table | Text] = [*searched_with(making, origins)]
    rows = tuple(_query_row(one) for one in origins[:QUERIES_LISTED])
    blocks.append(
        Table(
            (
                "Picture",
                "Box (left, top, right, bottom)",
                "SHA-256 of its file",
                "SHA-256 of its embedding",
            ),
            rows,
            (3, 2, 4, 4),
        )
    )
    if len(origins) > QUERIES_LISTED:
        blocks.append(Text(f"{len(origins) - QUERIES_LISTED:,} more are in {THE_JSON}."))
    return blocks


def _query_row(one: QueryOrigin) -> tuple[str, str, str, str]:
    name = f"crop {one.crop_id}" if one.crop_id is not None else one.name or "pixels in memory"
    if one.photo_id is not None:
        name = f"reference photograph {one.photo_id} ({one.name})"
    if one.media_s is not None:
        name += f" at {one.media_s:.3f} s"
    return name, one.box.text(), one.sha256 or "not known", one.embedding_sha256 or "not known"


def _entry(making: Making, number: int | None) -> LogEntry | None:
    if number is None:
        return None
    entries: Iterator[LogEntry] = making.archive.log.entries(events=[Event.SEARCH])
    return next((one for one in entries if one.number == number), None)
