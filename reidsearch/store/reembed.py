"""Embed every crop anew with another model, from the stored pictures.

New embeddings are committed beside the old ones, so queries go on with the old model and an
interrupted run goes on where it stopped; the last transaction switches the archive over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from reidsearch.base.errors import ArchiveError
from reidsearch.domain.crops import Vectors
from reidsearch.domain.event_log import Event
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.pending import Cause
from reidsearch.domain.photos import ReferencePhoto
from reidsearch.store import tables
from reidsearch.store.crops.model import model_row
from reidsearch.store.crops.rows import embedding_row
from reidsearch.store.crops.store import Store
from reidsearch.store.events import record_event
from reidsearch.store.footage.tracklet_means import renew_means
from reidsearch.store.identities.photos import photo_embedding_row, unembedded
from reidsearch.store.pending import record_erasure
from reidsearch.store.pictures.reading import damaged_picture
from reidsearch.store.pictures.reading import pictures as read_pictures
from reidsearch.store.tables.photos import photo_embedding

PICTURES_AT_ONCE = 256

Embedded: TypeAlias = tuple[int, Vectors]


def pictures_without(store: Store, model: ModelIdentity) -> tuple[int, Iterator[tuple[int, bytes]]]:
    """Count crops that have no embedding of `model` yet; return their ids and JPEGs too.

    Raises, while they are read:
        ArchiveError: a picture is damaged or missing.
        StorageError: pictures are in a store of objects, which cannot be used.
    """
    crop = tables.crop.c
    m = tables.model.c
    this = select(m.id).where(m.digest == model.digest, m.preprocessing == model.preprocessing)
    embedded = exists().where(
        tables.embedding.c.crop_id == crop.id,
        tables.embedding.c.model_id == this.scalar_subquery(),
    )
    with store.scan() as connection:
        count = connection.scalar(select(func.count()).select_from(tables.crop).where(~embedded))

    def pictures() -> Iterator[tuple[int, bytes]]:
        last = 0
        while True:
            query = select(crop.id).where(~embedded, crop.id > last)
            with store.scan() as connection:
                some = query.order_by(crop.id).limit(PICTURES_AT_ONCE)
                ids = list(connection.scalars(some))
            if not ids:
                return
            for crop_id, jpeg in read_pictures(store, ids):
                if jpeg is None:
                    raise damaged_picture(store, crop_id)
                yield crop_id, jpeg
            last = ids[-1]

    return count or 0, pictures()


def reembed(store: Store, model: ModelIdentity, embedded: Iterable[list[Embedded]]) -> None:
    """Commit batch after batch, then make `model` the archive's own and drop the old embeddings.

    Raises:
        ArchiveLocked: another process writes.
    """
    with store.lock():
        with store.write() as connection:
            model_id = model_row(connection, model)
        for batch in embedded:
            with store.write() as connection:
                connection.execute(
                    insert(tables.embedding),
                    [embedding_row(crop_id, model_id, vector) for crop_id, vector in batch],
                )
        with store.write() as connection:
            _switch(connection, model_id, model)


def photos_without(store: Store, model: ModelIdentity) -> list[ReferencePhoto]:
    """Return the reference photographs that have no embedding of `model` yet, removed ones too."""
    with store.read() as connection:
        return unembedded(connection, model)


def keep_photos(store: Store, model: ModelIdentity, embedded: Iterable[Embedded]) -> None:
    """Commit the embeddings of reference photographs, beside the old ones.

    Raises:
        ArchiveLocked: another process writes.
    """
    rows = list(embedded)
    if not rows:
        return
    with store.lock(), store.write() as connection:
        model_id = model_row(connection, model)
        connection.execute(
            insert(photo_embedding),
            [photo_embedding_row(photo_id, model_id, vector) for photo_id, vector in rows],
        )


def _switch(connection: Connection, model_id: int, model: ModelIdentity) -> None:
    if unembedded(connection, model):
        # Adding one needs no lock, so that it can happen at any time before this.
        raise ArchiveError(
            "a reference photograph was added meanwhile; nothing was switched over",
            "run it again: it goes on where it stopped",
        )
    connection.execute(update(tables.archive).values(model_id=model_id))
    record_erasure(connection, Cause.REEMBED)
    old = tables.embedding.c.model_id != model_id
    connection.execute(delete(tables.embedding).where(old))
    connection.execute(delete(photo_embedding).where(photo_embedding.c.model_id != model_id))
    renew_means(connection, model_id)
    detail = {"model": model.name, "digest": model.digest}
    record_event(connection, Event.REEMBED, detail)
