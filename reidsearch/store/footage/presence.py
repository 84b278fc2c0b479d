"""Where and when tracklets and crops were seen, and what one person cannot have done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from sqlalchemy import Connection, select

from reidsearch.domain.decisions import Member, Presence
from reidsearch.store import tables
from reidsearch.store.crops.store import CHUNK
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.tables.footage import footage, footage_location, moment, tracklet

_CLOCK = (
    footage.c.start_us,
    footage.c.clock_origin,
    footage.c.uncertainty_s,
    footage.c.offset_us,
    footage.c.drift_ppm,
    footage.c.moved_us,
    footage.c.clock_until_us,
)
_TRACKLETS = (
    select(
        tracklet.c.id,
        tracklet.c.source_id,
        tracklet.c.first_us,
        tracklet.c.last_us,
        *_CLOCK,
        tables.camera.c.name.label("camera"),
        footage_location.c.text.label("location"),
    )
    .select_from(tracklet)
    .join(footage, footage.c.source_id == tracklet.c.source_id)
    .outerjoin(tables.camera, tables.camera.c.id == footage.c.camera_id)
    .outerjoin(
        footage_location,
        (footage_location.c.source_id == footage.c.source_id) & footage_location.c.own,
    )
)
_CROPS = (
    select(
        tables.crop.c.id,
        tables.crop.c.source_id,
        tables.crop.c.time_us,
        tables.camera.c.name.label("camera"),
        tables.location.c.text.label("location"),
    )
    .select_from(tables.crop)
    .outerjoin(tables.camera, tables.camera.c.id == tables.crop.c.camera_id)
    .outerjoin(
        tables.location, (tables.location.c.crop_id == tables.crop.c.id) & tables.location.c.own
    )
)


def presences(connection: Connection, members: Iterable[Member]) -> dict[Member, Presence]:
    """Return where and when each was seen; members that are no longer stored are left out."""
    wanted = sorted(set(members))
    found: dict[Member, Presence] = {}
    for kind in ("tracklet", "crop"):
        numbers = [member.number for member in wanted if member.kind == kind]
        for start in range(0, len(numbers), CHUNK):
            part = numbers[start : start + CHUNK]
            found |= (
                _tracklets(connection, part) if kind == "tracklet" else _crops(connection, part)
            )
    return found


def _tracklets(connection: Connection, ids: Sequence[int]) -> dict[Member, Presence]:
    views: dict[int, list[int]] = {}
    for tracklet_id, crop_id in connection.execute(
        select(moment.c.tracklet_id, moment.c.crop_id)
        .where(moment.c.tracklet_id.in_(ids))
        .order_by(moment.c.quality.desc(), moment.c.crop_id)
    ):
        views.setdefault(tracklet_id, []).append(crop_id)
    found: dict[Member, Presence] = {}
    for row in connection.execute(_TRACKLETS.where(tracklet.c.id.in_(ids))):
        member = Member("tracklet", row.id)
        clock = footage_rows.read_clock(row)
        first_s, last_s = (Fraction(at_us, 1_000_000) for at_us in (row.first_us, row.last_us))
        first_us, last_us = clock.at_us(first_s), clock.at_us(last_s)
        found[member] = Presence(
            member=member,
            source_id=row.source_id,
            camera=row.camera,
            location=row.location or "",
            first_us=first_us,
            last_us=last_us,
            first_media_us=row.first_us,
            last_media_us=row.last_us,
            uncertainty_s=clock.uncertainty_at(last_s),
            crop_ids=tuple(views.get(row.id, ())),
            correction_s=float(clock.correction_s),
        )
    return found


def _crops(connection: Connection, ids: Sequence[int]) -> dict[Member, Presence]:
    found = {}
    for row in connection.execute(_CROPS.where(tables.crop.c.id.in_(ids))):
        member = Member("crop", row.id)
        found[member] = Presence(
            member=member,
            source_id=row.source_id,
            camera=row.camera,
            location=row.location or "",
            first_us=row.time_us,
            last_us=row.time_us,
            first_media_us=0,
            last_media_us=0,
            uncertainty_s=None,  # a picture's time came without a word on how sure it is
            crop_ids=(row.id,),
        )
    return found


def at_once(a: Presence, b: Presence) -> bool:
    """Tell whether one recording shows both at the same time: two people, then.

    Media time decides, exactly. Two recordings of one camera that overlap in time both show
    everybody who was there, and two cameras may see one place: of two sources nothing is certain.
    """
    return a.source_id == b.source_id and max(a.first_media_us, b.first_media_us) <= min(
        a.last_media_us, b.last_media_us
    )


def conflicts(
    held: Iterable[Presence], joining: Sequence[Presence]
) -> list[tuple[Presence, Presence]]:
    """Return pairs that one recording shows at once, each with at least one that is joining."""
    before = list(held)
    return [
        (a, b)
        for number, a in enumerate(joining)
        for b in [*before, *joining[number + 1 :]]
        if a.member != b.member and at_once(a, b)
    ]
