"""What an audit reads of some sources of each camera: who was seen, when, where in the picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from reidsearch.domain.footage import SourceCoverage
from reidsearch.domain.tracklets import Trace
from reidsearch.store import tables
from reidsearch.store.chunks import CHUNK
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.tables.footage import moment, tracklet_part

NEXT_AT_MOST = 4
"""Tracklets that each is paired with: of a crowd all pairs would be too many, and much alike."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A tracklet as one source shows it, by its best crop there.

    Args:
        box: x1, y1, x2, y2 of that crop, as shares of the picture.
        time_us: wall clock of the crop; None: not known.
    """

    source_id: int
    tracklet_id: int
    first_us: int
    last_us: int
    crop_id: int
    box: tuple[float, float, float, float]
    time_us: int | None


def drawn_sources(
    sources: Iterable[SourceCoverage], most: int
) -> dict[str, tuple[SourceCoverage, ...]]:
    """Return of each camera at most so many sources, evenly over time, with the first and last."""
    of: dict[str, list[SourceCoverage]] = {}
    for one in sources:
        if one.facts.camera is not None:
            of.setdefault(one.facts.camera, []).append(one)
    drawn = {}
    for camera in sorted(of):
        held = sorted(of[camera], key=_begins)
        places = np.unique(np.linspace(0, len(held) - 1, min(most, len(held))).round().astype(int))
        drawn[camera] = tuple(held[at] for at in places.tolist())
    return drawn


def _begins(one: SourceCoverage) -> tuple[bool, float, int]:
    start = one.facts.clock.start
    return start is None, start.timestamp() if start else 0.0, one.source_id


def shown_in(store: Store, source_ids: Sequence[int]) -> list[Shown]:
    """Return all tracklets that some sources show, by source and first time."""
    part, crop, source = tracklet_part.c, tables.crop.c, tables.source.c
    found: dict[tuple[int, int], Shown] = {}
    with store.scan() as connection:
        for start in range(0, len(source_ids), CHUNK):
            ids = source_ids[start : start + CHUNK]
            query = (
                select(
                    part.source_id,
                    part.tracklet_id,
                    part.first_us,
                    part.last_us,
                    crop.id,
                    crop.x1,
                    crop.y1,
                    crop.x2,
                    crop.y2,
                    crop.time_us,
                    source.width_px,
                    source.height_px,
                )
                .select_from(tracklet_part)
                .join(moment, moment.c.tracklet_id == part.tracklet_id)
                .join(
                    tables.crop, (crop.id == moment.c.crop_id) & (crop.source_id == part.source_id)
                )
                .join(tables.source, source.id == part.source_id)
                .where(part.source_id.in_(ids))
                .order_by(part.source_id, part.first_us, moment.c.quality.desc(), crop.id)
            )
            for row in connection.execute(query):
                wide, high = max(row.width_px, 1), max(row.height_px, 1)
                box = (row.x1 / wide, row.y1 / high, row.x2 / wide, row.y2 / high)
                key = row.source_id, row.tracklet_id
                if key not in found:
                    found[key] = Shown(*row[:5], box, row.time_us)
    return list(found.values())


def at_once(shown: Sequence[Shown]) -> list[tuple[Shown, Shown]]:
    """Return pairs that one source shows at once; each with the next few that begin meanwhile.

    Args:
        shown: by source and first time.
    """
    pairs = []
    for number, one in enumerate(shown):
        for other in shown[number + 1 : number + 1 + NEXT_AT_MOST]:
            if other.source_id != one.source_id or other.first_us > one.last_us:
                break
            if other.tracklet_id != one.tracklet_id:
                pairs.append((one, other))
    return pairs


LYING_OVER, WITHIN = 0.7, 0.9
"""Two boxes are of one person, boxed twice, where they share so much of both, or of the smaller."""


def apart(
    store: Store, pairs: Sequence[tuple[Shown, Shown]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pairs some frame shows both of, and of which one may be boxed twice."""
    keys = sorted({(one.source_id, one.tracklet_id) for pair in pairs for one in pair})
    with store.read() as connection:
        traces = _traces(connection, keys)
    together = np.zeros(len(pairs), np.bool_)
    doubled = np.zeros(len(pairs), np.bool_)
    for number, (one, other) in enumerate(pairs):
        a = traces.get((one.source_id, one.tracklet_id))
        b = traces.get((other.source_id, other.tracklet_id))
        if a is None or b is None:
            continue
        _, of_a, of_b = np.intersect1d(a.pts, b.pts, return_indices=True)
        if len(of_a):
            together[number] = True
            doubled[number] = _lies_over(a.xyxy[of_a], b.xyxy[of_b]).mean() > 0.5
    return together, doubled


def _traces(
    connection: Connection, keys: Sequence[tuple[int, int]]
) -> Mapping[tuple[int, int], Trace]:
    part, wanted = tracklet_part.c, set(keys)
    ids = sorted({tracklet_id for _, tracklet_id in keys})
    found = {}
    for start in range(0, len(ids), CHUNK):
        query = select(part.source_id, part.tracklet_id, part.trace, part.sha256)
        for row in connection.execute(
            query.where(part.tracklet_id.in_(ids[start : start + CHUNK]))
        ):
            if (row.source_id, row.tracklet_id) in wanted:
                trace = footage_rows.read_trace(row.trace, row.sha256)
                found[row.source_id, row.tracklet_id] = trace
    return found


def _lies_over(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(n,) whether boxes, frame by frame, lie over each other like two boxes of one person."""
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    common = np.maximum(high - low, 0).prod(axis=1)
    of_a, of_b = ((box[:, 2:] - box[:, :2]).prod(axis=1) for box in (a, b))
    both = np.maximum(of_a + of_b - common, 1e-6)
    least = np.maximum(np.minimum(of_a, of_b), 1e-6)
    found: NDArray[np.bool_] = (common / both > LYING_OVER) | (common / least > WITHIN)
    return found
