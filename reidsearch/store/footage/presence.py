"""Where and when tracklets and crops were seen, and what one person cannot have done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from reidsearch.domain.decisions import Member, Presence
from reidsearch.domain.tracklets import SourceInterval
from reidsearch.store import tables
from reidsearch.store.chunks import chunks, possible
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.footage.tracklet_reader import interval, parts_of, purity_of, views_of

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
        tables.location,
        (tables.location.c.crop_id == tables.crop.c.id) & tables.location.c.own.is_not(False),
    )
)


def presences(connection: Connection, members: Iterable[Member]) -> dict[Member, Presence]:
    """Return where and when each was seen; members that are no longer stored are left out."""
    wanted = sorted(set(members))
    found: dict[Member, Presence] = {}
    for kind in ("tracklet", "crop"):
        numbers = possible(member.number for member in wanted if member.kind == kind)
        for part in chunks(numbers):
            found |= (
                _tracklets(connection, part) if kind == "tracklet" else _crops(connection, part)
            )
    return found


def _tracklets(connection: Connection, ids: Sequence[int]) -> dict[Member, Presence]:
    views = views_of(connection, ids)
    found: dict[Member, Presence] = {}
    for tracklet_id, rows in parts_of(connection, ids).items():
        member = Member("tracklet", tracklet_id)
        parts = tuple(interval(row) for row in rows)
        begins, ends = (footage_rows.read_clock(row) for row in (rows[0], rows[-1]))
        found[member] = Presence(
            member=member,
            camera=rows[0].camera,
            parts=parts,
            first_us=begins.at_us(parts[0].first_s),
            last_us=ends.at_us(parts[-1].last_s),
            uncertainty_s=ends.uncertainty_at(parts[-1].last_s),
            crop_ids=views.get(tracklet_id, ()),
            correction_s=float(begins.correction_s),
            purity=purity_of(rows),
        )
    return found


def _crops(connection: Connection, ids: Sequence[int]) -> dict[Member, Presence]:
    found = {}
    for row in connection.execute(_CROPS.where(tables.crop.c.id.in_(ids))):
        member = Member("crop", row.id)
        found[member] = Presence(
            member=member,
            camera=row.camera,
            parts=(SourceInterval(row.source_id, row.location or "", 0, 0),),
            first_us=row.time_us,
            last_us=row.time_us,
            uncertainty_s=None,  # a picture's time came without a word on how sure it is
            crop_ids=(row.id,),
        )
    return found


def at_once(a: Presence, b: Presence) -> bool:
    """Tell whether one recording shows both at the same time: two people, then.

    Media time decides, exactly. Two recordings of one camera that overlap in time both show
    everybody who was there, and two cameras may see one place: of two sources nothing is certain.
    """
    return any(
        one.source_id == other.source_id
        and max(one.first_us, other.first_us) <= min(one.last_us, other.last_us)
        for one in a.parts
        for other in b.parts
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
