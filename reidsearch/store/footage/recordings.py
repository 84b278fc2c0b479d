"""Consecutive files of one camera are one recording: a visit across a border is one tracklet.

Recorders cut a recording into files, every ten seconds or every hour. When a source is finished, or
its camera or start is corrected, whoever was seen last at the end of the file before it is compared
with whoever is seen first in it, and likewise at its own end: as across an occlusion within a file,
time, place and looks have to agree. What somebody has decided on, cut or joined by hand stays as it
was then.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, exists, select, update

from reidsearch.domain.tracklets import Trace
from reidsearch.store import tables
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.footage.tracklet_edits import cut_rows, cuts_in
from reidsearch.store.footage.tracklet_means import renew_means
from reidsearch.store.tables.footage import (
    footage,
    moment,
    tracklet,
    tracklet_edit,
    tracklet_embedding,
    tracklet_part,
)
from reidsearch.store.tables.identities import identity_member, identity_rejection
from reidsearch.vision.models.catalogue import by_digest
from reidsearch.vision.tracking.borders import continued
from reidsearch.vision.tracking.stitching import Sighting, reach_us

OVERLAP_US = 2_000_000
"""Names tell whole seconds: a file may seem to begin before the one before it has ended."""
NEIGHBOURS = 3
"""So many sources before and after are looked at: copies of one file share their start."""


def join_recording(connection: Connection, source_id: int, model_id: int) -> None:
    """Make one what a source, the file before it and the file after it show of one visit."""
    model = select(tables.model.c.digest).where(tables.model.c.id == model_id)
    digest = connection.execute(model).scalar_one()
    this = connection.execute(_FINISHED.where(footage.c.source_id == source_id)).one_or_none()
    if this is None or this.camera_id is None or this.start_us is None:
        return
    if by_digest(digest) is None:  # what scores mean is not known
        return
    before, after = _before(connection, this), _after(connection, this)
    if before is not None:
        _join(connection, before, this, model_id)
    if after is not None:
        _join(connection, this, after, model_id)


def of_one_recording(connection: Connection, source_ids: Sequence[int]) -> bool:
    """Tell whether sources are one, or consecutive files of one recording."""
    wanted = set(source_ids)
    this = connection.execute(_FINISHED.where(footage.c.source_id == min(wanted))).one_or_none()
    if len(wanted) == 1 or this is None or this.camera_id is None or this.start_us is None:
        return len(wanted) == 1
    files = connection.execute(
        _FINISHED.where(
            footage.c.camera_id == this.camera_id,
            footage.c.start_us.is_not(None),
            tables.source.c.width_px == this.width_px,
            tables.source.c.height_px == this.height_px,
        ).order_by(footage.c.start_us, footage.c.source_id)
    ).all()
    chain: set[int] = set()
    for before, after in zip([None, *files], files, strict=False):
        if before is None or _gap_us(before, after) is None:
            chain = set()
        chain.add(after.source_id)
        if wanted <= chain:
            return True
    return False


_FINISHED = (
    select(footage, tables.source.c.width_px, tables.source.c.height_px)
    .join(tables.source)
    .where(footage.c.state == "finished")
)


def _before(connection: Connection, this: Row[Any]) -> Row[Any] | None:
    earlier = _of_camera(this).where(footage.c.start_us < this.start_us)
    found = connection.execute(earlier.order_by(footage.c.start_us.desc()).limit(NEIGHBOURS))
    fitting = [one for one in found if _gap_us(one, this) is not None]
    return min(fitting, key=lambda one: abs(_gap_us(one, this) or 0), default=None)


def _after(connection: Connection, this: Row[Any]) -> Row[Any] | None:
    later = _of_camera(this).where(footage.c.start_us > this.start_us)
    found = connection.execute(later.order_by(footage.c.start_us).limit(NEIGHBOURS))
    fitting = [one for one in found if _gap_us(this, one) is not None]
    return min(fitting, key=lambda one: abs(_gap_us(this, one) or 0), default=None)


def _of_camera(this: Row[Any]) -> Any:
    return _FINISHED.where(
        footage.c.source_id != this.source_id,
        footage.c.camera_id == this.camera_id,
        tables.source.c.width_px == this.width_px,
        tables.source.c.height_px == this.height_px,
    )


def _gap_us(before: Row[Any], after: Row[Any]) -> int | None:
    """Return the time between two files of one recording; None: they are not consecutive."""
    ends = footage_rows.read_clock(before).at_us(Fraction(before.duration_us, 1_000_000))
    begins = footage_rows.read_clock(after).at_us(Fraction(0))
    if ends is None or begins is None:
        return None
    gap_us = begins - ends
    return gap_us if -OVERLAP_US <= gap_us <= _reach_us(before, after) else None


def _reach_us(before: Row[Any], after: Row[Any]) -> int:
    """Return how far apart in time two sightings of one visit may be."""
    gaps_s = [float(one.settings.get("max_gap_s", 0)) for one in (before, after)]
    return reach_us(max(_interval_us(before), _interval_us(after)), round(min(gaps_s) * 1_000_000))


def _interval_us(one: Row[Any]) -> int:
    return round(1_000_000 / one.measured_fps) if one.measured_fps else 0


def _join(connection: Connection, before: Row[Any], after: Row[Any], model_id: int) -> None:
    gap_us, within_us = _gap_us(before, after) or 0, _reach_us(before, after)
    part = tracklet_part.c
    ended = select(tracklet_part).where(
        part.source_id == before.source_id, part.last_us >= before.duration_us - within_us
    )
    begun = select(tracklet_part).where(
        part.source_id == after.source_id, part.first_us <= within_us
    )
    first = connection.execute(_open(ended, after.source_id)).all()
    second = connection.execute(_open(begun, before.source_id)).all()
    cuts = cuts_in(connection, [after.source_id])
    second = [one for one in second if 0 not in cut_rows(_trace(one), cuts)]
    # From the last frame of one file to the first of the next it is a frame at least.
    ahead_us = max(gap_us, _interval_us(before), 1)
    pairs = continued(
        _sightings(connection, before, first, -before.duration_us, model_id),
        _sightings(connection, after, second, ahead_us, model_id),
        within_us,
    )
    for one, other, doubtful in pairs:
        kept, dropped = sorted((first[one].tracklet_id, second[other].tracklet_id))
        if not _meet(connection, kept, dropped):
            if doubtful:
                _doubt(connection, second[other])
            _make_one(connection, kept, dropped)
            renew_means(connection, model_id, [kept])


def _open(parts: Any, other_id: int) -> Any:
    """Leave out what somebody has decided on, and what has a part in the other source already."""
    own, elsewhere = tracklet_part.c.tracklet_id, tracklet_part.alias().c
    return parts.where(
        ~exists().where(identity_member.c.tracklet_id == own),
        ~exists().where(identity_rejection.c.tracklet_id == own),
        ~exists().where(tracklet_edit.c.tracklet_id == own),
        ~exists().where(tracklet_edit.c.other_id == own),
        ~exists().where(elsewhere.tracklet_id == own, elsewhere.source_id == other_id),
    ).order_by(own)


def _sightings(
    connection: Connection,
    source: Row[Any],
    parts: Sequence[Row[Any]],
    shift_us: int,
    model_id: int,
) -> list[Sighting]:
    """Return sightings on the clock of the border, where the file before ends at zero."""
    info = footage_rows.read_info(source)
    own = tracklet_embedding.c
    means = connection.execute(
        select(own.tracklet_id, own.vector).where(
            own.model_id == model_id, own.tracklet_id.in_([one.tracklet_id for one in parts])
        )
    )
    vectors = {row.tracklet_id: np.frombuffer(row.vector, "<f4") for row in means}
    found = []
    for one in parts:
        trace = _trace(one)
        media_us = [round(info.media_s(pts) * 1_000_000) for pts in trace.pts.tolist()]
        times_us = np.array(media_us, np.int64) + shift_us
        found.append(Sighting(times_us, trace.xyxy, vectors[one.tracklet_id]))
    return found


def _trace(part: Row[Any]) -> Trace:
    return footage_rows.read_trace(part.trace, part.sha256)


def _meet(connection: Connection, kept: int, dropped: int) -> bool:
    """Tell whether one source shows both, as recordings that overlap may do."""
    part, other = tracklet_part.c, tracklet_part.alias().c
    both = exists().where(
        part.tracklet_id == kept, other.tracklet_id == dropped, part.source_id == other.source_id
    )
    return bool(connection.scalar(select(both)))


def _doubt(connection: Connection, begun: Row[Any]) -> None:
    """Note that somebody else may begin with a part, where it is known when switches may be."""
    if begun.doubts is not None:
        part = tracklet_part.c
        connection.execute(
            update(tracklet_part)
            .where(part.tracklet_id == begun.tracklet_id, part.source_id == begun.source_id)
            .values(doubts=[[0, begun.first_us], *begun.doubts])
        )


def _make_one(connection: Connection, kept: int, dropped: int) -> None:
    """Let the older one go on, whose id may have been shown to somebody."""
    for table in (moment, tracklet_part):
        connection.execute(
            update(table).where(table.c.tracklet_id == dropped).values(tracklet_id=kept)
        )
    connection.execute(delete(tracklet).where(tracklet.c.id == dropped))
