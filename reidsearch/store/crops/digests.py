"""Digests of what is stored of a crop, to tell whether a picture is the same one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from sqlalchemy import select

from reidsearch.store import tables
from reidsearch.store.chunks import CHUNK
from reidsearch.store.crops.store import Store
from reidsearch.store.tables.pictures import picture_object

CropDigests: TypeAlias = tuple[str, ...]
"""SHA-256 in hexadecimal: of the stored JPEG, and of the embedding's float32 bytes."""


def crop_digests(store: Store, crop_ids: Sequence[int]) -> dict[int, CropDigests]:
    """Return the digests of each of those crops that is stored."""
    found: dict[int, CropDigests] = {}
    picture, outside, embedding = tables.picture.c, picture_object.c, tables.embedding.c
    current = select(tables.archive.c.model_id).scalar_subquery()
    with store.read() as connection:
        for start in range(0, len(crop_ids), CHUNK):
            part = crop_ids[start : start + CHUNK]
            for of, column, where in (
                (picture.crop_id, picture.sha256, picture.crop_id.in_(part)),
                (outside.crop_id, outside.sha256, outside.crop_id.in_(part)),
                (
                    embedding.crop_id,
                    embedding.sha256,
                    embedding.crop_id.in_(part) & (embedding.model_id == current),
                ),
            ):
                for crop_id, sha256 in connection.execute(select(of, column).where(where)):
                    found[crop_id] = (*found.get(crop_id, ()), sha256.hex())
    return found


def is_whole_crop(store: Store, sha256: str) -> bool:
    """Return whether a source of this SHA-256, in hexadecimal, is held as one crop of all of it."""
    crop, source = tables.crop.c, tables.source.c
    query = (
        select(crop.id)
        .join(tables.source, source.id == crop.source_id)
        .where(source.sha256 == bytes.fromhex(sha256))
        .where(crop.x1 == 0, crop.y1 == 0)
        .where(crop.x2 == source.width_px, crop.y2 == source.height_px)
        .limit(1)
    )
    with store.read() as connection:
        return connection.scalar(query) is not None
