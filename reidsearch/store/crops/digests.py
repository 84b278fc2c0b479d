"""Digests of what is stored of a crop, to tell whether a picture is the same one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeAlias

from sqlalchemy import select

from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.database import selects
from reidsearch.store.tables.pictures import picture_object

CropDigests: TypeAlias = tuple[str, ...]
"""SHA-256 in hexadecimal: of the stored JPEG, and of the embedding's float32 bytes."""


def crop_digests(store: Store, crop_ids: Sequence[int]) -> dict[int, CropDigests]:
    """Return the digests of each of those crops that is stored."""
    found: dict[int, CropDigests] = {}
    if not crop_ids:
        return found
    ids = {"ids": json.dumps([*crop_ids])}
    with store.read() as connection:
        for query in _DIGESTS:
            for crop_id, sha256 in connection.execute(query, ids).all():
                found[crop_id] = (*found.get(crop_id, ()), sha256.hex())
    return found


_PICTURE, _OUTSIDE, _EMBEDDING = tables.picture.c, picture_object.c, tables.embedding.c
# A search asks these: built once, see `selects.py`.
_DIGESTS = (
    select(_PICTURE.crop_id, _PICTURE.sha256).where(selects.listed(_PICTURE.crop_id)),
    select(_OUTSIDE.crop_id, _OUTSIDE.sha256).where(selects.listed(_OUTSIDE.crop_id)),
    select(_EMBEDDING.crop_id, _EMBEDDING.sha256).where(
        _EMBEDDING.model_id == selects.MODEL_ID, selects.listed(_EMBEDDING.crop_id)
    ),
)


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
