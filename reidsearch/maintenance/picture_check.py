"""Whether pictures in a store of objects are what was recorded, and what lies there beside them.

The objects are listed before the rows are read, and only old ones count as left over: a picture is
put before its row is committed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import func, select

from reidsearch.base.errors import ArchiveError
from reidsearch.base.progress import Progress
from reidsearch.base.timecode import now
from reidsearch.domain.reports import Finding
from reidsearch.maintenance.derived_check import named
from reidsearch.media.files.objects import Listed, Objects
from reidsearch.store.crops.store import Store
from reidsearch.store.pictures.places import objects_of, place_of
from reidsearch.store.pictures.reading import Outside, loaded, outside_of
from reidsearch.store.tables.pictures import picture_gone, picture_object

ORPHANS = "orphan-pictures"
"""Code of the finding that objects belong to no crop."""
AGE = dt.timedelta(hours=1)
"""An object this old, without a row, is of a process that was killed: a step takes seconds."""
ROWS_AT_ONCE = 1000


def objects_checked(store: Store, progress: Progress) -> Iterator[Finding]:
    """Read every picture in the store of objects, and look for objects without a crop.

    Raises:
        StorageError: the store cannot be used.
    """
    with store.read() as connection:
        place = place_of(connection)
    if place is None:
        yield from _without_place(store)
        return
    objects = objects_of(store, place)
    listed = {one.name: one for one in objects.list()}
    yield from _altered(store, objects, listed, progress)
    orphans = _orphans(store, listed)
    if orphans:
        text = f"{len(orphans)} objects in {objects.address} are the picture of no crop"
        yield Finding(ORPHANS, text, repairable=True)


def remove_orphans(store: Store) -> None:
    """Delete objects that belong to no crop and are old; the caller holds the writer lock.

    Raises:
        StorageError: the store cannot be used.
    """
    with store.read() as connection:
        place = place_of(connection)
    if place is not None:
        objects = objects_of(store, place)
        objects.delete(_orphans(store, {one.name: one for one in objects.list()}))


def _without_place(store: Store) -> Iterator[Finding]:
    with store.scan() as connection:
        ids = list(connection.scalars(select(picture_object.c.crop_id)))
    if ids:
        text = f"{len(ids)} pictures are in a store of objects, and nothing says in which"
        yield Finding("picture", text, False, named(ids))


def _altered(
    store: Store, objects: Objects, listed: dict[str, Listed], progress: Progress
) -> Iterator[Finding]:
    with store.scan() as connection:
        total = connection.scalar(select(func.count()).select_from(picture_object)) or 0
    progress.begin("checking pictures in the store of objects", total, "pictures")
    missing: list[int] = []
    altered: list[int] = []
    last = 0
    while some := _rows(store, last):
        # What was put after the listing is asked for as well.
        old = [one for one in some if one.name in listed]
        new = [one for one in some if one.name not in listed]
        altered += [crop_id for crop_id, jpeg in loaded(objects, old) if jpeg is None]
        missing += [crop_id for crop_id, jpeg in loaded(objects, new) if jpeg is None]
        last = some[-1].crop_id
        progress.advance(len(some))
    progress.end()
    for ids, told in ((missing, "are missing"), (altered, "are damaged")):
        if ids:
            text = f"{len(ids)} pictures {told} in {objects.address}"
            yield Finding("picture", text, False, named(ids))


def _rows(store: Store, last: int) -> list[Outside]:
    o = picture_object.c
    query = select(picture_object).where(o.crop_id > last).order_by(o.crop_id)
    with store.scan() as connection:
        return [outside_of(row) for row in connection.execute(query.limit(ROWS_AT_ONCE))]


def _orphans(store: Store, listed: dict[str, Listed]) -> list[str]:
    before = now() - AGE
    left = {name for name, one in listed.items() if one.modified < before}
    if not left:
        return []
    o = picture_object.c
    try:
        with store.read() as connection:
            rows = connection.execution_options(yield_per=ROWS_AT_ONCE)
            for row in rows.execute(select(picture_object).order_by(o.crop_id)):
                left.discard(outside_of(row).name)
            # These are pending work, and told as that.
            left.difference_update(connection.scalars(select(picture_gone.c.name)))
    except ArchiveError:
        return []  # a damaged row may be that of any of them
    return sorted(left)
