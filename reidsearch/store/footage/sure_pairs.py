"""Pairs of crops of which footage itself says whom they show, without anybody's labels.

Two views of one tracklet show one person; two tracklets that one source shows at the same time show
different people. Both are as sure as tracking is. The work is bounded, however large the archive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import select

from reidsearch.store import tables
from reidsearch.store.chunks import CHUNK
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.tracklet_reader import views_of
from reidsearch.store.tables.footage import tracklet_part

MOST_TRACKLETS = min(300, CHUNK)
MOST_TOGETHER = 5_000
"""Rows read of tracklets that overlap."""


@dataclass(frozen=True, slots=True)
class SurePairs:
    """Pairs of crop ids; every tracklet gives at most one of either kind."""

    same: tuple[tuple[int, int], ...]
    different: tuple[tuple[int, int], ...]


def sure_pairs(store: Store, seed: int = 0) -> SurePairs:
    """Return pairs of at most `MOST_TRACKLETS` tracklets, drawn from the whole archive."""
    one, other = tracklet_part.alias(), tracklet_part.alias()
    # Of two that begin together the second is the one with the higher id.
    later = (other.c.first_us > one.c.first_us) | (other.c.tracklet_id > one.c.tracklet_id)
    together = (
        select(one.c.tracklet_id, other.c.tracklet_id)
        .select_from(one)
        .join(
            other,
            (other.c.source_id == one.c.source_id)
            & (other.c.tracklet_id != one.c.tracklet_id)
            & other.c.first_us.between(one.c.first_us, one.c.last_us)
            & later,
        )
        .order_by(one.c.tracklet_id, other.c.tracklet_id)
        .limit(MOST_TOGETHER)
    )
    with store.read() as connection:
        last = connection.scalar(select(tables.archive.c.next_tracklet_id)) or 1
        drawn = _drawn(last, seed)
        views = views_of(connection, drawn)
        beside: dict[int, int] = {}
        for first, second in connection.execute(together.where(one.c.tracklet_id.in_(drawn))):
            beside.setdefault(first, second)
        views |= views_of(connection, sorted(set(beside.values()) - set(views)))
    same = tuple((found[0], found[-1]) for of in drawn if len(found := views.get(of, ())) > 1)
    different = tuple(
        (views[first][0], views[second][0])
        for first, second in sorted(beside.items())
        if views.get(first) and views.get(second)
    )
    return SurePairs(same, different)


def _drawn(last: int, seed: int) -> list[int]:
    """Ids of tracklets below `last`, of which some may be gone."""
    if last <= MOST_TRACKLETS:
        return list(range(1, last))
    rng = np.random.default_rng(seed)
    drawn: list[int] = np.sort(rng.choice(last - 1, MOST_TRACKLETS, replace=False) + 1).tolist()
    return drawn
