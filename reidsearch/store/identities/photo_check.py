"""Whether every reference photograph is as it was given, and can be searched with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from sqlalchemy import Connection, select

from reidsearch.domain.reports import Finding
from reidsearch.store import tables
from reidsearch.store.tables.photos import photo_embedding, photo_picture, reference_photo

UNIT_TOLERANCE = 1e-3


def check_photos(connection: Connection) -> Iterator[Finding]:
    """Compare pictures and embeddings with their digests, and embeddings with the model.

    Args:
        connection: past the proofs of rows.
    """
    model = connection.execute(
        select(tables.model.c.id, tables.model.c.dimension).join(
            tables.archive, tables.archive.c.model_id == tables.model.c.id
        )
    ).one_or_none()
    p, e = photo_picture.c, photo_embedding.c
    for photo_id in list(connection.scalars(select(reference_photo.c.id))):
        held = connection.execute(select(p.data, p.sha256).where(p.photo_id == photo_id))
        picture = held.one_or_none()
        if picture is None:
            yield _finding(photo_id, "has no picture")
        elif not _is_whole(picture.data, picture.sha256):
            yield _finding(photo_id, "has another picture than was given: its SHA-256 differs")
        rows = connection.execute(
            select(e.vector, e.sha256).where(
                e.photo_id == photo_id, e.model_id == (model.id if model else None)
            )
        )
        vector = rows.one_or_none()
        if model is None or vector is None:
            yield _finding(photo_id, "has no embedding of the archive's model")
        elif not _is_whole(vector.vector, vector.sha256):
            yield _finding(photo_id, "has a damaged embedding: its SHA-256 differs")
        elif not _is_unit(vector.vector, model.dimension):
            yield _finding(photo_id, "has an embedding that is none of the archive's model")


def _is_whole(blob: object, sha256: object) -> bool:
    return isinstance(blob, bytes) and hashlib.sha256(blob).digest() == sha256


def _is_unit(blob: bytes, dimension: int) -> bool:
    if len(blob) != 4 * dimension:
        return False
    length = float(np.linalg.norm(np.frombuffer(blob, dtype="<f4")))
    return abs(length - 1) <= UNIT_TOLERANCE


def _finding(photo_id: int, what: str) -> Finding:
    return Finding(
        "photo", f"reference photograph {photo_id} {what}; restore from a backup", repairable=False
    )
