"""Generations: which files of the index are in force, what they must be, and writing the next.

A generation is one file `index/generation-N.index`, described by a row of the `generation` table
(size, SHA-256, the last crop it holds, the count of erasures, the measured recall), and the files
beside it that it names, each with a checksum of its own: what is proven begins in the database.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, insert, select

from reidsearch.base import atomic
from reidsearch.base.errors import ArchiveError, StorageError
from reidsearch.base.timecode import now, to_us
from reidsearch.index.contract import IndexDamaged, VectorIndex
from reidsearch.index.factory import ENGINES
from reidsearch.store import tables
from reidsearch.store.crops.store import State, Store
from reidsearch.store.database import sqlite

INDEX_FOLDER = "index"


@dataclass(frozen=True, slots=True)
class Generation:
    """One built state of the index, as the database describes it."""

    number: int
    kind: str
    model_id: int
    path: Path
    size_bytes: int
    sha256: bytes
    crops: int
    last_crop_id: int
    erasures: int
    recall: dict[str, Any] | None
    """What `recall.to_row` made; None for an index that is exact whatever is asked."""


def newest_generation(store: Store) -> Generation | None:
    """The generation in force."""
    g = tables.generation.c
    with store.read() as connection:
        row = connection.execute(
            select(tables.generation).order_by(g.id.desc()).limit(1)
        ).one_or_none()
    return _generation(store.folder, row) if row else None


def _generation(folder: Path, row: Row[tuple[object, ...]]) -> Generation:
    return Generation(
        number=row.id,
        kind=row.kind,
        model_id=row.model_id,
        path=folder / INDEX_FOLDER / row.file,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        crops=row.crops,
        last_crop_id=row.last_crop_id,
        erasures=row.erasures,
        recall=row.recall,
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
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def files_of(generation: Generation | None) -> set[str]:
    """Names of all files in the index folder that are of use."""
    if generation is None:
        return set()
    named: list[str] = []
    if generation.kind in ENGINES:
        with contextlib.suppress(ArchiveError):  # damaged: nothing that it named is of use
            named = ENGINES[generation.kind].files(generation.path)
    return {generation.path.name, *named}


def write_generation(
    store: Store,
    index: VectorIndex,
    state: State,
    last_crop_id: int,
    recall: dict[str, Any] | None,
) -> int:
    """Write, sync, rename, announce; then remove older files. Returns the generation's number.

    A crash at any point leaves the old generation in force, and files that `check` calls strays.
    A reader that has the old files mapped keeps them until it is done.
    """
    folder = index_folder(store)
    fresh = atomic.temporary(folder / "generation")
    try:
        index.save(fresh)
        atomic.sync(fresh)  # before the transaction: it may take long
    except (RuntimeError, OSError) as error:  # FAISS's only error; Python's
        fresh.unlink(missing_ok=True)
        raise StorageError(f"{fresh} cannot be written: {error}", "free some space") from error
    engine = sqlite.engine_for(store.folder, read_only=False)
    try:
        with engine.begin() as connection:
            inserted = connection.execute(
                insert(tables.generation).values(
                    kind=index.kind,
                    model_id=state.model_id,
                    file="",
                    size_bytes=fresh.stat().st_size,
                    sha256=file_sha256(fresh),
                    crops=len(index),
                    last_crop_id=last_crop_id,
                    erasures=state.erasures,
                    built_us=to_us(now()),
                    recall=recall,
                )
            ).inserted_primary_key
            assert inserted is not None
            number: int = inserted[0]
            name = f"generation-{number:06d}.index"
            atomic.publish(fresh, folder / name)
            g = tables.generation
            connection.execute(g.update().where(g.c.id == number).values(file=name))
            connection.execute(delete(g).where(g.c.id != number))
    finally:
        engine.dispose()
    wanted = files_of(newest_generation(store))
    for old in folder.iterdir():
        if old.name not in wanted:
            with contextlib.suppress(OSError):  # still mapped by a reader on some systems
                old.unlink()
    return number


def index_folder(store: Store) -> Path:
    """The folder of the index files, made when it is absent."""
    folder = store.folder / INDEX_FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror}") from error
    return folder
