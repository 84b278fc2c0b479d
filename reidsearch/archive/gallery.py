"""The index of an open archive: loaded if it can be proven, caught up, rebuilt if it cannot.

A generation is one file `index/generation-N.faiss`, described by a row of the `generation` table:
its size and SHA-256, the last crop it holds, and the archive's count of erasures when it was
built. What the file lacks is added from the database, what was erased is masked, so index and
database cannot drift apart; a file that is missing, truncated or altered is not trusted but
rebuilt, without the model.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import Row, delete, insert, select

from reidsearch.archive import sqlite, tables
from reidsearch.archive.faiss_index import KIND, FaissEngine
from reidsearch.archive.lock import writer_lock
from reidsearch.archive.store import State, Store
from reidsearch.archive.vectors import IndexEngine, VectorIndex
from reidsearch.errors import ArchiveError, ArchiveLocked, StorageError
from reidsearch.progress import NO_PROGRESS, Progress
from reidsearch.records import Crop, CropIds, ModelIdentity, Vectors
from reidsearch.timecode import now, to_us

INDEX_FOLDER = "index"
# A tail of 10 000 rows is read back in about 50 ms on opening; rewriting a large file costs more.
FOLD_ROWS = 10_000
FOLD_SHARE = 0.1
# FAISS sums in another order than NumPy; for unit vectors of 256 floats they agree to 1e-6.
SCORE_TOLERANCE = 1e-4


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


@dataclass(frozen=True, slots=True)
class Proven:
    """Hits that the database confirmed, best first.

    Args:
        crops: what was found.
        scores: (m,) float32 inner products, not increasing.
    """

    crops: tuple[Crop, ...]
    scores: Vectors

    @property
    def ids(self) -> CropIds:
        """(m,) int64 crop ids."""
        return np.array([crop.crop_id for crop in self.crops], dtype=np.int64)


class Gallery:
    """All embeddings of an archive, searchable; always equal to the database."""

    def __init__(self, store: Store, engine: IndexEngine | None = None) -> None:
        self._store = store
        self._engine: IndexEngine = engine or FaissEngine()
        self._index: VectorIndex | None = None
        self._state: State | None = None
        self.model: ModelIdentity | None = None
        self.generation = 0
        self.warnings: list[str] = []

    def __len__(self) -> int:
        return len(self._index) if self._index is not None else 0

    @property
    def index(self) -> VectorIndex | None:
        """The index, caught up by `sync`; None while the archive has no model."""
        return self._index

    @property
    def state(self) -> State | None:
        """Where the archive stood at the last `sync`; the index has all of it."""
        return self._state

    def sync(self, progress: Progress = NO_PROGRESS) -> None:
        """Load the newest generation once, then take in whatever the database has more or less.

        Costs one small read when nothing changed. A damaged index file is rebuilt, and written
        anew if nobody else is writing; `warnings` tells of it.
        """
        state = self._store.state()
        if state == self._state or state.model_id is None:
            self._state = state
            return
        if self._index is None or self._state is None or self._state.model_id != state.model_id:
            self._load(state, progress)
        elif self._state.erasures != state.erasures:
            self._mask_erased(self._last_id())
        self._catch_up(progress)
        self._state = state

    def search(self, query: Vectors, k: int, allowed: CropIds | None = None) -> Proven:
        """The k best, each checked against the database's own embedding.

        Args:
            query: (d,) float32 of unit length.
            allowed: increasing crop ids, None for all.

        Raises:
            ArchiveError: the index gives a score that the database does not confirm.
        """
        if self._index is None:
            return Proven((), np.empty(0, np.float32))
        hits = self._index.search(query, k, allowed)
        held = self._store.crops_with_embeddings(hits.ids.tolist())
        crops, scores = [], []
        for crop_id, score in zip(hits.ids.tolist(), hits.scores.tolist(), strict=True):
            if crop_id not in held:  # erased since `sync`
                continue
            crop, embedding = held[crop_id]
            truth = float(embedding @ query)
            if not abs(truth - score) <= SCORE_TOLERANCE:
                raise ArchiveError(
                    f"the index scores crop {crop_id} {score:.4f}, the database {truth:.4f}",
                    f"run: reidsearch check --repair -a {self._store.folder}",
                )
            crops.append(crop)
            scores.append(score)
        return Proven(tuple(crops), np.array(scores, np.float32))

    def worth_folding(self) -> bool:
        """Whether the file lacks so much that writing a new generation pays."""
        newest = newest_generation(self._store)
        if newest is None:
            return len(self) > 0
        lacking = abs(len(self) - newest.crops)
        erased = self._state is not None and newest.erasures != self._state.erasures
        return erased or lacking > max(FOLD_ROWS, FOLD_SHARE * newest.crops)

    def rebuild(self, progress: Progress = NO_PROGRESS) -> None:
        """Build a new generation from the database alone; the caller holds the writer lock."""
        state = self._store.state()
        if state.model_id is None:
            return
        self.model = self._store.model()
        self._index, self._held_to = self._engine.create(self._dimension()), 0
        self._catch_up(progress)
        self._state = state
        self.persist()

    def persist(self) -> None:
        """Write the index as the next generation; the caller holds the writer lock.

        Written aside, synced, checksummed, renamed, then announced in the database: a crash at
        any point leaves the old generation in force.
        """
        if self._index is None or self._state is None or self._state.model_id is None:
            return
        self.generation = write_generation(
            self._store, self._index, self._state.model_id, self._state.erasures, self._last_id()
        )

    def _last_id(self) -> int:
        ids = self._index.ids() if self._index is not None else np.empty(0, np.int64)
        return max(self._held_to, int(ids[-1]) if len(ids) else 0)

    _held_to = 0  # the last crop id ever taken in, erased or not

    def _load(self, state: State, progress: Progress) -> None:
        self.model = self._store.model()
        dimension = self._dimension()
        newest = newest_generation(self._store)
        self._index, self._held_to, self.generation = self._engine.create(dimension), 0, 0
        if newest is None or newest.model_id != state.model_id:
            return
        try:
            verify_file(newest)
            self._index = self._engine.load(newest.path)
            self._held_to, self.generation = newest.last_crop_id, newest.number
        except (ArchiveError, OSError) as error:
            if newest_generation(self._store) != newest:  # a writer replaced it meanwhile
                self._load(state, progress)
            else:
                self._rebuild(state, error, progress)
            return
        if newest.erasures != state.erasures:
            self._mask_erased(newest.last_crop_id)

    def _rebuild(self, state: State, cause: Exception, progress: Progress) -> None:
        """From the database; kept in memory only where the file cannot be replaced."""
        self._catch_up(progress)
        self._state = state
        said = f"the index file was not usable ({cause}); it was rebuilt from the database"
        try:
            with writer_lock(self._store.folder):
                self.persist()
        except (ArchiveLocked, StorageError, OSError):
            said += ", in memory only: the archive is being written or cannot be"
        self.warnings.append(said)

    def _dimension(self) -> int:
        assert self.model is not None
        return self.model.dimension

    def _catch_up(self, progress: Progress) -> None:
        assert self._index is not None
        started = False
        for ids, vectors in self._store.embeddings_after(self._held_to, self._dimension()):
            if not started:
                progress.begin("reading embeddings", None, "crops")
                started = True
            self._index.add(ids, vectors)
            self._held_to = int(ids[-1])
            progress.advance(len(ids))
        if started:
            progress.end()

    def _mask_erased(self, up_to: int) -> None:
        assert self._index is not None
        held = self._index.ids()
        self._index.remove(np.setdiff1d(held, self._store.embedded_ids(up_to), assume_unique=True))


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
    )


def verify_file(generation: Generation) -> None:
    """Compare a generation's file with what the database says of it.

    Raises:
        ArchiveError: missing, of another size, or altered.
    """
    path = generation.path
    if generation.kind != KIND:
        raise ArchiveError(f"{path.name} is of kind {generation.kind}, unknown here")
    try:
        size = path.stat().st_size
        if size != generation.size_bytes:
            raise ArchiveError(f"{path.name} has {size} bytes, expected {generation.size_bytes}")
        if file_sha256(path) != generation.sha256:
            raise ArchiveError(f"{path.name} was altered: its checksum differs")
    except FileNotFoundError as error:
        raise ArchiveError(f"{path.name} is missing") from error


def file_sha256(path: Path) -> bytes:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def write_generation(
    store: Store, index: VectorIndex, model_id: int, erasures: int, last_crop_id: int
) -> int:
    """Write, sync, rename, announce; then remove older files. Returns the generation's number."""
    folder = store.folder / INDEX_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    fresh = folder / "writing.tmp"
    try:
        index.save(fresh)
    except RuntimeError as error:  # FAISS's only error
        fresh.unlink(missing_ok=True)
        raise StorageError(f"{fresh} cannot be written: {error}", "free some space") from error
    sqlite.sync_path(fresh)
    engine = sqlite.engine_for(store.folder, read_only=False)
    try:
        with engine.begin() as connection:
            inserted = connection.execute(
                insert(tables.generation).values(
                    kind=index.kind,
                    model_id=model_id,
                    file="",
                    size_bytes=fresh.stat().st_size,
                    sha256=file_sha256(fresh),
                    crops=len(index),
                    last_crop_id=last_crop_id,
                    erasures=erasures,
                    built_us=to_us(now()),
                )
            ).inserted_primary_key
            assert inserted is not None
            number: int = inserted[0]
            name = f"generation-{number:06d}.faiss"
            fresh.replace(folder / name)
            sqlite.sync_path(folder)
            g = tables.generation
            connection.execute(g.update().where(g.c.id == number).values(file=name))
            connection.execute(delete(g).where(g.c.id != number))
    finally:
        engine.dispose()
    for old in folder.iterdir():
        if old.name != name:
            with contextlib.suppress(OSError):  # still mapped by a reader on some systems
                old.unlink()
    return number
