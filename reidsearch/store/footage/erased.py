"""What was deleted of footage that is still held: coverage has a hole of its own there.

A source whose last tracklet is deleted is a hole from end to end. Of one that keeps others, the
time in which a deleted tracklet was to be seen is the hole: nobody can say any more who was there.
Analysing the source again brings back what was deleted, and closes its holes; unless it was deleted
permanently: then the source is not analysed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, func, insert, select

from reidsearch.base.timecode import now, to_us
from reidsearch.domain.footage import UNSEEN, How, Span
from reidsearch.store import tables
from reidsearch.store.chunks import CHUNK, of_ids
from reidsearch.store.row_digests import DIGEST
from reidsearch.store.tables.footage import (
    checkpoint,
    erased,
    footage,
    moment,
    tracklet_part,
)

Interval = tuple[int, int]
"""From and to, microseconds of media time."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What a tracklet loses in one source by a deletion.

    Args:
        seen: when its person was to be seen.
        views: when the deleted views were taken.
        crops: how many are deleted.
    """

    tracklet_id: int
    source_id: int
    seen: Interval
    views: Interval
    crops: int


def losses(connection: Connection, crop_ids: Sequence[int]) -> list[Loss]:
    """Return what tracklets will lose in each source, before those crops are deleted."""
    part_of, crop = tracklet_part.c, tables.crop
    found: dict[tuple[int, int], Loss] = {}
    for start in range(0, len(crop_ids), CHUNK):
        part = crop_ids[start : start + CHUNK]
        rows = connection.execute(
            select(
                part_of.tracklet_id,
                part_of.source_id,
                part_of.first_us,
                part_of.last_us,
                func.min(moment.c.media_us).label("first_view_us"),
                func.max(moment.c.media_us).label("last_view_us"),
                func.count().label("crops"),
            )
            .join(moment, moment.c.tracklet_id == part_of.tracklet_id)
            .join(crop, (crop.c.id == moment.c.crop_id) & (crop.c.source_id == part_of.source_id))
            .where(moment.c.crop_id.in_(part))
            .group_by(part_of.tracklet_id, part_of.source_id)
        )
        for row in rows:
            views, crops = (row.first_view_us, row.last_view_us), row.crops
            key = row.tracklet_id, row.source_id
            if key in found:
                before = found[key]
                views = min(before.views[0], views[0]), max(before.views[1], views[1])
                crops += before.crops
            seen = row.first_us, row.last_us
            found[key] = Loss(*key, seen, views, crops)
    return [found[key] for key in sorted(found)]


def record(connection: Connection, lost: Iterable[Loss], *, permanent: bool) -> None:
    """Record the holes that a deletion left, after its crops and empty tracklets are gone.

    An unfinished source loses its checkpoint too, which holds people on their way into the archive:
    the next index run analyses it from its start.
    """
    by_source: dict[int, list[Loss]] = {}
    for loss in lost:
        by_source.setdefault(loss.source_id, []).append(loss)
    for source_id, own in sorted(by_source.items()):
        length_us = connection.scalar(
            select(footage.c.duration_us).where(footage.c.source_id == source_id)
        )
        if length_us is None:  # the source itself was deleted
            continue
        if connection.scalar(select(~exists().where(tracklet_part.c.source_id == source_id))):
            holes = [(0, length_us, sum(loss.crops for loss in own))]
        else:
            holes = [(*_hole(connection, loss), loss.crops) for loss in own]
        _insert(connection, source_id, holes, permanent=permanent)
        connection.execute(delete(checkpoint).where(checkpoint.c.source_id == source_id))


def _hole(connection: Connection, loss: Loss) -> Interval:
    """A tracklet that keeps views can still be found: its hole has no length."""
    part_of = tracklet_part.c
    kept = exists().where(
        part_of.tracklet_id == loss.tracklet_id, part_of.source_id == loss.source_id
    )
    if connection.scalar(select(kept)):
        return loss.views[0], loss.views[0]
    return loss.seen


def _insert(
    connection: Connection,
    source_id: int,
    holes: Iterable[tuple[int, int, int]],
    *,
    permanent: bool,
) -> None:
    numbers = select(func.max(erased.c.number)).where(erased.c.source_id == source_id)
    last = connection.scalar(numbers)
    first_free = 0 if last is None else last + 1
    at_us = to_us(now())
    rows = [
        {
            "source_id": source_id,
            "number": number,
            "from_us": from_us,
            "to_us": until_us,
            "crops": crops,
            "at_us": at_us,
            "permanent": permanent,
        }
        for number, (from_us, until_us, crops) in enumerate(holes, start=first_free)
    ]
    connection.execute(insert(erased), rows)


def meet_again(connection: Connection, source_id: int) -> None:
    """Have what is held of a source met again when it is analysed from its start.

    Nothing was deleted: the hole has no length, and no crops.
    """
    _insert(connection, source_id, [(0, 0, 0)], permanent=False)


def close(connection: Connection, source_id: int) -> None:
    """Forget the holes of a source that was analysed again to its end; permanent ones stay."""
    connection.execute(delete(erased).where(erased.c.source_id == source_id, ~erased.c.permanent))


def permanent(connection: Connection, source_id: int) -> list[Interval]:
    """Return when somebody was to be seen whom no index run brings back."""
    rows = connection.execute(
        select(erased.c.from_us, erased.c.to_us).where(
            erased.c.source_id == source_id, erased.c.permanent
        )
    )
    return [(row.from_us, row.to_us) for row in rows]


def carry_over(connection: Connection, old_id: int, new_id: int) -> None:
    """Give the permanent holes of a source to the one that takes its place."""
    rows = connection.execute(
        select(erased).where(erased.c.source_id == old_id, erased.c.permanent)
    )
    # Its digest is of the row as it was: another is computed where none is given.
    kept = [{**row._asdict(), "source_id": new_id} for row in rows]
    values = [{key: one[key] for key in one if key != DIGEST} for one in kept]
    if values:
        connection.execute(insert(erased), values)


def holes(connection: Connection, ids: Sequence[int] | None = None) -> dict[int, list[Interval]]:
    """Return the holes by source, of these sources; None: of all."""
    every = select(erased).order_by(erased.c.source_id, erased.c.from_us)
    found: dict[int, list[Interval]] = {}
    for part in of_ids(every, erased.c.source_id, ids):
        for row in connection.execute(part):
            found.setdefault(row.source_id, []).append((row.from_us, row.to_us))
    return found


def held(
    spans: Sequence[Span], own: Sequence[Interval], until_us: int | None = None
) -> tuple[Span, ...]:
    """Return of what spans of a source all that was found is still held.

    Where nothing could be seen in the first place nothing was deleted either.

    Args:
        own: its holes, by their start.
        until_us: up to where it was worked through; None: to its end.
    """
    if until_us is not None:
        spans = [
            Span(one.from_us, min(one.to_us, until_us), one.how, one.detail)
            for one in spans
            if one.from_us < until_us
        ]
    if not own:
        return tuple(spans)
    kept: list[Span] = []
    for span in spans:
        if span.how in UNSEEN:
            kept.append(span)
            continue
        at_us = span.from_us
        for hole_from_us, hole_to_us in own:
            first, last = max(hole_from_us, at_us), min(hole_to_us, span.to_us)
            if first >= last:
                continue
            if first > at_us:
                kept.append(Span(at_us, first, span.how, span.detail))
            kept.append(Span(first, last, How.ERASED, span.how.value))
            at_us = last
        if at_us < span.to_us or span.from_us == span.to_us:
            kept.append(Span(at_us, span.to_us, span.how, span.detail))
    return _joined(kept)


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Holes that touch are one."""
    found: list[Span] = []
    for span in spans:
        before = found[-1] if found else None
        if (
            before is not None
            and before.how is span.how is How.ERASED
            and before.to_us == span.from_us
            and before.detail == span.detail
        ):
            found[-1] = Span(before.from_us, span.to_us, span.how, span.detail)
        else:
            found.append(span)
    return tuple(found)


def deleted_crops(connection: Connection) -> int:
    """Return how many crops of footage are deleted and not back."""
    return connection.scalar(select(func.coalesce(func.sum(erased.c.crops), 0))) or 0
