"""What saved questions found, in the database, and what of it nobody has looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.saved import SavedAnswer
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.crops.store import Store
from reidsearch.store.tables.saved import saved_answer, saved_question


@dataclass(frozen=True, slots=True)
class Found:
    """A match as it is stored; see `domain.saved.SavedAnswer`."""

    crop_id: int
    score: float
    found_us: int
    entry: int | None
    seen_us: int | None


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
