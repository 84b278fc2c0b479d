"""What a row's digest covers, and what it says: the part that every database shares.

A row tells by its digest that it still is what was written: a bit that turned in the file would
otherwise change a camera, a start or a decision without anybody's notice. The digest is of all
other columns, in one form that tells types apart, and of the table's name. It is kept and compared
by the database under an archive (`store/database/proofs.py`), not by the statements of this room.
It guards against damage, not against people: whoever can write the file can write a digest too.

A big blob has a SHA-256 of its own in the row, and the digest covers that in its place. Rows that
are a key and such a blob have no digest: the blob's checksum says all that theirs could, and that
every crop has just one of them is checked by the keys.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, TypeAlias

from sqlalchemy import JSON, Boolean, Column, Float, Integer, LargeBinary, Table
from sqlalchemy.types import TypeEngine

DIGEST = "row_digest"
SHA256 = "sha256"
OWNERS = ("crop_id", "tracklet_id", "source_id")

Value: TypeAlias = int | float | str | bytes | None


def digest_of(table: str, values: Sequence[Value]) -> bytes:
    """Return the digest of a row: 8 bytes.

    Args:
        values: of its `covered` columns; text as the hexadecimal of its UTF-8, so that bytes that
            are no text any more have a digest as well.
    """
    # `ascii` of numbers, ASCII text and bytes is the same for every version of Python.
    return hashlib.blake2b(ascii((table, *values)).encode(), digest_size=8).digest()


def has_digest(table: Table) -> bool:
    """Tell whether rows of this table have a digest; others are proven by their blob's checksum."""
    return DIGEST in table.c


def covered(table: Table) -> list[Column[Any]]:
    """Return the columns that the digest of a row is of."""
    blob = blob_of(table)
    return [column for column in table.c if column.name not in {DIGEST, blob}]


def blob_of(table: Table) -> str | None:
    """Return the column with a blob that has a checksum of its own beside it."""
    if SHA256 not in table.c:
        return None
    blobs = [
        column.name
        for column in table.c
        if isinstance(column.type, LargeBinary) and column.type.length is None
    ]
    return blobs[0] if blobs else None


def fits(table: Table, values: Sequence[Value]) -> bool:
    """Tell whether the values of the `covered` columns are of the kinds that these hold.

    SQLite keeps text in a column of numbers, and an archive may come from elsewhere. Its row has a
    digest that fits and is as damaged as one that has none.
    """
    floats = _floats_among(table, tuple(map(type, values)))
    if floats is None:
        return False
    for at in _of_json(table):
        text = values[at]
        if isinstance(text, str):
            try:
                json.loads(bytes.fromhex(text))
            except (ValueError, RecursionError):
                return False
    return all(math.isfinite(values[at]) for at in floats)  # type: ignore[arg-type]


@lru_cache(maxsize=4096)
def _floats_among(table: Table, types: tuple[type, ...]) -> tuple[int, ...] | None:
    """The places of floating-point numbers; None where a type is not one that its column holds."""
    if not all(one in kinds for one, kinds in zip(types, _kinds(table), strict=True)):
        return None
    return tuple(at for at, one in enumerate(types) if one is float)


@cache
def _of_json(table: Table) -> tuple[int, ...]:
    """The places of the JSON columns among the covered ones."""
    return tuple(at for at, one in enumerate(covered(table)) if isinstance(one.type, JSON))


@cache
def _kinds(table: Table) -> tuple[tuple[type, ...], ...]:
    return tuple(
        (*_kinds_of(column.type), *((type(None),) if column.nullable else ()))
        for column in covered(table)
    )


def _kinds_of(declared: TypeEngine[Any]) -> tuple[type, ...]:
    if isinstance(declared, Integer | Boolean):
        return (int,)
    if isinstance(declared, Float):
        return (float, int)
    return (bytes,) if isinstance(declared, LargeBinary) else (str,)


def told_of(table: Table) -> list[str]:
    """Return the columns that tell a reader which row is meant: its key, and whose it is."""
    keys = [column.name for column in table.primary_key]
    return [*keys, *(name for name in OWNERS if name in table.c and name not in keys)]


def row_name(told: Mapping[str, Value]) -> str:
    """Return how messages name a row: `id 7, source_id 3`."""
    return ", ".join(
        f"{column} {value.hex() if isinstance(value, bytes) else value}"
        for column, value in told.items()
    )
