"""Rows of reviews by a second examiner, and what the event log holds of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from reidsearch.base.actor import Author
from reidsearch.base.errors import Kind, NotFound, absent
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.decisions import Member
from reidsearch.domain.event_log import Event
from reidsearch.domain.review import (
    First,
    Part,
    Review,
    ReviewAnswer,
    ReviewChange,
    ReviewItem,
    key_digest,
    outcome,
    placed,
)
from reidsearch.store.database.proofs import require_intact
from reidsearch.store.decoding import reads
from reidsearch.store.event_log import append
from reidsearch.store.footage.presence import presences
from reidsearch.store.review_items import Decided
from reidsearch.store.tables.identities import identity
from reidsearch.store.tables.reviews import review, review_answer, review_item


def add_review(
    connection: Connection,
    case: str,
    found: Decided,
    fillers: Mapping[Member, Sequence[Member]],
    wanted: int,
    seed: bytes,
) -> Review:
    """Store a review with its order, and record it without its key."""
    items = _items(found, fillers, seed)
    author: Author = connection.get_execution_options()["author"]
    digest = key_digest(seed, items)
    inserted = connection.execute(
        insert(review).values(
            case_number=case,
            identity_id=found.identity.identity_id,
            seed=seed,
            key_sha256=digest,
            first_examiners=list(found.examiners),
            fillers_wanted=wanted,
            started_by=author.name,
            started_us=to_us(now()),
        )
    ).inserted_primary_key
    if inserted is None:
        raise absent("the id of a new row")
    number = int(inserted[0])
    for one in items:
        connection.execute(
            insert(review_item).values(
                review_id=number,
                place=one.place,
                part=one.part.value,
                kind=one.member.kind,
                number=one.member.number,
                first=one.first.value if one.first else None,
                beside=[[each.kind, each.number] for each in one.beside],
            )
        )
    asked = sum(one.part is not Part.REFERENCE for one in items)
    _record(
        connection,
        ReviewChange.START,
        number,
        identity_id=found.identity.identity_id,
        items=asked,
        key_sha256=digest.hex(),
    )
    return require_review(connection, number)


def _items(
    found: Decided, fillers: Mapping[Member, Sequence[Member]], seed: bytes
) -> list[ReviewItem]:
    references = [
        ReviewItem(-place, Part.REFERENCE, member)
        for place, member in enumerate(found.references, start=1)
    ]
    asked = placed(seed, [*found.candidates, *fillers])
    return references + [
        ReviewItem(
            place,
            Part.FILLER if member in fillers else Part.CANDIDATE,
            member,
            found.candidates.get(member),
            tuple(fillers.get(member, ())),
        )
        for place, member in enumerate(asked, start=1)
    ]


def add_answers(connection: Connection, number: int, answers: Mapping[int, ReviewAnswer]) -> Review:
    """Store answers, by place, and record them."""
    author: Author = connection.get_execution_options()["author"]
    at_us = to_us(now())
    for place, answer in answers.items():
        connection.execute(
            insert(review_answer).values(
                review_id=number, place=place, answer=answer.value, who=author.name, at_us=at_us
            )
        )
    told = [[place, answer.value] for place, answer in answers.items()]
    _record(connection, ReviewChange.ANSWER, number, answers=told)
    return require_review(connection, number)


def finish(connection: Connection, number: int) -> Review:
    """Finish a review: record its key, which shows that it was fixed before the first answer."""
    values = {"finished_us": to_us(now())}
    connection.execute(update(review).where(review.c.id == number).values(values))
    done = require_review(connection, number)
    said = outcome(done.items)
    _record(
        connection,
        ReviewChange.FINISH,
        number,
        seed=done.seed.hex(),
        key=[one.key() for one in done.items],
        answers=[[one.place, one.answer.value if one.answer else None] for one in done.asked],
        agreement=[said.agreement.count, said.agreement.of],
        false_same=[said.false_same.count, said.false_same.of],
    )
    return done


def _record(connection: Connection, change: ReviewChange, number: int, **told: Any) -> None:
    append(connection, Event.REVIEW, {"change": change.value, "review": number, **told})


def reviews(connection: Connection, case: str | None = None) -> list[Review]:
    """Return all reviews as they were started, or those of a case."""
    for table in (review, review_item, review_answer):
        require_intact(connection, table)
    rows = select(review, identity.c.name.label("identity")).outerjoin(
        identity, identity.c.id == review.c.identity_id
    )
    if case is not None:
        rows = rows.where(review.c.case_number == case)
    return [_review(connection, row) for row in connection.execute(rows.order_by(review.c.id))]


def require_review(connection: Connection, number: int) -> Review:
    """Return a review by its number.

    Raises:
        NotFound: there is none.
    """
    for one in reviews(connection):
        if one.review_id == number:
            return one
    raise NotFound(f"there is no review {number}", kind=Kind.REVIEW_UNKNOWN)


def _review(connection: Connection, row: Row[Any]) -> Review:
    c, given = review_item.c, review_answer.c
    answers = connection.execute(
        select(review_answer).where(given.review_id == row.id).order_by(given.id)
    ).all()
    items = connection.execute(
        select(review_item).where(c.review_id == row.id).order_by(c.place)
    ).all()
    members = [Member(one.kind, one.number) for one in items]
    shots = {member: one.crop_ids for member, one in presences(connection, members).items()}
    last = {one.place: one.answer for one in answers}
    return _read(row, [_item(one, last.get(one.place), shots) for one in items], answers)


@reads(review)
def _read(row: Row[Any], items: Sequence[ReviewItem], answers: Sequence[Row[Any]]) -> Review:
    return Review(
        review_id=row.id,
        case=row.case_number,
        identity_id=row.identity_id,
        identity=row.identity or f"identity {row.identity_id}",
        seed=row.seed,
        key_sha256=row.key_sha256.hex(),
        first_examiners=tuple(row.first_examiners),
        fillers_wanted=row.fillers_wanted,
        started_by=row.started_by,
        started_at=from_us(row.started_us),
        finished_at=None if row.finished_us is None else from_us(row.finished_us),
        reviewer=answers[0].who if answers else None,
        items=tuple(sorted(items, key=lambda one: (one.place > 0, abs(one.place)))),
    )


@reads(review_item)
def _item(row: Row[Any], answer: str | None, shots: Mapping[Member, tuple[int, ...]]) -> ReviewItem:
    member = Member(row.kind, row.number)
    return ReviewItem(
        place=row.place,
        part=Part(row.part),
        member=member,
        first=None if row.first is None else First(row.first),
        beside=tuple(Member(kind, number) for kind, number in row.beside),
        answer=None if answer is None else ReviewAnswer(answer),
        crop_ids=shots.get(member, ()),
    )
