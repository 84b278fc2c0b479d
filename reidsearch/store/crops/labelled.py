"""The crops of an archive of which somebody has said whom they show."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, or_, select

from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.database.unproven import UNPROVEN
from reidsearch.store.tables.footage import moment
from reidsearch.store.tables.identities import identity, identity_member


def labelled_crops(store: Store) -> tuple[list[tuple[int, str, str]], int]:
    """Return id, person and camera of all crops that came with both; and how many there are."""
    crop = tables.crop.c
    return _found(
        store,
        select(crop.id, crop.person, tables.camera.c.name)
        .join(tables.camera, tables.camera.c.id == crop.camera_id)
        .where(crop.person.is_not(None))
        .order_by(crop.id),
    )


def confirmed_crops(store: Store) -> tuple[list[tuple[int, str, str]], int]:
    """Return id, identity's name and camera of confirmed crops; as `labelled_crops`."""
    crop = tables.crop.c
    return _found(
        store,
        select(crop.id, identity.c.name, tables.camera.c.name)
        .join(tables.camera, tables.camera.c.id == crop.camera_id)
        .outerjoin(moment, moment.c.crop_id == crop.id)
        .join(
            identity_member,
            or_(
                identity_member.c.crop_id == crop.id,
                identity_member.c.tracklet_id == moment.c.tracklet_id,
            ),
        )
        .join(identity, identity.c.id == identity_member.c.identity_id)
        .order_by(crop.id),
    )


def _found(store: Store, query: Select[Any]) -> tuple[list[tuple[int, str, str]], int]:
    with store.read() as connection:
        found = [(row[0], row[1], row[2]) for row in connection.execute(query)]
        count = select(func.count()).select_from(tables.crop)
        held = connection.scalar(count, execution_options=UNPROVEN) or 0
    return found, held
