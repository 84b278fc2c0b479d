"""Representative samples of an archive, the same ones each time."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.tables.footage import moment


def deterministic_shuffle(store: Store) -> list[list[int]]:
    """Return crop ids, those of one tracklet together, in a deterministic shuffle.

    The order is that of the SHA-256 of the first id, so neither time nor camera decides, and a
    part from the front stands for the whole.
    """
    query = (
        select(tables.crop.c.id, moment.c.tracklet_id)
        .outerjoin(moment, moment.c.crop_id == tables.crop.c.id)
        .order_by(tables.crop.c.id)
    )
    units: dict[tuple[str, int], list[int]] = {}
    with store.scan() as connection:
        for crop_id, tracklet_id in connection.execute(query):
            unit = ("crop", crop_id) if tracklet_id is None else ("tracklet", tracklet_id)
            units.setdefault(unit, []).append(crop_id)
    return sorted(units.values(), key=lambda ids: hashlib.sha256(b"%d" % ids[0]).digest())
