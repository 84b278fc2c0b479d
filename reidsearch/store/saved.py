"""Saved questions in the database, and what they have found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from reidsearch.base.actor import Author
from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.answer_json import origin_json
from reidsearch.domain.answer_reading import read_part
from reidsearch.domain.event_log import Event
from reidsearch.domain.query_origins import EmbeddedPicture, QueryOrigin
from reidsearch.domain.saved import Asked, SavedAnswer, SavedQuestion
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import intact, require_intact
from reidsearch.store.decoding import reads
from reidsearch.store.event_log import append
from reidsearch.store.tables.event_log import log_entry
from reidsearch.store.tables.saved import saved_answer, saved_picture, saved_question


@dataclass(frozen=True, slots=True)
class Found:
    """A match as it is stored; see `domain.saved.SavedAnswer`."""

    crop_id: int
    score: float
    found_us: int
    entry: int | None
    seen_us: int | None


# -- questions --------------------------------------------------------------------------------


def add(
    connection: Connection,
    name: str,
    asked: dict[str, Any],
    pictures: Sequence[EmbeddedPicture],
    identity: dict[str, Any] | None,
) -> SavedQuestion:
    """Save a question, of who acts and for their case, and record it.

    It is asked of crops that are added from now on.

    Args:
        asked: of `domain.saved.asked_json`.
        identity: `identity_id` and `name` of whom it asks for.

    Raises:
        UsageError: its name is taken.
    """
    author: Author = connection.get_execution_options()["author"]
    c = saved_question.c
    if connection.scalar(select(c.id).where(c.name == name)) is not None:
        raise UsageError(
            f"there is a saved question {name!r} already", "take another name, or remove that one"
        )
    values = {
        "name": name,
        "asked": asked,
        "identity_id": identity and identity["identity_id"],
        "case_number": author.case,
        "reason": author.reason,
        "made_by": author.name,
        "made_us": to_us(now()),
        "last_crop": connection.execute(select(tables.archive.c.next_crop_id)).scalar_one() - 1,
    }
    key = connection.execute(insert(saved_question).values(values)).inserted_primary_key
    number = int(key[0]) if key else 0
    for one in pictures:
        row = {
            "question_id": number,
            "origin": origin_json(one.origin),
            "vector": np.ascontiguousarray(one.row, "<f4").tobytes(),
        }
        connection.execute(insert(saved_picture).values(row))
    statement = {
        **{name: asked[name] for name in ("filters", "requested", "grouped", "crops")},
        "query_pictures": [origin_json(one.origin) for one in pictures],
        "identity": identity,
    }
    told = {"change": "add", "question": number, "name": name, "statement": statement}
    append(connection, Event.SAVED, told)
    return question(connection, name)


def remove(connection: Connection, name: str) -> SavedQuestion:
    """Remove a question with all that it has found, and record it.

    Raises:
        NotFound: there is none of this name.
    """
    held = question(connection, name)
    _remove(connection, held.question_id)
    told = {"change": "remove", "question": held.question_id, "name": name}
    append(connection, Event.SAVED, told)
    return held


def _remove(connection: Connection, number: int) -> None:
    for column in (saved_answer.c.question_id, saved_picture.c.question_id, saved_question.c.id):
        connection.execute(delete(column.table).where(column == number))


def question(connection: Connection, name: str) -> SavedQuestion:
    """Return a question by its name.

    Raises:
        NotFound: there is none.
    """
    # Proven here, because a connection that writes proves nothing by itself.
    query = select(saved_question).where(saved_question.c.name == name, intact(saved_question))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no saved question {name!r}", kind=Kind.SAVED_UNKNOWN)
    return _question(row, _pictures(connection, row.id))


def require_whole(connection: Connection) -> None:
    """Refuse to ask while a row is damaged: a question without a picture of its own is another.

    Raises:
        ArchiveError: a row of a question or of a picture is.
    """
    require_intact(connection, saved_question)
    require_intact(connection, saved_picture)


def questions(connection: Connection) -> list[SavedQuestion]:
    """Return all questions, by name."""
    rows = connection.execute(select(saved_question).order_by(saved_question.c.name)).all()
    return [_question(row, _pictures(connection, row.id)) for row in rows]


def _pictures(connection: Connection, number: int) -> tuple[EmbeddedPicture, ...]:
    c = saved_picture.c
    rows = select(saved_picture).where(c.question_id == number)
    return tuple(map(_picture, connection.execute(rows.order_by(c.id))))


@reads(saved_picture)
def _picture(row: Row[Any]) -> EmbeddedPicture:
    vector = np.frombuffer(row.vector, "<f4").astype(np.float32)
    return EmbeddedPicture(read_part(QueryOrigin, row.origin), vector)


@reads(saved_question)
def _question(row: Row[Any], pictures: tuple[EmbeddedPicture, ...]) -> SavedQuestion:
    return SavedQuestion(
        question_id=row.id,
        name=row.name,
        asked=Asked.read(row.asked),
        pictures=pictures,
        identity_id=row.identity_id,
        case=row.case_number,
        reason=row.reason,
        made_by=row.made_by,
        made_at=from_us(row.made_us),
        last_crop=row.last_crop,
        asked_at=None if row.asked_us is None else from_us(row.asked_us),
        why_not=row.why_not,
    )


# -- what they found --------------------------------------------------------------------------


def record(
    connection: Connection,
    number: int,
    found: Iterable[tuple[int, float]],
    newest_crop: int,
    entry: int | None,
) -> int:
    """Keep what a run has found of crops that no run has had before; return how many.

    Args:
        found: crops and scores, old ones among them.
        newest_crop: all crops up to this id were searched.
        entry: of the event log, the search.
    """
    c = saved_question.c
    last = connection.scalar(select(c.last_crop).where(c.id == number))
    if last is None:  # it was removed meanwhile
        return 0
    held = set(
        connection.scalars(
            select(saved_answer.c.crop_id).where(saved_answer.c.question_id == number)
        )
    )
    at_us = to_us(now())
    fresh = [one for one in found if one[0] > last and one[0] not in held]
    there = _there(connection, [crop_id for crop_id, _ in fresh])
    rows = [
        {
            "question_id": number,
            "crop_id": crop_id,
            "score": score,
            "found_us": at_us,
            "entry": entry,
        }
        for crop_id, score in fresh
        if crop_id in there
    ]
    if rows:
        connection.execute(insert(saved_answer), rows)
    values = {"last_crop": max(last, newest_crop), "asked_us": at_us, "why_not": None}
    connection.execute(update(saved_question).where(c.id == number).values(values))
    return len(rows)


def _there(connection: Connection, crop_ids: Sequence[int]) -> set[int]:
    """Return these crops but those that somebody has deleted since they were found."""
    found = set[int]()
    for part in chunks(crop_ids):
        crop = tables.crop.c
        found.update(connection.scalars(select(crop.id).where(crop.id.in_(part))))
    return found


def record_failure(connection: Connection, number: int, why_not: str) -> None:
    """Keep why a question could not be asked."""
    wanted = saved_question.c.id == number
    connection.execute(update(saved_question).where(wanted).values(why_not=why_not))


def counts(
    connection: Connection, cameras: Collection[str] | None = None
) -> dict[int, tuple[int, int]]:
    """Return of each question that found something how much, and how much of it is new.

    Args:
        cameras: only what these have seen is counted.
    """
    c = saved_answer.c
    counted = select(c.question_id, func.count(), func.count(c.seen_us)).group_by(c.question_id)
    if cameras is not None:
        crop, camera = tables.crop, tables.camera
        counted = (
            counted.join(crop, crop.c.id == c.crop_id)
            .join(camera, camera.c.id == crop.c.camera_id)
            .where(camera.c.name.in_(cameras))
        )
    return {number: (every, every - seen) for number, every, seen in connection.execute(counted)}


def waiting(
    connection: Connection, made_by: str | None = None, cameras: Collection[str] | None = None
) -> int:
    """Return how many answers nobody has looked at.

    Args:
        made_by: only those of the questions that this name has saved.
        cameras: as of `counts`.
    """
    found = counts(connection, cameras)
    if made_by is not None and found:
        c = saved_question.c
        own = set(connection.scalars(select(c.id).where(c.made_by == made_by)))
        found = {number: told for number, told in found.items() if number in own}
    return sum(new for _, new in found.values())


def found_by(connection: Connection, number: int) -> list[Found]:
    """Return what a question has found: the newest run first, then by score."""
    c = saved_answer.c
    rows = select(c.crop_id, c.score, c.found_us, c.entry, c.seen_us).where(c.question_id == number)
    ordered = rows.order_by(c.found_us.desc(), c.score.desc(), c.crop_id)
    return [Found(*row) for row in connection.execute(ordered)]


def found_after(
    connection: Connection, number: int, after: int, up_to: int | None, most: int
) -> list[Found]:
    """Return what a question has found of crops with ids above `after`, by their ids.

    Args:
        up_to: of crops with ids up to this; None: of all.
        most: the first so many.
    """
    c = saved_answer.c
    rows = select(c.crop_id, c.score, c.found_us, c.entry, c.seen_us)
    rows = rows.where(c.question_id == number, c.crop_id > after)
    if up_to is not None:
        rows = rows.where(c.crop_id <= up_to)
    return [Found(*row) for row in connection.execute(rows.order_by(c.crop_id).limit(most))]


def count_after(connection: Connection, number: int, after: int) -> int:
    """Return how much a question has found of crops with ids above `after`."""
    c = saved_answer.c
    wanted = (c.question_id == number) & (c.crop_id > after)
    return connection.scalar(select(func.count()).select_from(saved_answer).where(wanted)) or 0


def answers(store: Store, found: Sequence[Found]) -> list[SavedAnswer]:
    """Return matches with their crops, but those whose crops were deleted meanwhile."""
    crops = {one.crop_id: one for one in store.crops(one.crop_id for one in found)}
    return [
        SavedAnswer(
            crops[one.crop_id],
            one.score,
            from_us(one.found_us),
            one.entry,
            None if one.seen_us is None else from_us(one.seen_us),
        )
        for one in found
        if one.crop_id in crops
    ]


def mark_seen(connection: Connection, number: int, crop_ids: Sequence[int]) -> None:
    """Mark what was looked at."""
    c = saved_answer.c
    for part in chunks(crop_ids):
        new = (c.question_id == number) & c.crop_id.in_(part) & c.seen_us.is_(None)
        connection.execute(update(saved_answer).where(new).values(seen_us=to_us(now())))


# -- erasing ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Going:
    """What is erased, as far as questions may hold it.

    Args:
        places, digests: of what is deleted; digests in hexadecimal.
        identities: ids of those that are erased.
        searches: entries of the event log whose details are erased: of a case.
        kept: cases on hold, whose questions stay as the details of their entries do.
    """

    places: Set[str]
    digests: Set[str]
    identities: Set[int]
    searches: Sequence[int] = ()
    kept: Set[str] = frozenset()


def going(connection: Connection, what: Going) -> list[int]:
    """Return the questions that go with what is erased: they show it, or ask for it by name."""
    cases: set[str | None] = set()
    for part in chunks(what.searches):
        of = select(log_entry.c.case_number).where(log_entry.c.id.in_(part))
        cases.update(connection.scalars(of))
    c, p = saved_question.c, saved_picture.c
    showing = set[int]()
    shown = select(p.question_id, p.origin).where(intact(saved_picture))
    for row in connection.execute(shown):
        origin = row.origin if isinstance(row.origin, dict) else {}
        digests = {origin.get("sha256"), origin.get("embedding_sha256")}
        if origin.get("location") in what.places or digests & what.digests:
            showing.add(row.question_id)
    found = []
    every = select(c.id, c.asked, c.identity_id, c.case_number).where(intact(saved_question))
    for number, asked, identity_id, case in connection.execute(every):
        erased = identity_id in what.identities or case in cases - {None}
        shows = number in showing or _names(asked, what.places)
        if erased or (shows and case not in what.kept):
            found.append(number)
    return found


def _names(asked: Any, places: Set[str]) -> bool:
    """Tell whether a question's filters name one of these places."""
    filters = asked.get("filters") if isinstance(asked, dict) else None
    sources = filters.get("sources") or () if isinstance(filters, dict) else ()
    return any(place.endswith(str(text)) for text in sources for place in places)


def forget(connection: Connection, what: Going, names: Set[str]) -> None:
    """Remove the questions that go, and take names out of the others.

    Args:
        names: of identities that are erased.
    """
    for number in going(connection, what):
        _remove(connection, number)
        told = {"change": "remove", "question": number, "why": "it asked for what was deleted"}
        append(connection, Event.SAVED, told)
    c = saved_question.c
    for row in connection.execute(select(c.id, c.name, c.why_not)).all():
        if any(name in row.name for name in names):
            called = f"question {row.id}"
            connection.execute(update(saved_question).where(c.id == row.id).values(name=called))
        if any(text in (row.why_not or "") for text in (*names, *what.places)):
            gone = "it named what was deleted"
            connection.execute(update(saved_question).where(c.id == row.id).values(why_not=gone))


def embeddings(connection: Connection, numbers: Sequence[int] | None) -> Iterator[bytes]:
    """Yield the embeddings of these questions' pictures; None: of all."""
    every = select(saved_picture.c.vector).execution_options(yield_per=100)
    if numbers is None:
        yield from connection.scalars(every)
        return
    for part in chunks(numbers):
        yield from connection.scalars(every.where(saved_picture.c.question_id.in_(part)))
