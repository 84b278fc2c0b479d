"""Pairs of crops that show different people for sure: two tracklets of one source at one time.

Nobody is in one picture twice. (But for a reflection, or a detector that boxes one person twice;
such pairs score near 1 and are rare.)
"""

from __future__ import annotations

import numpy as np
from sqlalchemy import and_, func, or_, select

from reidsearch.store.crops.store import Store
from reidsearch.store.tables.footage import moment, tracklet_part

MOST_FOUND = 50_000


def known_different(store: Store, most: int, seed: int) -> list[tuple[int, int]]:
    """Return at most so many pairs of crop ids, drawn uniformly.

    Of each tracklet its best view is taken.
    """
    one, other = tracklet_part.alias(), tracklet_part.alias()
    best = (
        select(moment.c.tracklet_id, moment.c.crop_id)
        .add_columns(
            func.row_number()
            .over(
                partition_by=moment.c.tracklet_id,
                order_by=(moment.c.quality.desc(), moment.c.crop_id),
            )
            .label("place")
        )
        .subquery()
    )
    ranked = select(best.c.tracklet_id, best.c.crop_id).where(best.c.place == 1).subquery()
    first, second = ranked.alias(), ranked.alias()
    later = or_(
        other.c.first_us > one.c.first_us,
        and_(other.c.first_us == one.c.first_us, other.c.tracklet_id > one.c.tracklet_id),
    )
    query = (
        select(first.c.crop_id, second.c.crop_id)
        .select_from(one)
        .join(
            other,
            and_(
                other.c.source_id == one.c.source_id,
                other.c.first_us.between(one.c.first_us, one.c.last_us),
                later,
            ),
        )
        .join(first, first.c.tracklet_id == one.c.tracklet_id)
        .join(second, second.c.tracklet_id == other.c.tracklet_id)
        .order_by(one.c.tracklet_id, other.c.tracklet_id)
        .limit(MOST_FOUND)
    )
    with store.scan() as connection:
        found = [(row[0], row[1]) for row in connection.execute(query)]
    if len(found) <= most:
        return found
    drawn = np.sort(np.random.default_rng(seed).choice(len(found), most, replace=False))
    return [found[at] for at in drawn]
