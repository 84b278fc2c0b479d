"""Tracklets on their way into the archive; of a source analysed again only what it lacks.

Where somebody has cut a tracklet by hand, what is found again is cut there too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, exists, insert, select, update

from reidsearch.base.timecode import now, to_us
from reidsearch.domain.embeddings import robust_mean
from reidsearch.domain.tracklets import Trace, Tracklet
from reidsearch.store import tables
from reidsearch.store.database.proofs import intact
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.footage.erased import Interval, permanent
from reidsearch.store.footage.traces import doubts_of_both, one_person, some_of, together
from reidsearch.store.footage.tracklet_edits import cut_rows, cuts_in
from reidsearch.store.footage.tracklet_means import renew_means, tracklet_row
from reidsearch.store.footage.view_rows import ViewOf, view_rows
from reidsearch.store.tables.footage import (
    erased,
    moment,
    tracklet,
    tracklet_embedding,
    tracklet_part,
)
from reidsearch.store.tables.pictures import picture_object


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
    source_id, grown_from = target.source_id, target.facts.supersedes
    cuts = cuts_in(connection, [source_id, *([] if grown_from is None else [grown_from])])
    again = connection.scalar(select(exists().where(erased.c.source_id == source_id)))
    gone = permanent(connection, source_id) if again else []
    batch = _Batch(connection, target)
    for one in (part for whole in tracklets for part in _cut(whole, cuts)):
        held = batch.held(one.trace) if again else None
        if held is not None:
            batch.complete(held, one, views=not gone)
        elif one.views and not batch.within(one.trace, gone):
            batch.add(one)
    batch.insert()


class _Batch:
    """The rows of one step."""

    def __init__(self, connection: Connection, target: Target) -> None:
        self._connection = connection
        self._target = target
        self._of = ViewOf.read(connection, target.facts, target.run_id, target.model_id)
        self._info = self._of.info
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
                picture_object,
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
        self._rows[tracklet].append({"id": self._tracklet_id, "run_id": self._target.run_id})
        self._rows[tracklet_part].append(
            {
                "tracklet_id": self._tracklet_id,
                "source_id": self._target.source_id,
                "fragments": one.fragments,
                **footage_rows.trace_values(self._info, one.trace),
                "doubts": self._doubts(one),
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
        before, doubts = footage_rows.read_trace(held.trace, held.sha256), self._doubts(one)
        trace = together(before, one.trace)
        if not views and held.detections == len(trace):
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
        if held.detections < len(trace):
            self._connection.execute(
                update(tracklet_part)
                .where(
                    tracklet_part.c.tracklet_id == held.tracklet_id,
                    tracklet_part.c.source_id == self._target.source_id,
                )
                .values(
                    fragments=max(held.fragments, one.fragments),
                    doubts=doubts_of_both(trace, (held.doubts or [], before), (doubts, one.trace)),
                    **footage_rows.trace_values(self._info, trace),
                )
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

    def _doubts(self, one: Tracklet) -> list[list[int]]:
        """Return the doubts as a column: position in the trace and media time."""
        positions = np.searchsorted(one.trace.pts, np.array(one.doubts, np.int64)).tolist()
        at_us = [round(self._info.media_s(pts) * 1_000_000) for pts in one.doubts]
        return list(map(list, zip(positions, at_us, strict=True)))

    def _add_views(
        self, tracklet_id: int, one: Tracklet, stored: frozenset[tuple[Any, ...]]
    ) -> None:
        for view, vector in zip(one.views, one.vectors, strict=True):
            if (view.pts, *view.box.as_list()) in stored:
                continue
            made = view_rows(self._of, tracklet_id, self._crop_id, view, vector, self._indexed_us)
            for table, row in made.items():
                self._rows[table].append(row)
            self._crop_id += 1


def _cut(one: Tracklet, cuts: Sequence[Row[Any]]) -> Iterator[Tracklet]:
    """Yield the parts of a tracklet between the cuts of somebody's; a part may have no view."""
    rows = [row for row in cut_rows(one.trace, cuts) if row] if cuts else []
    if not rows:
        yield one
        return
    bounds = [0, *rows, len(one.trace)]
    for start, end in pairwise(bounds):
        trace = some_of(one.trace, slice(start, end))
        first, last = int(trace.pts[0]), int(trace.pts[-1])
        kept = [row for row, view in enumerate(one.views) if first <= view.pts <= last]
        views, vectors = tuple(one.views[row] for row in kept), one.vectors[kept]
        vector = one.vector
        if views:
            vector = robust_mean(vectors, np.array([view.quality for view in views]))
        doubts = tuple(pts for pts in one.doubts if first <= pts <= last)
        yield Tracklet(trace, views, vectors, vector, doubts=doubts)
