"""The crops of an archive of which somebody has said whom they show."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from reidsearch.store import tables
from reidsearch.store.chunks import of_ids
from reidsearch.store.crops.store import Store
from reidsearch.store.database.unproven import UNPROVEN
from reidsearch.store.tables.footage import moment
from reidsearch.store.tables.identities import identity, identity_member


def labelled_crops(store: Store) -> tuple[list[tuple[int, str, str]], int]:
    """Return id, person and camera of all crops that came with both; and how many there are."""
    crop = tables.crop.c
    labelled = (
        select(crop.id, crop.person, tables.camera.c.name)
        .join(tables.camera, tables.camera.c.id == crop.camera_id)
        .where(crop.person.is_not(None))
        .order_by(crop.id)
    )
    with store.read() as connection:
        found = [(row[0], row[1], row[2]) for row in connection.execute(labelled)]
        return found, _held(connection)


def confirmed_crops(store: Store) -> tuple[list[tuple[int, str, str]], int]:
    """Return id, identity's name and camera of confirmed crops; as `labelled_crops`."""
    # By index, part by part: as one question it would read, and prove, every crop and moment.
    member = identity_member.c
    with store.read() as connection:
        confirmed = connection.execute(
            select(member.crop_id, member.tracklet_id, identity.c.name).join(identity)
        ).all()
        of_crop = {one.crop_id: one.name for one in confirmed if one.crop_id is not None}
        of_tracklet = {one.tracklet_id: one.name for one in confirmed if one.crop_id is None}
        views = select(moment.c.crop_id, moment.c.tracklet_id)
        for part in of_ids(views, moment.c.tracklet_id, list(of_tracklet)):
            for crop_id, tracklet_id in connection.execute(part):
                of_crop[crop_id] = of_tracklet[tracklet_id]
        crop = tables.crop.c
        cameras = select(crop.id, tables.camera.c.name).join(
            tables.camera, tables.camera.c.id == crop.camera_id
        )
        found = [
            (crop_id, of_crop[crop_id], camera)
            for part in of_ids(cameras, crop.id, sorted(of_crop))
            for crop_id, camera in connection.execute(part)
        ]
        return sorted(found), _held(connection)


def _held(connection: Connection) -> int:
    count = select(func.count()).select_from(tables.crop)
    return connection.scalar(count, execution_options=UNPROVEN) or 0
