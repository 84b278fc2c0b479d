"""Saved questions in the database; what they found is in `saved_answers`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, insert, select, update

from reidsearch.base.actor import Author
from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.answer_json import origin_json
from reidsearch.domain.answer_reading import read_part
from reidsearch.domain.event_log import Event
from reidsearch.domain.query_origins import EmbeddedPicture, QueryOrigin
from reidsearch.domain.saved import Asked, SavedQuestion
from reidsearch.store import tables
from reidsearch.store.database.proofs import intact, require_intact
from reidsearch.store.decoding import reads
from reidsearch.store.event_log import append
from reidsearch.store.tables.saved import saved_answer, saved_picture, saved_question


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
    remove_rows(connection, held.question_id)
    told = {"change": "remove", "question": held.question_id, "name": name}
    append(connection, Event.SAVED, told)
    return held


def remove_rows(connection: Connection, number: int) -> None:
    """Remove a question with all that it has found; the caller records it."""
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


def record_failure(connection: Connection, number: int, why_not: str) -> None:
    """Keep why a question could not be asked."""
    wanted = saved_question.c.id == number
    connection.execute(update(saved_question).where(wanted).values(why_not=why_not))
