"""Whole tracklets, detections and views, for those who cut or join them by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from reidsearch.base.errors import NotFound
from reidsearch.domain.footage import Clock, VideoInfo
from reidsearch.domain.tracklets import Trace
from reidsearch.store import tables
from reidsearch.store.database.proofs import intact
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.footage.tracklet_edits import info_of
from reidsearch.store.footage.tracklet_reader import parts_of
from reidsearch.store.tables.footage import moment, tracklet_part


@dataclass(frozen=True, slots=True, eq=False)
class WholePart:
    """All that one source shows of a tracklet.

    Args:
        views: (crop id, pts) of its crops.
        sha256: of the trace as it is stored.
    """

    source_id: int
    location: str
    info: VideoInfo
    clock: Clock
    trace: Trace
    fragments: int
    views: tuple[tuple[int, int], ...]
    sha256: bytes

    @property
    def pts(self) -> NDArray[np.int64]:
        """Return the time stamps of its detections."""
        return self.trace.pts

    def at_us(self, row: int) -> int | None:
        """Return when a detection was, on the wall clock."""
        return self.clock.at_us(self.info.media_s(int(self.pts[row])))


@dataclass(frozen=True, slots=True, eq=False)
class WholeTracklet:
    """One tracklet; its parts in order of time."""

    tracklet_id: int
    camera: str | None
    parts: tuple[WholePart, ...]

    @property
    def crops(self) -> frozenset[int]:
        """Return all its crops."""
        return frozenset(crop_id for part in self.parts for crop_id, _ in part.views)

    def same_as(self, other: WholeTracklet) -> bool:
        """Tell whether another reading of it found the same."""
        return [(one.source_id, one.sha256, one.views) for one in self.parts] == [
            (one.source_id, one.sha256, one.views) for one in other.parts
        ]


def whole_tracklet(connection: Connection, tracklet_id: int, location: str) -> WholeTracklet:
    """Read a tracklet.

    Args:
        location: of the archive, for the message.

    Raises:
        NotFound: there is none.
    """
    rows = parts_of(connection, [tracklet_id]).get(tracklet_id, [])
    if not rows:
        raise NotFound(f"{location} holds no tracklet {tracklet_id}")
    crop = tables.crop.c
    views: dict[int, list[tuple[int, int]]] = {}
    for row in connection.execute(
        select(crop.source_id, crop.id, crop.pts)
        .join(moment, moment.c.crop_id == crop.id)
        .where(moment.c.tracklet_id == tracklet_id)
        .order_by(crop.id)
    ):
        views.setdefault(row.source_id, []).append((row.id, row.pts))
    traces = {
        row.source_id: row
        for row in connection.execute(
            select(tracklet_part).where(
                tracklet_part.c.tracklet_id == tracklet_id, intact(tracklet_part)
            )
        )
    }
    return WholeTracklet(
        tracklet_id,
        rows[0].camera,
        tuple(
            WholePart(
                row.source_id,
                row.location or "",
                info_of(connection, row.source_id),
                footage_rows.read_clock(row),
                footage_rows.read_trace(traces[row.source_id].trace, traces[row.source_id].sha256),
                row.fragments,
                tuple(views.get(row.source_id, ())),
                traces[row.source_id].sha256,
            )
            for row in rows
        ),
    )
