"""How tall people are in footage, told from the boxes of the best shots that are held.

Rows are counted as they are, without a proof of each: of an estimate one is as good as another.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.tables.footage import moment

MOST_SHOTS = 1_000
"""Read of one camera: the heights are then known far better than the detector's recall."""
MOST_SOURCES = 50


def shot_heights(store: Store, source_ids: Sequence[int]) -> dict[int, NDArray[np.float64]]:
    """Return the height in pixels at which each tracklet was best seen, by source.

    Args:
        source_ids: of one camera; of many an even sample is read.
    """
    step = -(-len(source_ids) // MOST_SOURCES) or 1
    crop = tables.crop.c
    shots = (
        select(crop.source_id, moment.c.tracklet_id, crop.y1, crop.y2)
        .join(moment, moment.c.crop_id == crop.id)
        .where(crop.source_id.in_(sorted(source_ids)[::step]))
        .limit(MOST_SHOTS)
    )
    tallest: dict[tuple[int, int], int] = {}
    with store.scan() as connection:
        for source_id, tracklet_id, top, bottom in connection.execute(shots):
            key = source_id, tracklet_id
            tallest[key] = max(tallest.get(key, 0), bottom - top)
    found: dict[int, list[int]] = {}
    for (source_id, _), height in tallest.items():
        found.setdefault(source_id, []).append(height)
    return {source_id: np.array(of, np.float64) for source_id, of in found.items()}
