"""Objects of deleted crops: recorded with the deletion, deleted after it, by whoever comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from reidsearch.base.timecode import now, to_us
from reidsearch.domain.pending import Work
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.database.proofs import intact
from reidsearch.store.pictures.places import name_of, objects_of, place_of
from reidsearch.store.tables.pending import pending
from reidsearch.store.tables.pictures import picture_gone, picture_object

if TYPE_CHECKING:
    from reidsearch.store.pictures.holder import Holder

AT_ONCE = 2000


def let_go(connection: Connection, *which: ColumnElement[bool]) -> None:
    """Record that the objects of crops are to be deleted; before their rows are.

    Args:
        which: conditions on `crop`.
    """
    o = picture_object.c
    names = select(o.sha256, o.token).join(tables.crop, tables.crop.c.id == o.crop_id)
    record(connection, [name_of(*row) for row in connection.execute(names.where(*which)).all()])


def record(connection: Connection, names: list[str]) -> None:
    """Record that objects are to be deleted."""
    at_us = to_us(now())
    for part in chunks(names):
        connection.execute(insert(picture_gone), [{"name": one, "at_us": at_us} for one in part])
    if names:
        values = {"kind": Work.PICTURES.value, "detail": {}, "at_us": at_us}
        connection.execute(insert(pending).values(values))


def left(connection: Connection) -> int:
    """Return how many objects are to be deleted still."""
    return connection.scalar(select(func.count()).select_from(picture_gone)) or 0


def sweep(store: Holder) -> None:
    """Delete the objects of deleted crops; the caller holds the writer lock.

    Raises:
        StorageError: the store of objects cannot be used; what is left stays recorded.
    """
    g = picture_gone.c
    while True:
        with store.read() as connection:
            place = place_of(connection)
            some = select(g.name).where(intact(picture_gone)).order_by(g.name).limit(AT_ONCE)
            names = list(connection.scalars(some))
        if not names:
            break
        if place is not None:
            objects_of(store, place).delete(names)
        with store.write() as connection:
            for part in chunks(names):
                connection.execute(delete(picture_gone).where(g.name.in_(part)))
    with store.write() as connection:
        if not left(connection):
            connection.execute(delete(pending).where(pending.c.kind == Work.PICTURES.value))
