"""Files that the servers of one archive pass to each other by its database, within bounds.

The next request of a browser may go to another server than the one that was given a picture, or
that has made a file. What is passed is evidence of nothing and may go at any time: the ones used
longest ago make room, and every deletion from the archive takes all of them away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, delete, insert, select, update

from reidsearch.base.errors import StorageError, absent
from reidsearch.base.said import said
from reidsearch.base.timecode import now, to_us
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import intact
from reidsearch.store.tables.crops import archive
from reidsearch.store.tables.passing import passing_file, passing_part

PART = 1 << 20
"""Bytes that are read and written at once."""
MEGABYTE = 1 << 20
TOUCHED_EVERY_US = 600_000_000
"""How exactly the last use is known."""
_c = passing_file.c


class Room(StrEnum):
    """What is passed, each within bounds of its own; stable, since it is stored."""

    PICTURE = "picture"
    """That somebody searched with; the key is its SHA-256."""
    CLIP = "clip"
    """That was cut for somebody; the key is a digest of what makes it up."""
    JOB = "job"
    """That a job has written; the key is its number."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How many files of a room there are at most, and of how many bytes together."""

    files: int
    size: int


BOUNDS = {
    Room.PICTURE: Bound(1_000, 256 * MEGABYTE),
    Room.CLIP: Bound(32, 512 * MEGABYTE),
    Room.JOB: Bound(30, 2048 * MEGABYTE),
}


def put(
    store: Store,
    room: Room,
    key: str,
    name: str,
    data: BinaryIO,
    size: int,
    *,
    erasures: int | None = None,
) -> bool:
    """Pass a file on, unless there is one of this key; tell whether it is there now.

    Args:
        data: `size` bytes.
        erasures: how many there had been when it was begun to be made.

    Returns:
        False: it is larger than its room, or may show what was erased meanwhile.
    """
    if size > BOUNDS[room].size:
        return False
    at = to_us(now())
    with store.write() as connection:
        counted = connection.scalar(select(archive.c.erasures))
        if erasures is not None and erasures != counted:
            return False
        if connection.scalar(select(_c.id).where(_c.room == room.value, _c.key == key)) is not None:
            return True
        values = {"room": room.value, "key": key, "name": name, "size_bytes": size, "used_us": at}
        inserted = connection.execute(insert(passing_file).values(values)).inserted_primary_key
        if inserted is None:
            raise absent("the row of a file")
        for number, part in enumerate(iter(lambda: data.read(PART), b"")):
            digest = hashlib.sha256(part).digest()
            row = {"file_id": inserted[0], "number": number, "data": part, "sha256": digest}
            connection.execute(insert(passing_part).values(row))
        _make_room(connection, room, but=int(inserted[0]))
    return True


def name_of(store: Store, room: Room, key: str) -> str | None:
    """Return the name of a file; None: it is not there (any more)."""
    with store.read() as connection:
        return connection.scalar(select(_c.name).where(_c.room == room.value, _c.key == key))


def read(store: Store, room: Room, key: str) -> bytes | None:
    """Return the bytes of a small file; None: it is not there (any more)."""
    found = list(_parts(store, room, key))
    return b"".join(found) if found else None


def fetch(store: Store, room: Room, key: str, into: Path) -> bool:
    """Write a file to `into`; tell whether it is there.

    Raises:
        StorageError: it cannot be written.
    """
    parts = _parts(store, room, key)
    first = next(parts, None)
    if first is None:
        return False
    try:
        with into.open("wb") as out:
            out.write(first)
            for part in parts:
                out.write(part)
    except OSError as error:
        raise StorageError(f"{into} cannot be written: {said(error)}") from error
    return True


def _parts(store: Store, room: Room, key: str) -> Iterator[bytes]:
    """Yield the bytes of a file, all of one state, and note that it is used."""
    with store.read() as connection:
        row = connection.execute(
            select(_c.id, _c.used_us).where(_c.room == room.value, _c.key == key)
        ).one_or_none()
        if row is None:
            return
        numbers = connection.scalars(
            select(passing_part.c.number)
            .where(passing_part.c.file_id == row.id)
            .order_by(passing_part.c.number)
        ).all()
        for number in numbers:
            where = (passing_part.c.file_id == row.id) & (passing_part.c.number == number)
            yield connection.scalars(select(passing_part.c.data).where(where)).one()
    if (at := to_us(now())) - row.used_us >= TOUCHED_EVERY_US:
        with store.write() as connection:
            connection.execute(
                update(passing_file).where(_c.id == row.id, intact(passing_file)).values(used_us=at)
            )


def _make_room(connection: Connection, room: Room, but: int) -> None:
    bound, count, total = BOUNDS[room], 0, 0
    rows = connection.execute(
        select(_c.id, _c.size_bytes)
        .where(_c.room == room.value, intact(passing_file))
        .order_by(_c.id != but, _c.used_us.desc(), _c.id.desc())
    ).all()
    for row in rows:
        count, total = count + 1, total + row.size_bytes
        if count > bound.files or total > bound.size:
            connection.execute(delete(passing_file).where(_c.id == row.id))


def empty(connection: Connection) -> None:
    """Take all files away, in the transaction of the caller."""
    connection.execute(delete(passing_part))
    connection.execute(delete(passing_file))
