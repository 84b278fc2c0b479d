"""Reading pictures of crops, wherever they are kept; every one is proven by its SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Connection, Row, select

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.database.proofs import intact
from reidsearch.store.pictures.holder import Place
from reidsearch.store.pictures.places import name_of, objects_of, place_of
from reidsearch.store.tables.pictures import picture_object

if TYPE_CHECKING:
    from reidsearch.media.files.objects import Objects
    from reidsearch.store.pictures.holder import Holder

AT_ONCE = 256

Read: TypeAlias = tuple[int, bytes | None]
"""A crop id and its JPEG; None: it is damaged or missing."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A picture in a store of objects, as it is recorded."""

    crop_id: int
    sha256: bytes
    size_bytes: int
    name: str


def outside(connection: Connection, crop_ids: Sequence[int]) -> list[Outside]:
    """Return what is recorded of those pictures that are kept outside, by crop id."""
    found: list[Outside] = []
    o = picture_object.c
    for part in chunks(list(crop_ids)):
        where = o.crop_id.in_(part), intact(picture_object)
        rows = connection.execute(select(picture_object).where(*where).order_by(o.crop_id))
        found += map(outside_of, rows)
    return found


def outside_of(row: Row[Any]) -> Outside:
    """Read a row of `picture_object`."""
    return Outside(row.crop_id, row.sha256, row.size_bytes, name_of(row.sha256, row.token))


def loaded(objects: Objects, some: Sequence[Outside]) -> Iterator[Read]:
    """Yield pictures that are kept outside, read side by side, in their order.

    Raises:
        StorageError: the store of objects cannot be used.
    """
    read = objects.get_many([one.name for one in some])
    for one, jpeg in zip(some, read, strict=True):
        whole = jpeg is not None and hashlib.sha256(jpeg).digest() == one.sha256
        yield one.crop_id, jpeg if whole else None


def _loaded(store: Holder, place: Place | None, some: Sequence[Outside]) -> Iterator[Read]:
    if place is None:
        return iter([(one.crop_id, None) for one in some])
    return loaded(objects_of(store, place), some)


def pictures(store: Holder, crop_ids: Sequence[int]) -> Iterator[Read]:
    """Yield the pictures of crops, by crop id; of those that have none, nothing.

    Raises:
        StorageError: some are kept outside, and the store of objects cannot be used.
    """
    p = tables.picture.c
    for start in range(0, len(crop_ids), AT_ONCE):
        part = sorted(crop_ids[start : start + AT_ONCE])
        with store.scan() as connection:
            query = select(p.crop_id, p.jpeg, p.sha256).where(p.crop_id.in_(part))
            rows = connection.execute(query.order_by(p.crop_id)).all()
            rest = outside(connection, part) if len(rows) < len(part) else []
            place = place_of(connection) if rest else None
        found: dict[int, bytes | None] = {
            row.crop_id: row.jpeg if hashlib.sha256(row.jpeg).digest() == row.sha256 else None
            for row in rows
        }
        found.update(_loaded(store, place, rest))
        yield from sorted(found.items())


def picture(store: Holder, crop_id: int) -> bytes:
    """Return the picture of a crop.

    Raises:
        ArchiveError: it is damaged or missing.
        StorageError: it is kept outside, and the store of objects cannot be used.
    """
    with store.read() as connection:
        p = tables.picture.c
        row = connection.execute(select(p.jpeg).where(p.crop_id == crop_id)).one_or_none()
        rest = outside(connection, [crop_id]) if row is None else []
        place = place_of(connection) if rest else None
    jpeg: bytes | None = row.jpeg if row is not None else None
    for _, read in _loaded(store, place, rest):
        jpeg = read
    if jpeg is None:
        raise damaged_picture(store, crop_id, place)
    return jpeg


def damaged_picture(store: Holder, crop_id: int, place: Place | None = None) -> ArchiveError:
    """Return the error of a picture that is not what was recorded."""
    where = f" in {place.address}" if place else ""
    return ArchiveError(
        f"the picture of crop {crop_id} is damaged or missing{where}",
        kind=Kind.ARCHIVE_DAMAGED,
        archive=store.location,
    )
