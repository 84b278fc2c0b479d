"""From when to when tracklets were seen: their parts brought together, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Float, Subquery, and_, case, cast, func, select

from reidsearch.domain.footage import CALENDAR_US
from reidsearch.store.tables.footage import footage, tracklet_part


def tracklets_seen(where: Sequence[ColumnElement[bool]] = ()) -> Subquery:
    """Return the query for `number`, `first_us`, `last_us`, `duration_us` and `camera_id`.

    Times are those of the clocks, which somebody may correct at any time; unknown ones are null.

    Args:
        where: on `tracklet_part` and `footage`, before parts are brought together.
    """
    part = tracklet_part.c
    # Level by level, so that the database works out each value once a row.
    parts = (
        select(
            part.tracklet_id,
            _wall_clock(part.first_us).label("first_us"),
            _wall_clock(part.last_us).label("last_us"),
            (part.last_us - part.first_us).label("length_us"),
            footage.c.camera_id,
        )
        .select_from(tracklet_part)
        .join(footage, footage.c.source_id == part.source_id)
        .where(*where)
    ).subquery("parts")
    whole = (
        select(
            parts.c.tracklet_id.label("number"),
            func.min(parts.c.first_us).label("first_us"),
            func.max(parts.c.last_us).label("last_us"),
            func.sum(parts.c.length_us).label("length_us"),
            func.count().label("parts"),
            func.min(parts.c.camera_id).label("camera_id"),
        ).group_by(parts.c.tracklet_id)
    ).subquery("whole")
    w = whole.c
    by_clock = and_(w.parts > 1, w.first_us.is_not(None), w.last_us.is_not(None))
    duration: Any = case((by_clock, w.last_us - w.first_us), else_=w.length_us)
    return select(
        w.number, w.first_us, w.last_us, duration.label("duration_us"), w.camera_id
    ).subquery("seen")


def _wall_clock(media_us: ColumnElement[int]) -> ColumnElement[int]:
    """Return what `Clock.at_us` tells of a media time."""
    f = footage.c
    drift = cast(func.round(cast(media_us, Float) * f.drift_ppm / 1_000_000), BigInteger)
    at_us = f.start_us + f.offset_us + media_us + case((f.drift_ppm == 0, 0), else_=drift)
    first_us, last_us = CALENDAR_US
    return case((at_us.between(first_us, last_us), at_us))
