"""Bytes of erased crops, looked for in every file of an archive and of its caches.

Of each picture and embedding a few short sequences are taken, from places where they are unlike
those of other pictures. A database keeps a big value in pages, so a sequence may be cut by a page's
border; all of one value are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from reidsearch.domain.certificates import ByteSearch
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.crops.store import Store
from reidsearch.store.tables.photos import photo_embedding, photo_picture

LENGTH = 32
PLACES = (0.2, 0.4, 0.6, 0.8)
LEAST_DIFFERENT = 16
"""Bytes of a sequence that are unlike each other: runs of equal ones are in every picture."""
READ_AT_ONCE = 1 << 24


@dataclass(frozen=True, slots=True)
class Patterns:
    """Sequences of bytes of crops that are about to be erased."""

    pictures: int
    embeddings: int
    sequences: frozenset[bytes]


_PICTURES = (tables.picture.c.jpeg, photo_picture.c.data)
_EMBEDDINGS = (tables.embedding.c.vector, photo_embedding.c.vector)


def patterns_of(store: Store, crop_ids: Sequence[int], photo_ids: Sequence[int] = ()) -> Patterns:
    """Return what to look for after these crops and reference photographs are erased."""
    found: set[bytes] = set()
    counts = []
    for of_crops, of_photos in (_PICTURES, _EMBEDDINGS):
        seen = 0
        with store.scan() as connection:
            for column, owner, ids in (
                (of_crops, of_crops.table.c.crop_id, crop_ids),
                (of_photos, of_photos.table.c.photo_id, photo_ids),
            ):
                for part in chunks(list(ids)):
                    for value in connection.scalars(select(column).where(owner.in_(part))):
                        taken = set(_sequences(value))
                        found |= taken
                        seen += bool(taken)
        counts.append(seen)
    return Patterns(counts[0], counts[1], frozenset(found))


def _sequences(value: bytes) -> Iterator[bytes]:
    for place in PLACES:
        start = int(place * max(0, len(value) - LENGTH))
        taken = value[start : start + LENGTH]
        if len(taken) == LENGTH and len(set(taken)) >= LEAST_DIFFERENT:
            yield taken


def look_for(store: Store, patterns: Patterns, folders: Iterable[Path]) -> ByteSearch:
    """Look for sequences in every file of these folders.

    What the archive still holds in other crops (a copy of the same picture) is not counted.
    """
    files = sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    )
    hits = {path: _found_in(path, patterns.sequences) for path in files}
    every = frozenset().union(*hits.values())
    shared = _still_held(store, every) if every else frozenset()
    found = {str(path): len(some - shared) for path, some in hits.items() if some - shared}
    size = sum(path.stat().st_size for path in files)
    sequences = patterns.sequences - shared
    return ByteSearch(
        patterns.pictures, patterns.embeddings, len(sequences), len(files), size, found
    )


def _found_in(path: Path, sequences: frozenset[bytes]) -> frozenset[bytes]:
    if not sequences:
        return frozenset()
    table = np.zeros(1 << 24, np.bool_)  # which first three bytes to look at more closely
    table[[int.from_bytes(one[:3], "little") for one in sequences]] = True
    found: set[bytes] = set()
    with path.open("rb") as file:
        rest = b""
        while data := file.read(READ_AT_ONCE):
            data = rest + data
            found.update(_found(data, table, sequences))
            rest = data[-(LENGTH - 1) :]
    return frozenset(found)


def _found(data: bytes, table: NDArray[np.bool_], sequences: frozenset[bytes]) -> Iterator[bytes]:
    if len(data) < LENGTH:
        return
    values = np.frombuffer(data, np.uint8)[: len(data) - LENGTH + 3].astype(np.uint32)
    three = values[:-2] | values[1:-1] << 8 | values[2:] << 16
    for start in np.flatnonzero(table[three]).tolist():
        taken = data[start : start + LENGTH]
        if taken in sequences:
            yield taken


def _still_held(store: Store, sequences: frozenset[bytes]) -> frozenset[bytes]:
    """Return which of these lie in crops and photographs that the archive holds."""
    found: set[bytes] = set()
    with store.scan() as connection:
        for column in (*_PICTURES, *_EMBEDDINGS):
            rows = connection.execution_options(yield_per=500).scalars(select(column))
            for value in rows:
                found.update(one for one in sequences if one in value)
    return frozenset(found)
