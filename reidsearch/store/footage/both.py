"""Crops whose frame was taken while somebody else was in sight as well."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from reidsearch.domain.decisions import Member, Presence
from reidsearch.store import tables
from reidsearch.store.chunks import of_ids
from reidsearch.store.tables.footage import moment


def crops_of_both(
    connection: Connection, pairs: Sequence[tuple[Presence, Presence]]
) -> list[int | None]:
    """Return for each pair the best crop of one of them that was taken while both were in sight.

    None: none was kept of such a moment, or no recording shows both at once.
    """
    ids = sorted({one.member.number for pair in pairs for one in pair if _tracked(one)})
    question = (
        select(moment.c.tracklet_id, moment.c.crop_id, moment.c.media_us, tables.crop.c.source_id)
        .join(tables.crop, tables.crop.c.id == moment.c.crop_id)
        .order_by(moment.c.quality.desc(), moment.c.crop_id)
    )
    views: dict[Member, list[tuple[int, int, int]]] = {}
    for part in of_ids(question, moment.c.tracklet_id, ids):
        for row in connection.execute(part):
            member = Member("tracklet", row.tracklet_id)
            views.setdefault(member, []).append((row.crop_id, row.source_id, row.media_us))
    return [_best(one, other, views) for one, other in pairs]


def _best(
    one: Presence, other: Presence, views: dict[Member, list[tuple[int, int, int]]]
) -> int | None:
    both = [
        (a.source_id, max(a.first_us, b.first_us), min(a.last_us, b.last_us))
        for a in one.parts
        for b in other.parts
        if a.source_id == b.source_id and _tracked(one) and _tracked(other)
    ]
    shots = (*views.get(one.member, ()), *views.get(other.member, ()))
    for crop_id, source_id, media_us in shots:
        if any(source_id == at and first <= media_us <= last for at, first, last in both):
            return int(crop_id)
    return None


def _tracked(one: Presence) -> bool:
    return one.member.kind == "tracklet"
