"""Crops of pictures that no index run brings back, known by salted digests.

A digest is HMAC-SHA-256, by a salt of this archive alone, of a picture's bytes (their SHA-256) and
the box. So a row says neither what was deleted nor where it was, and rows of two archives cannot be
compared. Whoever has both the archive and the picture can still tell that it was deleted here.
Footage needs none: what was deleted of it is an interval of a source that is still held.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, exists, insert, select, update

from reidsearch.base.boxes import Box
from reidsearch.base.timecode import now, to_us
from reidsearch.domain.steps import NewCrop
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.tables.footage import footage
from reidsearch.store.tables.retention import kept_out

SALT_BYTES = 32


def keep_out(connection: Connection, crop_ids: Sequence[int]) -> None:
    """Remember crops of pictures, before they are deleted."""
    salt = _salt(connection) or _new_salt(connection)
    crop, source, at_us = tables.crop.c, tables.source.c, to_us(now())
    of_picture = ~exists().where(footage.c.source_id == crop.source_id)
    rows = select(source.sha256, crop.x1, crop.y1, crop.x2, crop.y2).join(
        tables.crop, crop.source_id == source.id
    )
    for part in chunks(crop_ids):
        found = connection.execute(rows.where(crop.id.in_(part), of_picture)).all()
        digests = {_digest(salt, sha256, Box(*box)) for sha256, *box in found}
        digests -= _known(connection, digests)
        if digests:
            values = [{"digest": one, "at_us": at_us} for one in sorted(digests)]
            connection.execute(insert(kept_out), values)


def without_kept_out(connection: Connection, fresh: Sequence[NewCrop]) -> list[NewCrop]:
    """Return of new crops those that are not to be kept out."""
    salt = _salt(connection) if fresh else None
    if salt is None:
        return list(fresh)
    digests = [_digest(salt, one.source_sha256, one.box) for one in fresh]
    known = _known(connection, digests)
    return [one for one, digest in zip(fresh, digests, strict=True) if digest not in known]


def which_kept_out(
    connection: Connection, places: Iterable[tuple[bytes, Box]]
) -> set[tuple[bytes, Box]]:
    """Return of places, SHA-256 of a picture and box, those whose crops are to be kept out."""
    wanted = list(places)
    salt = _salt(connection) if wanted else None
    if salt is None:
        return set()
    digests = {place: _digest(salt, *place) for place in wanted}
    known = _known(connection, digests.values())
    return {place for place, digest in digests.items() if digest in known}


def _salt(connection: Connection) -> bytes | None:
    return connection.scalar(select(tables.archive.c.kept_out_salt))


def _new_salt(connection: Connection) -> bytes:
    salt = secrets.token_bytes(SALT_BYTES)
    connection.execute(update(tables.archive).values(kept_out_salt=salt))
    return salt


def _digest(salt: bytes, sha256: bytes, box: Box) -> bytes:
    told = sha256 + ",".join(map(str, box.as_list())).encode()
    return hmac.new(salt, told, hashlib.sha256).digest()


def _known(connection: Connection, digests: Iterable[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    for part in chunks(sorted(set(digests))):
        found |= set(
            connection.scalars(select(kept_out.c.digest).where(kept_out.c.digest.in_(part)))
        )
    return found
