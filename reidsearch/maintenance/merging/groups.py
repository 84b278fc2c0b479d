"""Which sources have to be merged together, and which cannot be merged yet."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from reidsearch.base.errors import Kind, UsageError
from reidsearch.store import tables
from reidsearch.store.tables.footage import footage, footage_location, tracklet_part

PICTURES_AT_ONCE = 200
"""Sources without footage that are merged in one transaction."""
NAMED = 5


def require_finished(source: Connection, location: str) -> None:
    """Refuse an archive with footage whose analysis has not ended: tracklets may still grow.

    Raises:
        UsageError: naming some of it.
    """
    where = footage_location.c
    running = (
        select(footage.c.source_id, where.text)
        .outerjoin(
            footage_location, (where.source_id == footage.c.source_id) & where.own.is_not(False)
        )
        .where(footage.c.state != "finished")
        .order_by(footage.c.source_id)
    )
    rows = source.execute(running).all()
    if rows:
        names = ", ".join(str(row.text or f"source {row.source_id}") for row in rows[:NAMED])
        more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
        raise UsageError(
            f"{location} holds footage that is not analysed to its end: {names}{more}",
            "run its index command again, then merge",
            kind=Kind.MERGE_UNFINISHED,
            archive=location,
        )


def groups(source: Connection) -> Iterator[tuple[int, ...]]:
    """Yield sources by id, those together that show parts of the same tracklets.

    Pictures, which have no tracklets, come some hundreds at once.
    """
    of_footage = set(source.scalars(select(footage.c.source_id)))
    first: dict[int, int] = {}  # source -> the first source of its recording

    def root(one: int) -> int:
        while first.setdefault(one, one) != one:
            first[one] = first[first[one]]
            one = first[one]
        return one

    part, last = tracklet_part.c, (-1, -1)
    pairs = select(part.tracklet_id, part.source_id).order_by(part.tracklet_id, part.source_id)
    for tracklet_id, source_id in source.execute(pairs):
        if last[0] == tracklet_id:
            one, other = sorted((root(last[1]), root(source_id)))
            first[other] = one
        last = tracklet_id, source_id
    together: dict[int, list[int]] = {}
    pictures: list[int] = []
    for source_id in source.scalars(select(tables.source.c.id).order_by(tables.source.c.id)):
        if source_id in of_footage:
            together.setdefault(root(source_id), []).append(source_id)
        else:
            pictures.append(source_id)
    yield from (tuple(some) for some in together.values())
    for start in range(0, len(pictures), PICTURES_AT_ONCE):
        yield tuple(pictures[start : start + PICTURES_AT_ONCE])
