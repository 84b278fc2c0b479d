"""Generations: which files of the index are in force, what they must be, and writing the next.

A generation is one file `index/generation-N.index`, described by a row of the `generation` table
(size, SHA-256, the last crop it holds, the count of erasures, the measured recall), and the files
beside it that it names, each with a checksum of its own: verification begins in the database.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

from reidsearch.base import atomic, own_files
from reidsearch.base.errors import ArchiveError, StorageError, absent
from reidsearch.index.contract import FileEngine, FileIndex, IndexDamaged, Truth
from reidsearch.index.disk import reading, writing
from reidsearch.index.factory import CODES, ENGINES, KINDS
from reidsearch.store.crops.state import State
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import (
    GENERATION_NAME,
    INDEX_FOLDER,
    Contents,
    Generation,
    announce_generation,
    generation_name,
)

# A tail of 10 000 rows is read back in about 50 ms on opening, one of 50 000 in 250; rewriting a
# large file costs more than the one, waiting at every opening more than the other.
LACKING_ROWS = 10_000
LACKING_ROWS_AT_MOST = 50_000
LACKING_SHARE = 0.1

UNFINISHED = "generation.partial"
_WRITTEN = (GENERATION_NAME, CODES)


def lacks_much(generation: Generation, state: State) -> bool:
    """Tell whether an archive has so much more, or anything less, that writing another pays."""
    lacking = state.last_crop_id - generation.last_crop_id
    most = min(max(LACKING_ROWS, LACKING_SHARE * generation.crops), LACKING_ROWS_AT_MOST)
    return generation.erasures != state.erasures or lacking > most


def verify_file(generation: Generation) -> None:
    """Compare a generation's file with what the database says of it.

    Raises:
        IndexDamaged: missing, of another size, altered, or of an unknown kind.
    """
    path = generation.path
    if generation.odd:
        raise IndexDamaged(f"the row that describes the index is damaged: {generation.odd}")
    if generation.kind not in KINDS:
        raise IndexDamaged(f"{path.name} is of kind {generation.kind}, unknown here")
    require_file(path, generation.size_bytes, generation.sha256)


def require_file(path: Path, size_bytes: int, sha256: bytes) -> None:
    """Compare a derived file with what the database says of it.

    Raises:
        IndexDamaged: missing, no regular file, of another size, or altered.
    """
    with reading(path), own_files.open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size != size_bytes:
            raise IndexDamaged(f"{path.name} has {size} bytes, expected {size_bytes}")
        if hashlib.file_digest(file, "sha256").digest() != sha256:
            raise IndexDamaged(f"{path.name} was altered: its checksum differs")


def file_sha256(path: Path) -> bytes:
    """Return SHA-256 of a file's bytes."""
    with own_files.open_file(path) as file:
        return hashlib.file_digest(file, "sha256").digest()


def loaded(
    generation: Generation,
    engine: FileEngine,
    truth: Truth,
    dimension: int,
    folder: Path | None = None,
) -> FileIndex:
    """Load a generation's file, once it is verified to be what the database says.

    A checksum that fits says who wrote a file, not that it makes sense: that is looked at too.

    Args:
        engine: of the generation's kind.

    Raises:
        ArchiveError: it is missing, altered, or not the index of this archive.
    """
    verify_file(generation)
    index = engine.load(generation.path, truth, folder)
    ids = index.ids()
    if (
        index.dimension != dimension
        or len(ids) != generation.crops
        or (len(ids) and ids[-1] > generation.last_crop_id)
    ):
        raise IndexDamaged(
            f"{generation.path.name} holds {len(ids)} crops of {index.dimension} values, "
            f"not {generation.crops} of {dimension} up to crop {generation.last_crop_id}"
        )
    return index


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
    fresh = folder / UNFINISHED
    if state.model_id is None:
        raise absent("the archive's model")
    with writing(fresh):
        own_files.remove(fresh)  # a killed writer's
        index.save(fresh)
        atomic.sync(fresh)  # before the transaction: it may take long
        contents = Contents(state.model_id, fresh.stat().st_size, file_sha256(fresh), len(index))

    def publish(number: int) -> str:
        path = folder / generation_name(number)
        with writing(path):
            own_files.rename(fresh, path)
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


def is_ours(name: str) -> bool:
    """Tell whether a file in the index folder is one of those that are written here."""
    return name == UNFINISHED or any(pattern.fullmatch(name) for pattern in _WRITTEN)


def index_folder(store: Store) -> Path:
    """Return the folder of the index files, made when it is absent."""
    folder = store.derived(INDEX_FOLDER)
    try:
        own_files.make_folder(folder)
    except own_files.NotOurs as error:
        said = f"{folder} {error.strerror}"
        raise StorageError(said, "remove it, and do the same again") from error
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror}") from error
    return folder
