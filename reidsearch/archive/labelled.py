"""The crops of an archive that somebody has labelled with a person."""

from __future__ import annotations

from sqlalchemy import func, select

from reidsearch.archive import tables
from reidsearch.archive.store import Store


def labelled_crops(store: Store) -> tuple[list[tuple[int, str, str]], int]:
    """Id, person and camera of every crop that has both, by id; and how many crops are held."""
    crop = tables.crop.c
    labelled = (
        select(crop.id, crop.person, tables.camera.c.name)
        .join(tables.camera, tables.camera.c.id == crop.camera_id)
        .where(crop.person.is_not(None))
        .order_by(crop.id)
    )
    with store.read() as connection:
        found = [(row[0], row[1], row[2]) for row in connection.execute(labelled)]
        held = connection.scalar(select(func.count()).select_from(tables.crop)) or 0
    return found, held
