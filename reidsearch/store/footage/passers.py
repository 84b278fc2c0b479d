"""When people passed cameras, whoever they were."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.tables.footage import moment


def passers(
    store: Store,
    cameras: Iterable[str],
    from_us: int,
    to_us: int,
    newest_crop: int | None = None,
) -> dict[str, NDArray[np.int64]]:
    """Return the times of all tracklets of cameras in a stretch of time, each tracklet once.

    Args:
        newest_crop: only those up to this crop; None: all.

    Returns:
        By camera (n,) int64 in order: the wall clock of a tracklet's first view, microseconds.
    """
    crop, camera = tables.crop.c, tables.camera.c
    query = (
        select(camera.name, func.min(crop.time_us))
        .select_from(tables.crop)
        .join(tables.camera)
        .join(moment)
        .where(crop.time_us.between(from_us, to_us), camera.name.in_(sorted(set(cameras))))
        .group_by(camera.name, moment.c.tracklet_id)
    )
    if newest_crop is not None:
        query = query.where(crop.id <= newest_crop)
    found: dict[str, list[int]] = {}
    with store.scan() as connection:
        for name, at_us in connection.execute(query):
            found.setdefault(name, []).append(at_us)
    return {name: np.sort(np.array(times, np.int64)) for name, times in found.items()}
