"""Tracklets, and crops of none, that were seen in an interval of time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import Connection, func, select

from reidsearch.domain.decisions import Member
from reidsearch.domain.filters import Filters
from reidsearch.domain.places import Region
from reidsearch.store import tables
from reidsearch.store.database.numbers import numbers
from reidsearch.store.footage.instants import Timed
from reidsearch.store.footage.tracks_passing import tracks_passing
from reidsearch.store.tables.footage import footage, moment, tracklet_part

_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of the wall clock of one camera, microseconds."""

    camera: str
    from_us: int
    to_us: int


def of_source(connection: Connection, source_id: int, from_us: int, to_us: int) -> set[Member]:
    """Return the tracklets that a source shows in an interval of its media time."""
    part = tracklet_part.c
    shown = select(part.tracklet_id).where(
        part.source_id == source_id, part.first_us <= to_us, part.last_us >= from_us
    )
    return {Member("tracklet", number) for number in connection.scalars(shown)}


def of_camera(
    connection: Connection, interval: Interval, sources: Mapping[str, Iterable[Timed]]
) -> set[Member]:
    """Return what a camera with a known clock saw in an interval of the wall clock.

    Args:
        sources: by camera, those whose time is known.
    """
    found: set[Member] = set()
    for one in sources.get(interval.camera, ()):
        first, last = (one.clock.media_s_at(at) for at in (interval.from_us, interval.to_us))
        if first is None or last is None or last < 0 or first > one.duration_s:
            continue
        found |= of_source(connection, one.source_id, _whole(first), _whole(last))
    crop, camera = tables.crop.c, tables.camera.c
    pictures = (
        select(crop.id)
        .join(tables.camera, camera.id == crop.camera_id)
        .outerjoin(moment, moment.c.crop_id == crop.id)
        .where(
            camera.name == interval.camera,
            crop.time_us.between(interval.from_us, interval.to_us),
            moment.c.crop_id.is_(None),
        )
    )
    return found | {Member("crop", number) for number in connection.scalars(pictures)}


def in_region(
    connection: Connection, region: Region, members: Collection[Member]
) -> tuple[set[Member], set[Member]]:
    """Return who of a region's camera was in it, and of whom nobody knows.

    A tracklet was in it with any of its boxes; a crop of none has no track, so nobody knows.
    """
    tracklets = [one.number for one in members if one.kind == "tracklet"]
    filters = Filters(cameras=(region.camera,), regions=(region,))
    decided = tracks_passing(connection, filters, numbers(connection, tracklets))
    inside = {Member("tracklet", number) for number in decided.passing}
    unknown = {Member("tracklet", number) for number in decided.undecided}
    return inside, unknown | {one for one in members if one.kind != "tracklet"}


def untimed(connection: Connection, cameras: Collection[str]) -> dict[str, int]:
    """Return by camera how many of its sources have no known clock, where any has none."""
    camera = tables.camera.c.name
    counted = (
        select(camera, func.count())
        .select_from(footage)
        .join(tables.camera, tables.camera.c.id == footage.c.camera_id)
        .where(footage.c.start_us.is_(None))
        .group_by(camera)
        .order_by(camera)
    )
    return {name: number for name, number in connection.execute(counted) if name in cameras}


def _whole(media_s: Fraction) -> int:
    return round(media_s * _US)
