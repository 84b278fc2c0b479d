"""Another model for a whole archive: stored pictures -> embeddings, in batches worth a commit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reidsearch.base.errors import ArchiveError, Kind, Refused, absent
from reidsearch.base.progress import Progress
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Pixels
from reidsearch.media.pictures import decode
from reidsearch.services.photos import cut_out
from reidsearch.store.crops.store import Store
from reidsearch.store.identities.photos import picture_of
from reidsearch.store.reembed import (
    Embedded,
    keep_photos,
    photos_without,
    pictures_without,
    reembed,
)

if TYPE_CHECKING:
    from reidsearch.vision.embedding.embedder import Embedder

BATCH = 256


def renew(store: Store, embedder: Embedder, progress: Progress) -> int:
    """Embed every stored picture and photograph with `embedder`; make its model the archive's.

    Returns:
        How many crops were embedded; fewer than the crops held when an interrupted run goes on.

    Raises:
        ArchiveError: a picture cannot be embedded; nothing is switched over.
        ArchiveLocked: another process writes.
    """
    keep_photos(store, embedder.identity, _photos(store, embedder))
    count, pictures = pictures_without(store, embedder.identity)
    progress.begin("embedding", count, "crops")
    reembed(store, embedder.identity, _batches(embedder, pictures, progress))
    progress.end()
    return count


def _photos(store: Store, embedder: Embedder) -> Iterator[Embedded]:
    """Yield the embeddings of reference photographs that lack one of this model."""
    for photo in photos_without(store, embedder.identity):
        with store.read() as connection:
            data = picture_of(connection, photo.photo_id)
        try:
            (row,) = embedder.embed([cut_out(data, photo)])
        except Refused as refused:
            raise ArchiveError(
                f"{photo.text} cannot be embedded: {refused.message}; nothing was switched over",
                "restore it from a backup, or delete its identity",
            ) from refused
        yield photo.photo_id, row


def _batches(
    embedder: Embedder, pictures: Iterator[tuple[int, bytes]], progress: Progress
) -> Iterator[list[Embedded]]:
    def tensors() -> Iterator[tuple[int, Pixels]]:
        for crop_id, jpeg in pictures:
            try:
                yield crop_id, embedder.prepare(decode(jpeg, PictureLimits()))
            except Refused as refused:
                raise _given_up(crop_id, refused) from refused

    batch: list[Embedded] = []
    for crop_id, vector in embedder.stream_together(tensors()):
        if isinstance(vector, Refused):
            raise _given_up(crop_id, vector)
        if vector is None:
            raise absent("the embedding of a crop")
        batch.append((crop_id, vector))
        if len(batch) == BATCH:
            yield batch
            progress.advance(len(batch))
            batch = []
    if batch:
        yield batch
        progress.advance(len(batch))


def _given_up(crop_id: int, refused: Refused) -> ArchiveError:
    return ArchiveError(
        f"crop {crop_id} cannot be embedded: {refused.message}; nothing was switched over",
        "restore it from a backup, or delete it",
        kind=Kind.CROP_NOT_EMBEDDED,
        crop=crop_id,
    )
