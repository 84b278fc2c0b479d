"""From the rows of `selects.CROPS` to crops."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from reidsearch.base.boxes import Box
from reidsearch.base.timecode import from_us
from reidsearch.domain.crops import Crop, Facts
from reidsearch.domain.tracklets import Moment
from reidsearch.store import tables
from reidsearch.store.decoding import reads


@reads(tables.crop)
def read_crop(row: Row[Any]) -> Crop:
    """Return the crop of a row of `selects.CROPS`.

    Raises:
        ArchiveError: what belongs to the crop is not found, which its own row does not tell.
    """
    if row.camera_id is not None and row.camera is None:
        raise LookupError("its camera is not found")
    if row.location is None:
        raise LookupError("where it lay is not found")
    if row.time_base_num is not None and row.tracklet_id is None:
        raise LookupError("its tracklet is not found")
    return Crop(
        crop_id=row.id,
        source_id=row.source_id,
        source_sha256=row.sha256.hex(),
        location=row.location or "",
        box=Box(row.x1, row.y1, row.x2, row.y2),
        facts=Facts(
            camera=row.camera,
            time=None if row.time_us is None else from_us(row.time_us),
            person=row.person,
            extra=row.extra or {},
        ),
        indexed_at=from_us(row.indexed_us),
        moment=_moment(row),
    )


def _moment(row: Row[Any]) -> Moment | None:
    if row.tracklet_id is None:
        return None
    media_s = (row.pts - row.first_pts) * Fraction(row.time_base_num, row.time_base_den)
    jumped_us = row.clock_until_us  # see `Clock.uncertainty_at`; no clock is built for each row
    certain = jumped_us is None or media_s * 1_000_000 <= jumped_us
    return Moment(
        tracklet_id=row.tracklet_id,
        pts=row.pts,
        media_s=media_s,
        uncertainty_s=row.uncertainty_s if certain else None,
        quality=row.quality,
        correction_s=(row.moved_us + row.offset_us) / 1_000_000,
        picture=row.picture,
    )
