"""From the rows of `selects.CROPS` to crops."""

from __future__ import annotations

from collections.abc import Sequence
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
    # By place: asking a row for thirty names took as long as all the rest.
    values: Sequence[Any] = row
    crop_id, source_id, sha256, location, x1, y1, x2, y2 = values[:8]
    camera_id, camera, time_us, person, extra, indexed_us, tracklet_id = values[8:15]
    if camera_id is not None and camera is None:
        raise LookupError("its camera is not found")
    if location is None:
        raise LookupError("where it lay is not found")
    if tracklet_id is None and row.time_base_num is not None:
        raise LookupError("its tracklet is not found")
    return Crop(
        crop_id=crop_id,
        source_id=source_id,
        source_sha256=sha256.hex(),
        location=location,
        box=Box(x1, y1, x2, y2),
        facts=Facts(
            camera=camera,
            time=None if time_us is None else from_us(time_us),
            person=person,
            extra=extra or {},
        ),
        indexed_at=from_us(indexed_us),
        moment=None if tracklet_id is None else _moment(row),
    )


def _moment(row: Row[Any]) -> Moment:
    values: Sequence[Any] = row
    tracklet_id, pts, quality, picture, time_base_num, time_base_den, first_pts = values[14:21]
    uncertainty_s, offset_us, moved_us, clock_until_us = values[21:25]
    media_s = (pts - first_pts) * Fraction(time_base_num, time_base_den)
    # See `Clock.uncertainty_at`; no clock is built for each row.
    certain = clock_until_us is None or media_s * 1_000_000 <= clock_until_us
    return Moment(
        tracklet_id=tracklet_id,
        pts=pts,
        media_s=media_s,
        uncertainty_s=uncertainty_s if certain else None,
        quality=quality,
        correction_s=(moved_us + offset_us) / 1_000_000,
        picture=picture,
    )
