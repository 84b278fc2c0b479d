"""Generations: which files of the index are in force, what they must be, and writing the next.

A generation is one file `index/generation-N.index`, described by a row of the `generation` table
(size, SHA-256, the last crop it holds, the count of erasures, the measured recall), and the files
beside it that it names, each with a checksum of its own: verification begins in the database.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any

from reidsearch.base import atomic
from reidsearch.base.errors import ArchiveError, StorageError
from reidsearch.index.contract import FileIndex, IndexDamaged
from reidsearch.index.disk import writing
from reidsearch.index.factory import ENGINES
from reidsearch.store.crops.state import State
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import (
    INDEX_FOLDER,
    Contents,
    Generation,
    announce_generation,
)


def verify_file(generation: Generation) -> None:
    """Compare a generation's file with what the database says of it.

    Raises:
        IndexDamaged: missing, of another size, altered, or of an unknown kind.
    """
    path = generation.path
    if generation.kind not in ENGINES:
        raise IndexDamaged(f"{path.name} is of kind {generation.kind}, unknown here")
    try:
        size = path.stat().st_size
        if size != generation.size_bytes:
            raise IndexDamaged(f"{path.name} has {size} bytes, expected {generation.size_bytes}")
        if file_sha256(path) != generation.sha256:
            raise IndexDamaged(f"{path.name} was altered: its checksum differs")
    except FileNotFoundError as error:
        raise IndexDamaged(f"{path.name} is missing") from error


def file_sha256(path: Path) -> bytes:
    """Return SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def files_of(generation: Generation | None) -> set[str]:
    """Return names of all files in the index folder that are of use."""
    if generation is None:
        return set()
    named: list[str] = []
    if generation.kind in ENGINES:
        with contextlib.suppress(ArchiveError):  # damaged: nothing that it named is of use
            named = ENGINES[generation.kind].files(generation.path)
    return {generation.path.name, *named}


def write_generation(
    store: Store,
    index: FileIndex,
    state: State,
    last_crop_id: int,
    recall: dict[str, Any] | None,
) -> int:
    """Write, sync, rename, announce. Returns the generation's number.

    A crash at any point leaves the old generation in force; the caller removes older and
    half-written files (`leftovers.recorded`). A reader that has the old files mapped keeps them
    until it is done.
    """
    folder = index_folder(store)
    fresh = atomic.temporary(folder / "generation")
    assert state.model_id is not None
    with writing(fresh):
        index.save(fresh)
        atomic.sync(fresh)  # before the transaction: it may take long
        contents = Contents(state.model_id, fresh.stat().st_size, file_sha256(fresh), len(index))

    def publish(number: int) -> str:
        path = folder / f"generation-{number:06d}.index"
        with writing(path):
            atomic.publish(fresh, path)
        return path.name

    return announce_generation(
        store,
        contents,
        publish,
        kind=index.kind,
        last_crop_id=last_crop_id,
        erasures=state.erasures,
        recall=recall,
    )


def index_folder(store: Store) -> Path:
    """Return the folder of the index files, made when it is absent."""
    folder = store.derived(INDEX_FOLDER)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror}") from error
    return folder
