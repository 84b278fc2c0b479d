"""Tracklets on their way into the archive; of a source analysed again only what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, exists, insert, select, update

from reidsearch.base.timecode import now, to_us
from reidsearch.domain.footage import Clock, VideoInfo
from reidsearch.domain.tracklets import Trace, Tracklet
from reidsearch.store import tables
from reidsearch.store.crops.rows import embedding_row, sha256_of
from reidsearch.store.database.proofs import intact
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.footage.erased import Interval, permanent
from reidsearch.store.footage.tracklet_means import renew_means, tracklet_row
from reidsearch.store.tables.footage import (
    erased,
    moment,
    tracklet,
    tracklet_embedding,
    tracklet_part,
)

SAME_PX = 1.0
"""Boxes of one person found twice in one frame differ by less, in pixels."""
SAME_SHARE = 0.5
"""Two traces that share more of the shorter one's detections are one person's."""


@dataclass(frozen=True, slots=True)
class Target:
    """The source that tracklets belong to, and the run that adds them.

    Args:
        facts: its row, with `camera_id`.
    """

    source_id: int
    facts: Row[Any]
    run_id: int
    model_id: int


def insert_tracklets(connection: Connection, target: Target, tracklets: Sequence[Tracklet]) -> None:
    """Insert tracklets with their views, unless they are held already, or deleted permanently."""
    source_id = target.source_id
    again = connection.scalar(select(exists().where(erased.c.source_id == source_id)))
    gone = permanent(connection, source_id) if again else []
    batch = _Batch(connection, target)
    for one in tracklets:
        held = batch.held(one.trace) if again else None
        if held is not None:
            batch.complete(held, one, views=not gone)
        elif not batch.within(one.trace, gone):
            batch.add(one)
    batch.insert()


class _Batch:
    """The rows of one step."""

    def __init__(self, connection: Connection, target: Target) -> None:
        self._connection = connection
        self._target = target
        self._info: VideoInfo = footage_rows.read_info(target.facts)
        self._clock: Clock = footage_rows.read_clock(target.facts)
        counter = connection.execute(select(tables.archive).where(intact(tables.archive))).one()
        self._crop_id, self._tracklet_id = counter.next_crop_id, counter.next_tracklet_id
        self._indexed_us = to_us(now())
        self._completed: list[int] = []
        self._rows: dict[Any, list[dict[str, Any]]] = {
            table: []
            for table in (
                tracklet,
                tracklet_part,
                tracklet_embedding,
                tables.crop,
                tables.picture,
                tables.embedding,
                moment,
            )
        }

    def held(self, trace: Trace) -> Row[Any] | None:
        """Return the stored part of a tracklet of the same person at the same time."""
        first_us, last_us = self._interval(trace)
        rows = self._connection.execute(
            select(tracklet_part)
            .where(tracklet_part.c.source_id == self._target.source_id)
            .where(tracklet_part.c.first_us <= last_us, tracklet_part.c.last_us >= first_us)
            .where(intact(tracklet_part))
            .order_by(tracklet_part.c.tracklet_id)
        )
        for row in rows.all():
            if one_person(footage_rows.read_trace(row.trace, row.sha256), trace):
                return row
        return None

    def add(self, one: Tracklet) -> None:
        """Add one that is new."""
        first_us, last_us = self._interval(one.trace)
        self._rows[tracklet].append({"id": self._tracklet_id, "run_id": self._target.run_id})
        self._rows[tracklet_part].append(
            {
                "tracklet_id": self._tracklet_id,
                "source_id": self._target.source_id,
                "first_us": first_us,
                "last_us": last_us,
                **self._trace_values(one),
            }
        )
        row = tracklet_row(self._tracklet_id, self._target.model_id, one.vector)
        self._rows[tracklet_embedding].append(row)
        self._add_views(self._tracklet_id, one, frozenset())
        self._tracklet_id += 1

    def within(self, trace: Trace, gone: Sequence[Interval]) -> bool:
        """Tell whether all of a trace lies in one of these intervals."""
        first_us, last_us = self._interval(trace)
        return any(from_us <= first_us and last_us <= to_us for from_us, to_us in gone)

    def complete(self, held: Row[Any], one: Tracklet, *, views: bool) -> None:
        """Give a stored one what it lacks: where it goes on, and `views` that were deleted."""
        if not views and held.detections == len(one.trace):
            return
        crop = tables.crop.c
        stored = self._connection.execute(
            select(crop.pts, crop.x1, crop.y1, crop.x2, crop.y2)
            .join(moment, moment.c.crop_id == crop.id)
            .where(
                moment.c.tracklet_id == held.tracklet_id,
                crop.source_id == self._target.source_id,
            )
        )
        self._add_views(held.tracklet_id, one, frozenset(tuple(row) for row in stored))
        self._completed.append(held.tracklet_id)
        if held.detections < len(one.trace):
            first_us, last_us = self._interval(one.trace)
            self._connection.execute(
                update(tracklet_part)
                .where(
                    tracklet_part.c.tracklet_id == held.tracklet_id,
                    tracklet_part.c.source_id == self._target.source_id,
                )
                .values(first_us=first_us, last_us=last_us, **self._trace_values(one))
            )

    def insert(self) -> None:
        """Write everything that was added."""
        self._connection.execute(
            update(tables.archive).values(
                next_crop_id=self._crop_id, next_tracklet_id=self._tracklet_id
            )
        )
        for table, values in self._rows.items():
            if values:
                self._connection.execute(insert(table), values)
        renew_means(self._connection, self._target.model_id, self._completed)

    def _interval(self, trace: Trace) -> tuple[int, int]:
        first, last = (self._info.media_s(int(pts)) for pts in (trace.pts[0], trace.pts[-1]))
        return round(first * 1_000_000), round(last * 1_000_000)

    def _trace_values(self, one: Tracklet) -> dict[str, Any]:
        blob = footage_rows.trace_blob(one.trace)
        positions = np.searchsorted(one.trace.pts, np.array(one.doubts, np.int64)).tolist()
        at_us = [round(self._info.media_s(pts) * 1_000_000) for pts in one.doubts]
        return {
            "detections": len(one.trace),
            "fragments": one.fragments,
            "doubts": list(map(list, zip(positions, at_us, strict=True))),
            "trace": blob,
            "sha256": sha256_of(blob),
        }

    def _add_views(
        self, tracklet_id: int, one: Tracklet, stored: frozenset[tuple[Any, ...]]
    ) -> None:
        for view, vector in zip(one.views, one.vectors, strict=True):
            if (view.pts, *view.box.as_list()) in stored:
                continue
            media_s = self._info.media_s(view.pts)
            crop_id = self._crop_id
            self._rows[tables.crop].append(
                {
                    "id": crop_id,
                    "source_id": self._target.source_id,
                    "pts": view.pts,
                    **asdict(view.box),
                    "camera_id": self._target.facts.camera_id,
                    "time_us": self._clock.at_us(media_s),
                    "run_id": self._target.run_id,
                    "indexed_us": self._indexed_us,
                }
            )
            self._rows[tables.picture].append(
                {"crop_id": crop_id, "jpeg": view.jpeg, "sha256": sha256_of(view.jpeg)}
            )
            self._rows[tables.embedding].append(
                embedding_row(crop_id, self._target.model_id, vector)
            )
            self._rows[moment].append(
                {
                    "crop_id": crop_id,
                    "tracklet_id": tracklet_id,
                    "media_us": round(media_s * 1_000_000),
                    "quality": view.quality,
                    "confidence": view.confidence,
                    "sharpness": view.sharpness,
                    "picture": view.picture,
                }
            )
            self._crop_id += 1


def one_person(stored: Trace, found: Trace) -> bool:
    """Tell whether two traces of one source are of the same detections."""
    _, in_stored, in_found = np.intersect1d(stored.pts, found.pts, return_indices=True)
    if not len(in_stored):
        return False
    apart = np.abs(stored.xyxy[in_stored] - found.xyxy[in_found]).max(axis=1)
    shared = int(np.count_nonzero(apart < SAME_PX))
    return shared > SAME_SHARE * min(len(stored), len(found))
