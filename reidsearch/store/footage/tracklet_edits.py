"""Tracklets cut and joined by hand: what a decision moves from one tracklet to another.

A decision in force has a row in `tracklet_edit`. Everything here is part of the transaction that
logs the decision: detections and views change their tracklet, and nothing else changes. Views keep
their crops, so the index knows nothing of it; the embeddings of tracklets are made anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from reidsearch.base.errors import Kind, UsageError, absent
from reidsearch.domain.decisions import EDITS, Change, Of, TraceStretch
from reidsearch.domain.event_log import Event
from reidsearch.domain.footage import VideoInfo
from reidsearch.domain.tracklets import Trace
from reidsearch.store import tables
from reidsearch.store.chunks import CHUNK
from reidsearch.store.database.proofs import intact
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.footage.traces import (
    SAME_PX,
    carried,
    doubts_of_both,
    some_of,
    together,
    within,
)
from reidsearch.store.footage.tracklet_means import renew_means
from reidsearch.store.tables.footage import (
    footage,
    moment,
    tracklet,
    tracklet_edit,
    tracklet_part,
)
from reidsearch.store.tables.identities import proposal_member

_PART, _CROP = tracklet_part.c, tables.crop.c


def apply_edit(connection: Connection, change: Change) -> None:
    """Bring tracklets to one change of `EDITS`.

    Raises:
        UsageError: what it is about has been deleted since.
    """
    other = change.after if change.after is not None else change.before
    if change.of not in EDITS or change.member is None or not isinstance(other, int):
        raise absent("the tracklets of an edit")
    number = change.member.number
    change = replace(change, stretches=_present(connection, change.stretches))
    model_id = connection.execute(select(tables.archive.c.model_id)).scalar_one()
    edit: dict[str, Any] = {"tracklet_id": number, "kind": change.of.value, "other_id": other}
    if change.of is Of.SPLIT and change.after is not None:
        edit |= _place(connection, other, change.stretches)
    if change.unites:
        _unite(connection, other, number, change)
        touched = [other]
    else:
        _separate(connection, other, number, change.stretches)
        touched = [other, number]
    renew_means(connection, model_id, touched)
    # What was proposed rests on what the tracklet was.
    connection.execute(delete(proposal_member).where(proposal_member.c.tracklet_id.in_(touched)))
    if change.after is not None:
        connection.execute(insert(tracklet_edit).values(edit))
    else:
        own = tracklet_edit.c
        same = own.tracklet_id == number, own.kind == change.of.value
        connection.execute(delete(tracklet_edit).where(*same))


def _present(connection: Connection, stretches: Sequence[TraceStretch]) -> tuple[TraceStretch, ...]:
    """Name the sources that have taken the place of those that the log names."""
    event = tables.event.c
    rows = connection.execute(
        select(event.detail).where(event.what == Event.GROWN.value, intact(tables.event))
    )
    grown = {row.detail["old"]: row.detail["new"] for row in rows}
    found = []
    for stretch in stretches:
        source_id = stretch.source_id
        while source_id in grown:
            source_id = grown[source_id]
        found.append(replace(stretch, source_id=source_id))
    return tuple(found)


def _place(connection: Connection, whole: int, stretches: Sequence[TraceStretch]) -> dict[str, Any]:
    """Return the first detection after a cut, as columns."""
    first = stretches[0]
    row = _part(connection, whole, first.source_id)
    if row is None:
        raise _gone(whole)
    trace = footage_rows.read_trace(row.trace, row.sha256)
    rows = np.flatnonzero(within(trace.pts, stretches[:1]))
    if not len(rows):
        raise _gone(whole)
    box = dict(zip(("x1", "y1", "x2", "y2"), trace.xyxy[rows[0]].tolist(), strict=True))
    return {"source_id": first.source_id, "pts": int(trace.pts[rows[0]]), **box}


def _separate(
    connection: Connection, whole: int, number: int, stretches: Sequence[TraceStretch]
) -> None:
    """Let what these stretches are of one tracklet be another one."""
    run_id = connection.scalar(select(tracklet.c.run_id).where(tracklet.c.id == whole))
    if run_id is None:
        raise _gone(whole)
    connection.execute(insert(tracklet).values(id=number, run_id=run_id))
    for source_id in dict.fromkeys(stretch.source_id for stretch in stretches):
        own = [stretch for stretch in stretches if stretch.source_id == source_id]
        _move(connection, source_id, whole, number, own)
    for one in (whole, number):
        _require_views(connection, one)


def _move(
    connection: Connection,
    source_id: int,
    whole: int,
    number: int,
    stretches: Sequence[TraceStretch],
) -> None:
    """Move what one source shows, if it still does."""
    row = _part(connection, whole, source_id)
    if row is None:
        return
    trace = footage_rows.read_trace(row.trace, row.sha256)
    rows = within(trace.pts, stretches)
    if not rows.any():
        return
    views = connection.execute(
        select(moment.c.crop_id, _CROP.pts)
        .join(tables.crop)
        .where(moment.c.tracklet_id == whole, _CROP.source_id == source_id)
    ).all()
    pts = np.array([view.pts for view in views], np.int64)
    chosen = within(pts, stretches).tolist()
    ids = [view.crop_id for view, mine in zip(views, chosen, strict=True) if mine]
    for start in range(0, len(ids), CHUNK):
        part = moment.c.crop_id.in_(ids[start : start + CHUNK])
        connection.execute(update(moment).where(part).values(tracklet_id=number))
    if rows.all():
        _of(connection, whole, source_id, {"tracklet_id": number})
        return
    fragments = sum(stretch.pieces for stretch in stretches)
    rest, moved = some_of(trace, ~rows), some_of(trace, rows)
    values = _values(connection, source_id, rest) | {"doubts": carried(row.doubts, trace, rest)}
    _of(connection, whole, source_id, values | {"fragments": max(1, row.fragments - fragments)})
    connection.execute(
        insert(tracklet_part).values(
            source_id=source_id,
            tracklet_id=number,
            fragments=max(1, fragments),
            doubts=carried(row.doubts, trace, moved),
            **_values(connection, source_id, moved),
        )
    )


def _unite(connection: Connection, whole: int, number: int, change: Change) -> None:
    """Let a tracklet be a part of another one; its id is free for nobody."""
    for one in (whole, number):
        if connection.scalar(select(tracklet.c.id).where(tracklet.c.id == one)) is None:
            raise _gone(one)
    for row in connection.execute(
        select(tracklet_part).where(_PART.tracklet_id == number, intact(tracklet_part))
    ).all():
        into = _part(connection, whole, row.source_id)
        if into is None:
            _of(connection, number, row.source_id, {"tracklet_id": whole})
            continue
        traces = [footage_rows.read_trace(each.trace, each.sha256) for each in (into, row)]
        fragments = sum(one.pieces for one in change.stretches if one.source_id == row.source_id)
        trace = together(*traces)
        doubts = doubts_of_both(trace, *zip((into.doubts, row.doubts), traces, strict=True))
        values = _values(connection, row.source_id, trace) | {"doubts": doubts}
        _of(connection, whole, row.source_id, values | {"fragments": into.fragments + fragments})
    connection.execute(
        update(moment).where(moment.c.tracklet_id == number).values(tracklet_id=whole)
    )
    connection.execute(delete(tracklet).where(tracklet.c.id == number))


def _part(connection: Connection, tracklet_id: int, source_id: int) -> Row[Any] | None:
    return connection.execute(
        select(tracklet_part).where(
            _PART.tracklet_id == tracklet_id, _PART.source_id == source_id, intact(tracklet_part)
        )
    ).one_or_none()


def _of(connection: Connection, tracklet_id: int, source_id: int, values: dict[str, Any]) -> None:
    connection.execute(
        update(tracklet_part)
        .where(_PART.tracklet_id == tracklet_id, _PART.source_id == source_id)
        .values(values)
    )


def _values(connection: Connection, source_id: int, trace: Trace) -> dict[str, Any]:
    return footage_rows.trace_values(info_of(connection, source_id), trace)


def info_of(connection: Connection, source_id: int) -> VideoInfo:
    """Return what a source of footage says of itself."""
    row = connection.execute(
        select(footage, tables.source.c.width_px, tables.source.c.height_px)
        .join(tables.source)
        .where(footage.c.source_id == source_id, intact(footage))
    ).one()
    return footage_rows.read_info(row)


def _require_views(connection: Connection, tracklet_id: int) -> None:
    """Refuse what would leave a stretch of a source without a crop: nobody could find it."""
    shown = set(
        connection.scalars(
            select(_CROP.source_id).join(moment).where(moment.c.tracklet_id == tracklet_id)
        )
    )
    parts = set(connection.scalars(select(_PART.source_id).where(_PART.tracklet_id == tracklet_id)))
    if not parts or parts - shown:
        raise _gone(tracklet_id)


def _gone(tracklet_id: int) -> UsageError:
    return UsageError(
        f"crops of tracklet {tracklet_id} were deleted since, so the decision cannot be undone",
        "nothing was changed",
        kind=Kind.TRACKLET_GONE,
        tracklet=tracklet_id,
    )


def cuts_in(connection: Connection, source_ids: Sequence[int]) -> list[Row[Any]]:
    """Return the cuts in force in some sources: each the first detection after it.

    What was cut off and joined to the same tracklet again is left out.
    """
    own, again = tracklet_edit.c, tracklet_edit.alias().c
    mended = exists().where(
        again.tracklet_id == own.tracklet_id,
        again.other_id == own.other_id,
        again.kind == Of.JOINED.value,
    )
    return list(
        connection.execute(
            select(tracklet_edit)
            .where(own.source_id.in_(source_ids), ~mended, intact(tracklet_edit))
            .order_by(own.pts)
        )
    )


def cut_rows(trace: Trace, cuts: Sequence[Row[Any]]) -> list[int]:
    """Return the rows of a trace before which somebody cut, in order; a first row may be one."""
    found = []
    for cut in cuts:
        row = int(np.searchsorted(trace.pts, cut.pts))
        if row == len(trace) or trace.pts[row] != cut.pts:
            continue
        box = np.array([cut.x1, cut.y1, cut.x2, cut.y2])
        if float(np.abs(trace.xyxy[row] - box).max()) < SAME_PX:
            found.append(row)
    return sorted(set(found))


def next_tracklet(connection: Connection) -> int:
    """Take an id that no tracklet ever had."""
    archive = tables.archive
    row = connection.execute(select(archive).where(intact(archive))).one()
    number = int(row.next_tracklet_id)
    connection.execute(update(archive).values(next_tracklet_id=number + 1))
    return number


def splits_in_force(connection: Connection) -> dict[int, tuple[int, ...]]:
    """Return every tracklet that was split, with those that were split from it."""
    own = tracklet_edit.c
    found: dict[int, tuple[int, ...]] = {}
    for row in connection.execute(
        select(own.tracklet_id, own.other_id)
        .where(own.kind == Of.SPLIT.value)
        .order_by(own.tracklet_id)
    ):
        found[row.other_id] = (*found.get(row.other_id, ()), row.tracklet_id)
    return found
