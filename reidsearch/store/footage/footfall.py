"""When anybody was first seen by each camera: how busy a place is, hour by hour."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from reidsearch.domain.chance import Footfall
from reidsearch.domain.decisions import Member
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.instants import timed
from reidsearch.store.tables.footage import moment, tracklet_part


@dataclass(frozen=True, slots=True)
class SeenAt:
    """All sightings of one camera, in order of time.

    Args:
        at_us: (n,) int64, when each began, on the wall clock.
        members: (n,) whose it is; crops of no tracklet as their number below zero.
    """

    at_us: NDArray[np.int64]
    members: NDArray[np.int64]

    def without(self, members: Collection[Member]) -> NDArray[np.int64]:
        """Return when the others began."""
        gone = [one.number if one.kind == "tracklet" else -one.number for one in members]
        return self.at_us[~np.isin(self.members, gone)]


def seen_at(store: Store) -> dict[str, SeenAt]:
    """Return by camera everybody of a known time.

    Of a tracklet each part counts, where a recorder cuts one recording into files.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    part, crop = tracklet_part.c, tables.crop.c
    clocks = {one.source_id: one for one in timed(store) if one.camera is not None}
    with store.read() as connection:
        for row in connection.execute(select(part.source_id, part.tracklet_id, part.first_us)):
            one = clocks.get(row.source_id)
            if one is None or one.camera is None:
                continue
            at_us = one.clock.at_us(Fraction(row.first_us, 1_000_000))
            if at_us is not None:
                found.setdefault(one.camera, []).append((at_us, row.tracklet_id))
        pictures = (
            select(crop.id, crop.time_us, tables.camera.c.name)
            .join(tables.camera, tables.camera.c.id == crop.camera_id)
            .outerjoin(moment, moment.c.crop_id == crop.id)
            .where(moment.c.crop_id.is_(None), crop.time_us.is_not(None))
        )
        for number, at_us, camera in connection.execute(pictures):
            found.setdefault(camera, []).append((at_us, -number))
    return {camera: _seen(rows) for camera, rows in found.items()}


def footfall(seen: Mapping[str, SeenAt], without: Collection[Member]) -> Footfall:
    """Return when anybody else was seen."""
    return {camera: one.without(without) for camera, one in seen.items()}


def _seen(rows: list[tuple[int, int]]) -> SeenAt:
    ordered = np.array(sorted(rows), np.int64)
    return SeenAt(ordered[:, 0], ordered[:, 1])
