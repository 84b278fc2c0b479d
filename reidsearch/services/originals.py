"""Whole source files, copied out of where they lie and proven to be those that were indexed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from reidsearch.base.errors import InputError, Kind
from reidsearch.base.said import said
from reidsearch.services.footage_files import indexed_file
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store

BLOCK = 1 << 20


def copy_original(store: Store, source_id: int, out: Path) -> Path:
    """Copy the whole file of a source; what was copied is hashed, not only what was read before.

    Returns:
        Where it was copied from.

    Raises:
        InputError: no place holds it, it is a folder of frames, or changed while it was copied.
        OSError: the copy cannot be written.
    """
    path = indexed_file(store, source_id, verify=False)
    if not path.is_file():
        raise InputError(
            f"{path} is a folder of frames, and is not copied as a whole",
            kind=Kind.STREAM_COPY_IMPOSSIBLE,
        )
    digest = hashlib.sha256()
    try:
        source = path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {said(error)}") from error
    with source, out.open("wb") as copy:
        while block := source.read(BLOCK):
            digest.update(block)
            copy.write(block)
    if digest.hexdigest() != footage_store.source(store, source_id).sha256:
        out.unlink()
        raise InputError(
            f"{path} is no longer the footage that was indexed: its SHA-256 differs",
            kind=Kind.FOOTAGE_DIFFERS,
        )
    return path
