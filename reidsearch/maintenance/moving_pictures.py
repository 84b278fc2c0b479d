"""Pictures are moved out of the database into a store of objects, or back.

Batch after batch: written, read back and proven, then recorded in one transaction. What was moved
stays moved when it is cut off, and the same call goes on; searches go on meanwhile.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, insert, select, update

from reidsearch.base.errors import ArchiveError, Kind, StorageError, UsageError
from reidsearch.base.object_address import ObjectAddress
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.domain.event_log import Event
from reidsearch.domain.pending import Work
from reidsearch.domain.pictures import IN_DATABASE, PicturesKept, PicturesMoved
from reidsearch.store import tables
from reidsearch.store.database.proofs import intact
from reidsearch.store.event_log import append
from reidsearch.store.pictures import going
from reidsearch.store.pictures.holder import Place
from reidsearch.store.pictures.places import name_of, new_token, objects_of, place_of
from reidsearch.store.pictures.reading import Outside, loaded, outside_of
from reidsearch.store.tables.pending import pending
from reidsearch.store.tables.pictures import picture_gone, picture_object, picture_store

if TYPE_CHECKING:
    from reidsearch.media.files.objects import Objects
    from reidsearch.store.crops.store import Store

AT_ONCE = 200


def kept(store: Store) -> PicturesKept:
    """Return where an archive's pictures are."""
    with store.read() as connection:
        place = place_of(connection)
    o = picture_object.c
    with store.scan() as connection:
        inside = connection.scalar(select(func.count()).select_from(tables.picture)) or 0
        number, size = connection.execute(
            select(func.count(), func.coalesce(func.sum(o.size_bytes), 0))
        ).one()
        left = going.left(connection)
    return PicturesKept(
        None if place is None else str(place.address),
        None if place is None else place.folder,
        place is not None and place.takes_new,
        inside,
        number,
        int(size),
        left,
    )


def begin_outside(store: Store, address: ObjectAddress) -> Place:
    """Let new pictures go to a store of objects, which is tried before.

    Raises:
        UsageError: pictures are in another one.
        StorageError: it cannot be used.
    """
    with store.read() as connection:
        held = place_of(connection)
        used = held is not None and _used(connection)
    if held is not None and held.address != address and used:
        raise UsageError(
            f"pictures of {store.location} are in {held.address}",
            "move them to the database first",
            kind=Kind.PICTURES_ELSEWHERE,
            store=str(held.address),
        )
    # What was taken up once is not taken up again by a copy of the archive.
    folder = held.folder if held is not None and used else str(uuid.uuid4())
    place = Place(address, folder, True)
    objects = objects_of(store, place)
    trial = f"trial-{new_token()}"
    objects.make()
    objects.put(trial, b"reidsearch")
    objects.delete([trial])
    with store.write() as connection:
        if place_of(connection) != held:
            raise UsageError(
                f"somebody else has decided meanwhile where pictures of {store.location} are kept",
                "run it again",
            )
        values = {"address": str(address), "folder": folder, "takes_new": True}
        if held is None:
            connection.execute(insert(picture_store).values(id=1, **values))
        else:
            connection.execute(update(picture_store).values(values))
    return place


def move_out(
    store: Store, address: ObjectAddress, progress: Progress = NO_PROGRESS
) -> PicturesMoved:
    """Move all pictures of the database to a store of objects; new ones go there too.

    Raises:
        ArchiveLocked: another process writes.
        ArchiveError: a picture is damaged; those before it are moved.
        StorageError: the store cannot be used; what was moved stays moved.
        UsageError: pictures are in another store.
    """
    p = tables.picture.c
    with store.lock():
        place = begin_outside(store, address)
        total = kept(store).in_database
        progress.begin("moving pictures", total, "pictures")
        moved = last = 0
        while True:
            with store.read() as connection:
                query = select(p.crop_id, p.jpeg).where(p.crop_id > last).order_by(p.crop_id)
                rows = connection.execute(query.limit(AT_ONCE)).all()
            if not rows:
                break
            moved += _record_outside(store, place, [(row.crop_id, row.jpeg) for row in rows])
            last = rows[-1].crop_id
            progress.advance(len(rows))
        progress.end()
        _told(store, str(address), moved)
    return PicturesMoved(moved, kept(store))


def _record_outside(store: Store, place: Place, some: list[tuple[int, bytes]]) -> int:
    made = {crop_id: (hashlib.sha256(jpeg).digest(), new_token()) for crop_id, jpeg in some}
    objects = objects_of(store, place)
    objects.put_many((name_of(*made[crop_id]), jpeg) for crop_id, jpeg in some)
    written = [
        Outside(crop_id, made[crop_id][0], len(jpeg), name_of(*made[crop_id]))
        for crop_id, jpeg in some
    ]
    for crop_id, jpeg in loaded(objects, written):
        if jpeg is None:
            raise StorageError(
                f"the picture of crop {crop_id} is not in {place.address} as it was written",
                "see what is wrong with the store; the picture is in the database still",
                kind=Kind.OBJECTS_UNREACHABLE,
                store=str(place.address),
            )
    p = tables.picture.c
    with store.write() as connection:
        still = set(connection.scalars(select(p.crop_id).where(p.crop_id.in_(list(made)))))
        rows = [
            {
                "crop_id": crop_id,
                "sha256": made[crop_id][0],
                "size_bytes": len(jpeg),
                "token": made[crop_id][1],
            }
            for crop_id, jpeg in some
            if crop_id in still
        ]
        if rows:
            connection.execute(insert(picture_object), rows)
        connection.execute(delete(tables.picture).where(p.crop_id.in_(list(made))))
        gone = [name_of(*token) for crop_id, token in made.items() if crop_id not in still]
        going.record(connection, gone)
    return len(rows)


def move_in(store: Store, progress: Progress = NO_PROGRESS) -> PicturesMoved:
    """Move all pictures back to the database, and delete their objects.

    Raises:
        ArchiveLocked: another process writes.
        ArchiveError: a picture is damaged or missing; those before it are moved.
        StorageError: the store cannot be used; what was moved stays moved.
    """
    with store.lock():
        with store.write() as connection:
            place = place_of(connection)
            if place is None:
                return PicturesMoved(0, kept(store))
            connection.execute(update(picture_store).values(takes_new=False))
        moved = bring_in(store, objects_of(store, place), progress)
        going.sweep(store)
        with store.write() as connection:
            connection.execute(delete(picture_store))
        _told(store, IN_DATABASE, moved)
    return PicturesMoved(moved, kept(store))


def bring_in(store: Store, objects: Objects, progress: Progress = NO_PROGRESS) -> int:
    """Put all pictures that are kept outside into the database; return how many.

    Raises:
        ArchiveError: a picture is damaged or missing; those before it are in.
        StorageError: the store of objects cannot be used; what is in stays in.
    """
    o = picture_object.c
    with store.scan() as connection:
        total = connection.scalar(select(func.count()).select_from(picture_object)) or 0
    progress.begin("moving pictures", total, "pictures")
    moved = 0
    while True:
        with store.read() as connection:
            query = select(picture_object).where(intact(picture_object)).order_by(o.crop_id)
            some = [outside_of(row) for row in connection.execute(query.limit(AT_ONCE))]
        if not some:
            break
        rows = []
        for one, (crop_id, jpeg) in zip(some, loaded(objects, some), strict=True):
            if jpeg is None:
                raise ArchiveError(
                    f"the picture of crop {crop_id} is damaged or missing in {objects.address}",
                    "delete that crop, or bring the object back from a copy of the store",
                    kind=Kind.PICTURE_GONE,
                    crop=crop_id,
                )
            rows.append({"crop_id": crop_id, "jpeg": jpeg, "sha256": one.sha256})
        ids = [one.crop_id for one in some]
        with store.write() as connection:
            still = set(connection.scalars(select(o.crop_id).where(o.crop_id.in_(ids))))
            held = [row for row in rows if row["crop_id"] in still]
            if held:
                connection.execute(insert(tables.picture), held)
            connection.execute(delete(picture_object).where(o.crop_id.in_(ids)))
            going.record(connection, [one.name for one in some if one.crop_id in still])
        moved += len(held)
        progress.advance(len(some))
    progress.end()
    return moved


def detach(store: Store) -> None:
    """Let a copy of an archive, whose pictures are in the database, know of no store of objects.

    The objects are the archive's: the copy must not delete them.
    """
    with store.write() as connection:
        connection.execute(delete(picture_gone))
        connection.execute(delete(pending).where(pending.c.kind == Work.PICTURES.value))
        connection.execute(delete(picture_store))


def _used(connection: Connection) -> bool:
    some = select(picture_object.c.crop_id).limit(1), select(picture_gone.c.name).limit(1)
    return any(connection.scalar(query) is not None for query in some)


def _told(store: Store, where: str, moved: int) -> None:
    with store.write() as connection:
        append(connection, Event.PICTURES, {"to": where, "pictures": moved})
