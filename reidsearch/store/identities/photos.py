"""Reference photographs in the database: their rows, pictures and embeddings.

Which identity one belongs to follows from the decisions, as with every member.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select

from reidsearch.base.actor import Author
from reidsearch.base.boxes import Box
from reidsearch.base.errors import ArchiveError, Kind, NotFound, UsageError, absent
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.crops import Vectors
from reidsearch.domain.decisions import PHOTO, Change, Named, Of
from reidsearch.domain.event_log import Event
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.photos import ReferencePhoto
from reidsearch.domain.query_origins import (
    Detection,
    EmbeddedPicture,
    QueryOrigin,
    embedding_sha256,
)
from reidsearch.store import tables
from reidsearch.store.crops.model import model_row
from reidsearch.store.crops.rows import sha256_of
from reidsearch.store.crops.store import Store
from reidsearch.store.database import selects
from reidsearch.store.database.proofs import intact
from reidsearch.store.decoding import reads
from reidsearch.store.event_log import append
from reidsearch.store.tables.identities import identity
from reidsearch.store.tables.photos import photo_embedding, photo_picture, reference_photo

_ROWS = (
    select(reference_photo, photo_picture.c.sha256, tables.model.c.name.label("model"))
    .join(photo_picture, photo_picture.c.photo_id == reference_photo.c.id)
    .outerjoin(
        photo_embedding,
        (photo_embedding.c.photo_id == reference_photo.c.id)
        & (photo_embedding.c.model_id == selects.MODEL_ID),
    )
    .outerjoin(tables.model, tables.model.c.id == photo_embedding.c.model_id)
    .order_by(reference_photo.c.id)
)


def photos_of(connection: Connection, identity_ids: Iterable[int]) -> list[ReferencePhoto]:
    """Return the photographs that belong to these identities, by their number."""
    wanted = reference_photo.c.identity_id.in_(list(identity_ids))
    return [_photo(row) for row in connection.execute(_ROWS.where(wanted))]


def photos_of_case(connection: Connection, case: str) -> list[ReferencePhoto]:
    """Return the photographs that were added for a case and belong to somebody."""
    c = reference_photo.c
    wanted = (c.case_number == case) & c.identity_id.is_not(None)
    return [_photo(row) for row in connection.execute(_ROWS.where(wanted))]


def unembedded(connection: Connection, model: ModelIdentity) -> list[ReferencePhoto]:
    """Return the photographs that have no embedding of a model, removed ones among them."""
    # Other names than in `_ROWS`, which looks at the archive's own model.
    embedding, model_table = photo_embedding.alias(), tables.model.alias()
    e, m = embedding.c, model_table.c
    has = (
        select(e.photo_id)
        .join(model_table, m.id == e.model_id)
        .where(
            e.photo_id == reference_photo.c.id,
            m.digest == model.digest,
            m.preprocessing == model.preprocessing,
        )
        .correlate(reference_photo)
        .exists()
    )
    return [_photo(row) for row in connection.execute(_ROWS.where(~has))]


def require_photo(connection: Connection, photo_id: int) -> ReferencePhoto:
    """Return a photograph by its number.

    Raises:
        NotFound: there is none.
    """
    # Another number than SQLite can hold is of no photograph either.
    row = None
    if 0 < photo_id < 2**63:
        row = connection.execute(_ROWS.where(reference_photo.c.id == photo_id)).one_or_none()
    if row is None:
        raise NotFound(
            f"there is no reference photograph {photo_id}", "the list of an identity's has numbers"
        )
    return _photo(row)


def picture_of(connection: Connection, photo_id: int) -> bytes:
    """Return the bytes of a photograph as they were given. Raises as `require_photo`."""
    require_photo(connection, photo_id)
    data = select(photo_picture.c.data).where(photo_picture.c.photo_id == photo_id)
    return bytes(connection.execute(data).scalar_one())


def embedded_photos(store: Store, identity_id: int) -> tuple[EmbeddedPicture, ...]:
    """Return what an identity's photographs are searched with.

    Raises:
        ArchiveError: one has no embedding of the archive's model.
    """
    with store.read() as connection:
        return _embedded(store, connection, photos_of(connection, [identity_id]))


def embedded_photo(store: Store, photo_id: int) -> EmbeddedPicture | None:
    """Return one photograph as it is searched with; None: there is none. Raises likewise."""
    with store.read() as connection:
        try:
            photo = require_photo(connection, photo_id)
        except NotFound:
            return None
        return _embedded(store, connection, [photo])[0]


def _embedded(
    store: Store, connection: Connection, photos: Sequence[ReferencePhoto]
) -> tuple[EmbeddedPicture, ...]:
    e = photo_embedding.c
    ids = [one.photo_id for one in photos]
    held = select(e.photo_id, e.vector).where(e.photo_id.in_(ids), e.model_id == selects.MODEL_ID)
    rows = {row.photo_id: row.vector for row in connection.execute(held)}
    for one in photos:
        if one.photo_id not in rows:
            raise ArchiveError(
                f"{one.text} has no embedding of the archive's model",
                kind=Kind.ARCHIVE_DAMAGED,
                archive=store.location,
            )
    return tuple(
        EmbeddedPicture(one.origin.embedded(row), row)
        for one in photos
        for row in (np.frombuffer(rows[one.photo_id], dtype="<f4"),)
    )


@reads(reference_photo)
def _photo(row: Row[Any]) -> ReferencePhoto:
    return ReferencePhoto(
        photo_id=row.id,
        name=row.name,
        sha256=row.sha256.hex(),
        size_bytes=row.size_bytes,
        box=Box(row.x1, row.y1, row.x2, row.y2),
        detection=None if row.detection is None else Detection(row.detection),
        model=row.model,
        added_at=from_us(row.added_us),
        added_by=row.added_by,
        case=row.case_number,
        note=row.note,
    )


# -- adding ---------------------------------------------------------------------------------


def require_new(
    connection: Connection, named: Named, sha256: bytes, since: dt.datetime | None = None
) -> None:
    """Refuse a picture that an identity has already.

    Args:
        since: only one that was added later than this counts.

    Raises:
        UsageError: it has.
    """
    held = (
        select(reference_photo.c.id)
        .join(photo_picture, photo_picture.c.photo_id == reference_photo.c.id)
        .where(
            reference_photo.c.identity_id == named.identity_id,
            photo_picture.c.sha256 == sha256,
            intact(reference_photo),
        )
    )
    if since is not None:
        held = held.where(reference_photo.c.added_us > to_us(since))
    number = connection.scalar(held.limit(1))
    if number is not None:
        raise UsageError(f"{named.text} has this very picture already: photo {number}")


def require_held_once(
    connection: Connection, changes: Iterable[Change], since: dt.datetime
) -> None:
    """Refuse to bring a photograph back to an identity that has got the same picture meanwhile.

    One that had it twice, since two that had it were merged, gets it back.

    Args:
        since: when it was taken away.

    Raises:
        UsageError: it has.
    """
    for change in changes:
        if change.member is None or change.member.kind != PHOTO or not _is_new(change):
            continue
        sha256 = select(photo_picture.c.sha256).where(
            photo_picture.c.photo_id == change.member.number
        )
        name = select(identity.c.name).where(identity.c.id == change.after)
        named = Named(int(change.after or 0), str(connection.scalar(name)))
        require_new(connection, named, connection.scalar(sha256) or b"", since)


def _is_new(change: Change) -> bool:
    return change.of is Of.MEMBER and change.before is None and change.after is not None


def add_photo(
    connection: Connection,
    named: Named,
    data: bytes,
    origin: QueryOrigin,
    row: Vectors,
    model: ModelIdentity,
    note: str,
) -> int:
    """Store a picture with its embedding and its entry of the event log; return its number.

    The decision that puts it to the identity is the caller's, in the same transaction.

    Raises:
        UsageError: the identity has this picture.
        ArchiveError: the archive has another model by now.
    """
    sha256 = sha256_of(data)
    require_new(connection, named, sha256)
    author: Author = connection.get_execution_options()["author"]
    model_id = _model(connection, model)
    box = origin.box
    made = connection.execute(
        insert(reference_photo).values(
            given_for=named.identity_id,
            name=origin.name,
            size_bytes=len(data),
            x1=box.x1,
            y1=box.y1,
            x2=box.x2,
            y2=box.y2,
            detection=None if origin.detection is None else origin.detection.value,
            added_us=to_us(now()),
            added_by=author.name,
            case_number=author.case,
            note=note,
        )
    ).inserted_primary_key
    if made is None:
        raise absent("the id of a new row")
    photo_id = int(made[0])
    values = {"photo_id": photo_id, "data": data, "sha256": sha256}
    connection.execute(insert(photo_picture).values(values))
    connection.execute(insert(photo_embedding), [photo_embedding_row(photo_id, model_id, row)])
    # Neither the name of a person nor that of a file.
    detail = {
        "photo": photo_id,
        "identity_id": named.identity_id,
        "sha256": sha256.hex(),
        "bytes": len(data),
        "box": box.as_list(),
        "embedding_sha256": embedding_sha256(row),
    }
    append(connection, Event.PHOTO, detail)
    return photo_id


def _model(connection: Connection, model: ModelIdentity) -> int:
    held = connection.scalar(select(tables.archive.c.model_id).where(intact(tables.archive)))
    if held is None or held != model_row(connection, model):
        raise ArchiveError("the archive got another model meanwhile: add the picture again")
    return int(held)


def photo_embedding_row(photo_id: int, model_id: int, vector: Vectors) -> dict[str, Any]:
    """Return one row of `photo_embedding`: float32, little-endian, with its checksum."""
    blob = vector.astype("<f4", copy=False).tobytes()
    return {
        "photo_id": photo_id,
        "model_id": model_id,
        "vector": blob,
        "sha256": sha256_of(blob),
    }


# -- erasing --------------------------------------------------------------------------------


def ever_of(connection: Connection, identity_ids: Iterable[int]) -> list[int]:
    """Return the photographs that belong to identities, and those that were added to them once."""
    rows = select(reference_photo.c.id).where(_ever(identity_ids)).order_by(reference_photo.c.id)
    return list(connection.scalars(rows))


def _ever(identity_ids: Iterable[int]) -> ColumnElement[bool]:
    wanted, c = list(identity_ids), reference_photo.c
    removed = c.identity_id.is_(None) & c.given_for.in_(wanted)
    return or_(c.identity_id.in_(wanted), removed)


def photo_ids(store: Store) -> frozenset[int]:
    """Return the numbers of all photographs, also of those that belong to nobody now."""
    with store.scan() as connection:
        return frozenset(connection.scalars(select(reference_photo.c.id)))


def count_of(connection: Connection, photo_ids: Sequence[int]) -> int:
    """Return how many of these photographs there are."""
    held = select(func.count()).where(reference_photo.c.id.in_(photo_ids))
    return connection.scalar(held) or 0


def cases_of(connection: Connection, photo_ids: Sequence[int]) -> frozenset[str]:
    """Return the cases that photographs were added for."""
    c = reference_photo.c
    rows = select(c.case_number).where(c.id.in_(photo_ids), c.case_number.is_not(None))
    return frozenset(str(one) for one in connection.scalars(rows))


def digests_of_photos(connection: Connection, photo_ids: Sequence[int]) -> frozenset[str]:
    """Return the SHA-256 of pictures and embeddings, in hexadecimal."""
    found: set[bytes] = set()
    for table in (photo_picture, photo_embedding):
        held = select(table.c.sha256).where(table.c.photo_id.in_(photo_ids))
        found.update(connection.scalars(held))
    return frozenset(digest.hex() for digest in found)


def erase_photos(connection: Connection, photo_ids: Sequence[int]) -> None:
    """Delete photographs with their pictures and embeddings; decisions keep their numbers."""
    connection.execute(delete(reference_photo).where(reference_photo.c.id.in_(photo_ids)))
