"""Which tracklets pass filters by where people went: their traces, read and judged.

The database cannot compare ways with polygons, so the traces of those who pass everything else are
read: 0.1 to 0.4 ms each (`benchmarks/places.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, select

from reidsearch.domain.filters import Filters
from reidsearch.domain.places import Decided, Line, Region, Way, crosses, in_region
from reidsearch.domain.tracklets import Trace
from reidsearch.store import tables
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.tables.footage import footage, tracklet_part


@dataclass(frozen=True, slots=True)
class TracksDecided:
    """Numbers of the tracklets that pass, and of those of which nobody knows."""

    passing: tuple[int, ...]
    undecided: tuple[int, ...]


def tracks_passing(
    connection: Connection, filters: Filters, among: Select[tuple[int]] | None = None
) -> TracksDecided:
    """Judge tracklets by the regions and lines of filters, of which there is at least one.

    Args:
        filters: with regions and lines as `store.places.resolved` gives them.
        among: query for the numbers of tracklets to be judged; None: all of these cameras.

    Raises:
        ArchiveError: a trace is damaged.
    """
    found: dict[Decided, list[int]] = {one: [] for one in Decided}
    for number, camera, way in _ways(connection, filters, among):
        found[_judged(filters, camera, way)].append(number)
    return TracksDecided(tuple(found[Decided.YES]), tuple(found[Decided.OPEN]))


def _judged(filters: Filters, camera: str, way: Way) -> Decided:
    """Return whether somebody went as all of the filters ask."""
    every = []
    if regions := [one for one in filters.regions if isinstance(one, Region)]:
        least_s = filters.dwell_s or 0.0
        every.append(
            _any([in_region(one, way, least_s) for one in regions if one.camera == camera])
        )
    if lines := [one for one in filters.crossings if isinstance(one, Line)]:
        every.append(
            _any([crosses(one, way, filters.direction) for one in lines if one.camera == camera])
        )
    if Decided.NO in every:
        return Decided.NO
    return Decided.OPEN if Decided.OPEN in every else Decided.YES


def _any(every: Sequence[Decided]) -> Decided:
    if Decided.YES in every:
        return Decided.YES
    return Decided.OPEN if Decided.OPEN in every else Decided.NO


def _ways(
    connection: Connection, filters: Filters, among: Select[tuple[int]] | None
) -> Iterator[tuple[int, str, Way]]:
    """Yield tracklets of the cameras asked about: number, camera, and where the person went."""
    places = (*filters.regions, *filters.crossings)
    cameras = {one.camera for one in places if not isinstance(one, str)}
    part = tracklet_part.c
    query = (
        select(
            part.tracklet_id,
            part.trace,
            part.sha256,
            tables.camera.c.name.label("camera"),
            tables.source.c.width_px,
            tables.source.c.height_px,
            footage.c.time_base_num,
            footage.c.time_base_den,
            part.first_us,
            *footage_rows.CLOCK,
        )
        .select_from(tracklet_part)
        .join(footage, footage.c.source_id == part.source_id)
        .join(tables.source, tables.source.c.id == footage.c.source_id)
        .join(tables.camera, tables.camera.c.id == footage.c.camera_id)
        .where(tables.camera.c.name.in_(cameras))
        .order_by(part.tracklet_id, part.source_id)
    )
    if among is not None:
        query = query.where(part.tracklet_id.in_(among))
    rows = connection.execution_options(yield_per=500).execute(query)
    for number, parts in groupby(rows, key=lambda row: row.tracklet_id):
        every = list(parts)
        yield number, every[0].camera, _way(every)


def _way(parts: Sequence[Any]) -> Way:
    """Return where somebody went, part behind part as their clocks say."""
    stretches = sorted(map(_stretch, parts), key=lambda one: one.begins_s or 0.0)
    steps = [stretches[0].steps_s]
    for one, after in pairwise(stretches):
        gap_s = np.inf
        if one.begins_s is not None and after.begins_s is not None:
            gap_s = after.begins_s - one.begins_s - float(one.steps_s.sum())
        steps += [np.array([gap_s if gap_s >= 0 else np.inf]), after.steps_s]
    return Way(np.concatenate(steps), np.concatenate([one.points for one in stretches]))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Where somebody went in one source; `begins_s` by its clock, None where that is not known."""

    begins_s: float | None
    steps_s: NDArray[np.float64]
    points: NDArray[np.float64]


def _stretch(part: Any) -> _Stretch:
    trace: Trace = footage_rows.read_trace(part.trace, part.sha256)
    first_s = Fraction(part.first_us, 1_000_000)
    begins_us = footage_rows.read_clock(part).at_us(first_s)
    steps_s = np.diff(trace.pts) * (part.time_base_num / part.time_base_den)
    boxes = trace.xyxy.astype(np.float64)
    feet = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2 / part.width_px, boxes[:, 3] / part.height_px])
    begins_s = None if begins_us is None else begins_us / 1_000_000
    return _Stretch(begins_s, steps_s, np.clip(feet.T, 0.0, 1.0))
