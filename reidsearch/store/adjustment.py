"""The camera means of an archive: written and read, and what they are made from.

They are kept for all readers, so that scores do not change with every crop that comes; in one row
with the slot and norm of each crop. `index/adjusting.py` decides when they are made anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, Select, delete, exists, func, insert, select

from reidsearch.base.errors import ArchiveError
from reidsearch.base.timecode import now, to_us
from reidsearch.domain.adjustment import Slots
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.crops.store import Store
from reidsearch.store.database import selects
from reidsearch.store.tables.adjustment import adjustment as table
from reidsearch.store.tables.footage import moment, tracklet_embedding
from reidsearch.store.tables.identities import identity_member

UNKNOWN = -1
"""In place of a camera or a person that is not known."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A camera (None: crops of none that is known) as it was when the means were taken.

    Args:
        people: about how many its mean is of.
        crops: that the archive held of it.
    """

    camera_id: int | None
    people: float
    crops: int


@dataclass(frozen=True, slots=True, eq=False)
class KeptMeans:
    """Camera means, and what of each crop goes with them.

    Args:
        model_id: of the embeddings.
        crops, erasures: of the archive when the means were taken.
        counted: as `means` has them: crops of no known camera, then each camera.
        means: (1 + c, d) float32; the first is over all people.
        slots, norms: (n,) by crop id, as `Adjustment` has them; crops above have none yet.
    """

    model_id: int
    crops: int
    erasures: int
    counted: tuple[Counted, ...]
    means: Vectors
    slots: Slots
    norms: Vectors

    @property
    def sha256(self) -> bytes:
        """Of the means alone."""
        return hashlib.sha256(np.ascontiguousarray(self.means, "<f4").tobytes()).digest()


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """Who counts for the means: tracklets, and crops of none.

    Args:
        tracklets, crops: their ids.
        cameras: (t + c,) ids of their cameras, `UNKNOWN` where that is not known.
        persons: (t + c,) what they were confirmed as; `UNKNOWN`: as nobody.
    """

    tracklets: NDArray[np.int64]
    crops: NDArray[np.int64]
    cameras: NDArray[np.int64]
    persons: NDArray[np.int64]


def kept_means(store: Store, dimension: int) -> KeptMeans | None:
    """Return the means in force; None: there are none, or none that can be used."""
    newest = select(table).order_by(table.c.id.desc()).limit(1)
    try:
        with store.read() as connection:
            row = connection.execute(newest).one_or_none()
    except ArchiveError:  # damaged: `check` tells of it, and they are made anew
        return None
    return None if row is None else _read(row, dimension)


def model_of_means(store: Store) -> int | None:
    """Return the id of the model whose embeddings the means in force are of; None: there are none.

    It is read as it stands, damaged or not.
    """
    with store.scan() as connection:
        newest = select(table.c.model_id).order_by(table.c.id.desc()).limit(1)
        return connection.scalar(newest)


def _read(row: Row[Any], dimension: int) -> KeptMeans | None:
    """Read a row whose digest fits; None: it makes no sense, whoever wrote it."""
    try:
        counted = tuple(Counted(*one) for one in row.cameras)
    except TypeError:
        return None
    if not counted or not all(_sane(one) for one in counted) or counted[0].camera_id is not None:
        return None
    head = 4 * dimension * len(counted)
    if len(row.data) < head or (len(row.data) - head) % 8:
        return None
    means = np.frombuffer(row.data[:head], "<f4").reshape(len(counted), dimension)
    count = (len(row.data) - head) // 8
    slots = np.frombuffer(row.data, "<i4", count, head)
    norms = np.frombuffer(row.data, "<f4", count, head + 4 * count)
    if not np.isfinite(means).all() or not np.isfinite(norms).all():
        return None
    if count and (slots.min() < 0 or slots.max() >= len(counted) or norms.min() <= 0):
        return None
    return KeptMeans(row.model_id, row.crops, row.erasures, counted, means, slots, norms)


def _sane(one: Counted) -> bool:
    return (
        (one.camera_id is None or type(one.camera_id) is int)
        and isinstance(one.people, int | float)
        and 0 <= one.people < np.inf
        and type(one.crops) is int
        and one.crops >= 0
    )


def keep_means(store: Store, made: KeptMeans, erasures: int) -> None:
    """Put means in the place of those before, unless something was erased meanwhile.

    Several machines may do it at once. What goes with an erased crop must not come back.

    Args:
        erasures: how many there were when what goes with the crops was taken.
    """
    data = b"".join(
        np.ascontiguousarray(one, kind).tobytes()
        for one, kind in ((made.means, "<f4"), (made.slots, "<i4"), (made.norms, "<f4"))
    )
    with store.write() as connection:
        if connection.execute(select(tables.archive.c.erasures)).scalar_one() != erasures:
            return
        connection.execute(delete(table))
        connection.execute(
            insert(table).values(
                model_id=made.model_id,
                made_us=to_us(now()),
                crops=made.crops,
                erasures=made.erasures,
                cameras=[[one.camera_id, one.people, one.crops] for one in made.counted],
                data=data,
                sha256=hashlib.sha256(data).digest(),
            )
        )


def camera_counts(store: Store, last_crop_id: int | None = None) -> dict[int | None, int]:
    """Return how many crops there are of each camera, perhaps up to one of them.

    None: of no camera that is known.
    """
    crop = tables.crop.c
    query = select(crop.camera_id, func.count()).group_by(crop.camera_id)
    if last_crop_id is not None:
        query = query.where(crop.id <= last_crop_id)
    with store.scan() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def crops_up_to(store: Store, crop_id: int) -> int:
    """Return how many crops there are up to an id."""
    with store.scan() as connection:
        query = select(func.count()).select_from(tables.crop).where(tables.crop.c.id <= crop_id)
        return connection.scalar(query) or 0


def crop_at(store: Store, count: int) -> int | None:
    """Return the id of the last of so many crops, the first by their ids; None: there are less."""
    crop = tables.crop.c
    with store.scan() as connection:
        return connection.scalar(select(crop.id).order_by(crop.id).offset(count - 1).limit(1))


def camera_names(store: Store) -> dict[int, str]:
    """Return the cameras' names by id."""
    with store.read() as connection:
        rows = connection.execute(select(tables.camera.c.id, tables.camera.c.name))
        return {row.id: row.name for row in rows}


def cameras_of_sources(store: Store, digests: Iterable[str]) -> dict[str, str]:
    """Return by SHA-256 of a source's bytes the one camera that its crops are of."""
    crop, source, camera = tables.crop.c, tables.source.c, tables.camera.c
    query = (
        select(source.sha256, func.min(camera.name))
        .join(tables.crop, crop.source_id == source.id)
        .join(tables.camera, camera.id == crop.camera_id)
        .group_by(source.sha256)
        .having(func.count(camera.id.distinct()) == 1)
    )
    found = {}
    with store.scan() as connection:
        for part in chunks([bytes.fromhex(one) for one in sorted(set(digests))]):
            for sha256, name in connection.execute(query.where(source.sha256.in_(part))):
                found[sha256.hex()] = name
    return found


def cameras_above(store: Store, crop_id: int) -> tuple[CropIds, NDArray[np.int64]]:
    """Return all crops above an id, increasing, and their cameras; `UNKNOWN`: not known."""
    crop = tables.crop.c
    query = select(crop.id, func.coalesce(crop.camera_id, UNKNOWN)).where(crop.id > crop_id)
    with store.scan() as connection:
        found = _table(connection, query.order_by(crop.id), 2)
    return found[:, 0], found[:, 1]


def members(store: Store, last_crop_id: int | None = None) -> Members:
    """Return everybody who counts for the means of the archive's model.

    Args:
        last_crop_id: those alone of whom there is a crop up to this one; None: all.
    """
    crop, embedded, member = tables.crop.c, tables.embedding.c, identity_member.c
    of_tracklets = (
        select(
            moment.c.tracklet_id,
            func.coalesce(func.min(crop.camera_id), UNKNOWN),
            func.coalesce(func.min(member.identity_id), UNKNOWN),
        )
        .join(tables.crop, crop.id == moment.c.crop_id)
        .join(tracklet_embedding, tracklet_embedding.c.tracklet_id == moment.c.tracklet_id)
        .outerjoin(identity_member, member.tracklet_id == moment.c.tracklet_id)
        .where(tracklet_embedding.c.model_id == selects.MODEL_ID)
        .group_by(moment.c.tracklet_id)
        .order_by(moment.c.tracklet_id)
    )
    of_crops = (
        select(
            crop.id,
            func.coalesce(crop.camera_id, UNKNOWN),
            func.coalesce(member.identity_id, UNKNOWN),
        )
        .outerjoin(identity_member, member.crop_id == crop.id)
        .where(
            ~exists().where(moment.c.crop_id == crop.id),
            exists().where(embedded.crop_id == crop.id, embedded.model_id == selects.MODEL_ID),
        )
        .order_by(crop.id)
    )
    if last_crop_id is not None:
        of_tracklets = of_tracklets.having(func.min(crop.id) <= last_crop_id)
        of_crops = of_crops.where(crop.id <= last_crop_id)
    with store.scan() as connection:
        tracklets, crops = _table(connection, of_tracklets, 3), _table(connection, of_crops, 3)
    both = np.concatenate([tracklets, crops])
    return Members(tracklets[:, 0], crops[:, 0], both[:, 1], both[:, 2])


def member_vectors(store: Store, chosen: Members, dimension: int) -> Vectors:
    """Return (t + c, d) float32 of the chosen; of tracklets the robust mean of their views.

    What was deleted meanwhile is zero, and counts for nothing.
    """
    own, embedded = tracklet_embedding.c, tables.embedding.c
    asked: Sequence[tuple[Any, Any, NDArray[np.int64]]] = (
        (own.tracklet_id, own, chosen.tracklets),
        (embedded.crop_id, embedded, chosen.crops),
    )
    parts = []
    with store.read() as connection:
        for key, columns, ids in asked:
            found = np.zeros((len(ids), dimension), np.float32)
            for part in chunks(ids.tolist()):
                query = select(key, columns.vector).where(
                    columns.model_id == selects.MODEL_ID, key.in_(part)
                )
                for number, vector in connection.execute(query):
                    found[np.searchsorted(ids, number)] = np.frombuffer(vector, "<f4")
            parts.append(found)
    return np.concatenate(parts)


def _table(connection: Connection, query: Select[Any], columns: int) -> NDArray[np.int64]:
    """(n, columns) int64 of a statement's rows."""
    rows = [tuple(row) for row in connection.execute(query)]
    return np.array(rows, dtype=np.int64).reshape(len(rows), columns)
