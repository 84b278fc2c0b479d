"""Between records and rows: what the writer stores, and what it finds there already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, update

from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.crops import CropInput, Facts, Vectors
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.database.proofs import intact
from reidsearch.store.database.selects import among
from reidsearch.store.location_keys import location_key
from reidsearch.store.tables.adjustment import adjustment


def embedding_row(crop_id: int, model_id: int, vector: Vectors) -> dict[str, Any]:
    """Return one row of the `embedding` table: float32, little-endian, with its checksum."""
    blob = vector.astype("<f4", copy=False).tobytes()
    return {"crop_id": crop_id, "model_id": model_id, "vector": blob, "sha256": sha256_of(blob)}


def existing_sources(connection: Connection, sha256s: Iterable[bytes]) -> dict[bytes, int]:
    """Return ids of the sources that are stored, by the SHA-256 of their bytes."""
    s = tables.source.c
    rows = connection.execute(select(s.sha256, s.id).where(among(s.sha256, list(sha256s))))
    return {row.sha256: row.id for row in rows}


def existing_crops(connection: Connection, source_ids: Iterable[int]) -> dict[tuple[int, ...], int]:
    """Return ids of the crops of those sources, by (source id, x1, y1, x2, y2)."""
    c = tables.crop.c
    query = select(c.id, c.source_id, c.x1, c.y1, c.x2, c.y2)
    found: dict[tuple[int, ...], int] = {}
    for part in chunks(list(source_ids)):
        for row in connection.execute(query.where(c.source_id.in_(part))):
            found[(row.source_id, row.x1, row.y1, row.x2, row.y2)] = row.id
    return found


def kept_facts(connection: Connection, crop_id: int) -> Facts:
    """Return what is known of a crop that is stored."""
    c = tables.crop.c
    row = connection.execute(
        select(tables.camera.c.name, c.time_us, c.person, c.extra)
        .select_from(tables.crop.outerjoin(tables.camera))
        .where(c.id == crop_id, intact(tables.crop))
    ).one()
    time = None if row.time_us is None else from_us(row.time_us)
    return Facts(row.name, time, row.person, row.extra or {})


def merge_facts(kept: Facts, told: Facts) -> Facts:
    """Return the facts given now, and for all others those known before."""
    return Facts(
        camera=kept.camera if told.camera is None else told.camera,
        time=kept.time if told.time is None else told.time,
        person=kept.person if told.person is None else told.person,
        extra={**kept.extra, **told.extra},
    )


def mark_replaced(connection: Connection, keys: Sequence[bytes]) -> None:
    """Mark these places as holding other bytes now; the crops that came from there stay."""
    connection.execute(
        update(tables.location)
        .where(among(tables.location.c.key, keys), tables.location.c.replaced_us.is_(None))
        .values(replaced_us=to_us(now()))
    )


def location_row(given: CropInput, crop_id: int, *, own: bool) -> dict[str, Any]:
    """Return one row of the `location` table: where a crop was indexed from."""
    return {
        "key": location_key(given.key),
        "text": given.location,
        "fingerprint": given.fingerprint,
        "facts": given.facts.digest(),
        "crop_id": crop_id,
        "own": own,
        "replaced_us": None,
    }


def sha256_of(data: bytes) -> bytes:
    """Return the checksum of a stored value, 32 bytes."""
    return hashlib.sha256(data).digest()


def forget_means(connection: Connection) -> None:
    """Remove the camera means, where crops have got another camera: they are taken anew."""
    connection.execute(delete(adjustment))
