"""An open archive: its database (`store.contract`), its state and its model, and reading crops.

Every read is one transaction, so it sees one state even while an index run commits.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, Table, select

from reidsearch.base.boxes import Box
from reidsearch.base.errors import ArchiveError, Kind, NotFound
from reidsearch.domain.crops import Crop, CropIds, Vectors
from reidsearch.domain.models import ModelIdentity
from reidsearch.store import tables
from reidsearch.store.contract import Database
from reidsearch.store.crops.reading import read_crop
from reidsearch.store.crops.state import Known, State
from reidsearch.store.database import lifecycle, schema, selects, sqlite
from reidsearch.store.decoding import decoding
from reidsearch.store.row_digests import Value

CHUNK = 500  # values in one IN (...): SQLite's oldest limit is 999
FEW = 16  # as many as an answer usually has
SOME = 64  # as many as may be among the ten best
EMBEDDINGS_CHUNK = 4096


def location_key(key: str) -> bytes:
    """Return the 16 bytes that a `CropInput.key` is stored under; paths are too long."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:16]


class Store(contextlib.AbstractContextManager["Store"]):
    """The truth of one archive. Any number of threads may share it; see `store.contract`.

        with Store(folder) as store, store.read() as connection:
            connection.scalar(select(func.count()).select_from(tables.crop))

    Args:
        folder: the archive's folder; works on read-only media too.
    """

    def __init__(self, folder: Path) -> None:
        lifecycle.require_usable_name(folder)
        if not sqlite.holds_archive(folder):
            raise ArchiveError(
                f"{folder} is not an archive"
                if folder.exists()
                else f"there is no archive {folder}",
                "index footage or crops to make one",
                kind=Kind.ARCHIVE_MISSING,
                archive=folder,
            )
        self.folder = folder
        self._database: Database = sqlite.Sqlite(folder)
        self._state: State | None = None
        self._looking = threading.Lock()
        try:
            with self.read() as connection:
                schema.require_current(connection, folder)
                self.row = connection.execute(select(tables.archive)).one()
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, folder: Path) -> None:
        """Make an empty archive in a new or empty folder, readable by its owner alone.

        An archive that is there already stays as it is. The database takes its name when it is
        complete: what a killed process left behind is no archive, and is made anew.

        Raises:
            ArchiveError: the folder holds something else.
            StorageError: it cannot be made.
        """
        lifecycle.create(folder)

    def close(self) -> None:
        """Close the database; nothing can be read after it."""
        self._database.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the contract -----------------------------------------------------------------------

    @property
    def location(self) -> str:
        """Where the archive is, as messages and commands name it."""
        return self._database.location

    def read(self) -> AbstractContextManager[Connection]:
        """Give a connection on one consistent snapshot; see `Database.read`.

        Raises:
            ArchiveError: a row is damaged, or a value in it cannot be decoded.
        """
        return decoding(self._database.read(), self.location)

    def scan(self) -> AbstractContextManager[Connection]:
        """Give a connection whose rows are not proven; see `Database.scan`."""
        return decoding(self._database.scan(), self.location)

    def write(self) -> AbstractContextManager[Connection]:
        """Give a connection in one transaction under the write lock; see `Database.write`."""
        return self._database.write()

    def lock(self) -> AbstractContextManager[None]:
        """Hold the writer lock for many transactions; see `Database.lock`."""
        return self._database.lock()

    def locked(self) -> bool:
        """Tell whether somebody holds the writer lock."""
        return self._database.locked()

    def announce(self, run_id: int) -> None:
        """Let others know which index run the writer lock is held for."""
        self._database.announce(run_id)

    def live_run(self) -> int | None:
        """Return the index run that the writer lock is held for just now."""
        return self._database.live_run()

    def unfinished_runs(self) -> tuple[int, int]:
        """Return how many index runs were interrupted, and how many are at work just now."""
        state = self.state()
        lives = self.running_run() is not None
        killed = state.running_run is not None and not lives
        return state.interrupted_runs + killed, int(lives)

    def running_run(self) -> int | None:
        """Return the index run at work just now; asks the lock only when one has not ended."""
        recorded = self.state().running_run
        return recorded if recorded is not None and self.live_run() == recorded else None

    def rows_proven(self, table: Table) -> Iterator[tuple[int, list[dict[str, Value]]]]:
        """Prove all rows of a table; see `Database.rows_proven`."""
        return self._database.rows_proven(table)

    def damage(self) -> list[str]:
        """Return what the database itself finds damaged."""
        return self._database.damage()

    def copy_to(self, folder: Path) -> Path:
        """Write a compact, consistent copy of the database; return the file."""
        return self._database.copy_to(folder)

    def purge(self) -> bool:
        """Remove what was deleted from the database's logs; False while a reader needs it."""
        return self._database.purge()

    def size_bytes(self) -> int:
        """Return how much space the database takes."""
        return self._database.size_bytes()

    def derived(self, name: str) -> Path:
        """Return the local folder of one kind of derived files; it need not exist yet."""
        return self.folder / name

    def state(self) -> State:
        """Return where the archive stands now; nothing is read when nobody has committed since."""
        with self._looking:
            # Asked before reading: a commit in between is seen by the next call, never missed.
            if self._database.changed() or self._state is None:
                self._state = None
                with self.scan() as connection:
                    next_crop_id, *rest = connection.execute(selects.STATE).one()
                self._state = State(next_crop_id - 1, *rest)
            return self._state

    def model(self) -> ModelIdentity | None:
        """Return the model that made the archive's embeddings; None while it is empty."""
        with self.read() as connection:
            row = connection.execute(selects.MODEL).one_or_none()
        return ModelIdentity(*row) if row else None

    # -- what an index run asks -------------------------------------------------------------

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """Return what is recorded under those location keys."""
        found: dict[bytes, Known] = {}
        with self.scan() as connection:
            for part in chunks(keys):
                for row in connection.execute(selects.KNOWN, {"keys": part}):
                    found[row.key] = Known(*row[1:])
        return found

    def crops_of(self, places: Sequence[tuple[bytes, Box | None]]) -> list[int | None]:
        """Return the crop that is stored of each place, asked for many at once.

        Args:
            places: SHA-256 of a source's bytes, and the box; None is the whole picture.

        Returns:
            For each place its crop's id, or None.
        """
        held: dict[tuple[bytes, Box | None], int] = {}
        with self.scan() as connection:
            for part in chunks([sha256 for sha256, _ in places]):
                for row in connection.execute(selects.CROPS_OF_SOURCES, {"sources": part}):
                    crop_id, sha256, width_px, height_px, *corners = row
                    held[sha256, Box(*corners)] = crop_id
                    if corners == [0, 0, width_px, height_px]:
                        held[sha256, None] = crop_id
        return [held.get(place) for place in places]

    # -- what a search asks -----------------------------------------------------------------

    def crops(self, ids: Iterable[int]) -> list[Crop]:
        """Return all that is known of those crops, in the order given; others are left out."""
        wanted = _possible(ids)
        with self.read() as connection:
            rows = [
                row
                for part in chunks(wanted)
                for row in connection.execute(selects.CROPS, {"ids": part})
            ]
        held = {row.id: read_crop(row) for row in rows}
        return [held[crop_id] for crop_id in wanted if crop_id in held]

    def crop(self, crop_id: int) -> Crop:
        """Return one crop.

        Raises:
            NotFound: no crop has this id.
        """
        self.require_crop(crop_id)
        found = self.crops([crop_id])
        if not found:
            raise ArchiveError(
                f"{self.location}: crop {crop_id} has lost its source or camera",
                kind=Kind.ARCHIVE_DAMAGED,
                archive=self.location,
            )
        return found[0]

    def require_crop(self, crop_id: int) -> None:
        """Refuse an id that no crop has; whether its row is whole does not matter.

        Raises:
            NotFound: no crop has this id.
        """
        c = tables.crop.c
        with self.scan() as connection:
            held = connection.scalar(select(c.id).where(c.id.in_(_possible([crop_id]))))
        if held is None:
            raise NotFound(f"{self.location} holds no crop {crop_id}", "every answer shows the ids")

    def picture(self, crop_id: int) -> bytes:
        """Return the crop's JPEG.

        Raises:
            NotFound: no crop has this id.
            ArchiveError: the picture is damaged (its checksum differs) or missing.
        """
        self.crop(crop_id)
        p = tables.picture.c
        with self.read() as connection:
            row = connection.execute(
                select(p.jpeg, p.sha256).where(p.crop_id == crop_id)
            ).one_or_none()
        if row is None or hashlib.sha256(row.jpeg).digest() != row.sha256:
            raise ArchiveError(
                f"the picture of crop {crop_id} is damaged or missing",
                kind=Kind.ARCHIVE_DAMAGED,
                archive=self.location,
            )
        jpeg: bytes = row.jpeg
        return jpeg

    def crops_with_embeddings(self, ids: Iterable[int]) -> dict[int, tuple[Crop, Vectors]]:
        """Return those crops that are stored, by id, each with its (d,) embedding."""
        found: dict[int, tuple[Crop, Vectors]] = {}
        with self.read() as connection:
            for part in chunks(_possible(ids)):
                size = FEW if len(part) <= FEW else CHUNK
                padded = [*part, *([0] * (size - len(part)))]  # no crop has the id 0
                asked = {f"id{number}": crop_id for number, crop_id in enumerate(padded)}
                for row in connection.execute(selects.crops_with_embeddings(size), asked):
                    found[row.id] = read_crop(row), np.frombuffer(row.vector, dtype="<f4")
        return found

    def embeddings(self, ids: Iterable[int]) -> dict[int, Vectors]:
        """Return the (d,) embeddings of those crops that are stored, by id."""
        found: dict[int, Vectors] = {}
        with self.read() as connection:
            for part in chunks(_possible(ids)):
                for row in connection.execute(selects.EMBEDDINGS, {"ids": part}):
                    found[row.crop_id] = np.frombuffer(row.vector, dtype="<f4")
        return found

    def embedding_rows(self, ids: CropIds, dimension: int) -> tuple[CropIds, Vectors]:
        """Return those of increasing `ids` that have an embedding, and (n, d) of them.

        Raises:
            ArchiveError: one has not the model's dimension (a damaged row).
        """
        rows: list[Any] = []
        wanted = ids.tolist()
        with self.read() as connection:
            for part in chunks(wanted):
                size = next(size for size in (FEW, SOME, CHUNK) if len(part) <= size)
                padded = [*part, *([0] * (size - len(part)))]  # no crop has the id 0
                asked = {f"id{number}": crop_id for number, crop_id in enumerate(padded)}
                rows.extend(connection.execute(selects.embedding_rows(size), asked))
        return self._joined(rows, dimension)

    def embedding_count(self) -> int:
        """Return how many embeddings of the archive's model there are."""
        with self.scan() as connection:
            return connection.execute(selects.EMBEDDING_COUNT).scalar_one()

    def some_embeddings(self, count: int, dimension: int) -> Vectors:
        """Return (n, d) of about `count` crops of the whole archive; all where there are fewer."""
        last = self.state().last_crop_id
        drawn = np.random.default_rng(0).integers(1, last + 1, count) if last > count else None
        ids = np.arange(1, last + 1) if drawn is None else np.unique(drawn)
        return self.embedding_rows(ids, dimension)[1]

    def _joined(self, rows: Sequence[Any], dimension: int) -> tuple[CropIds, Vectors]:
        ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
        blob = b"".join([row[1] for row in rows])
        if len(blob) != len(rows) * dimension * 4:
            raise ArchiveError(
                f"{self.location}: an embedding between crops {ids[0]} and {ids[-1]} is damaged",
                kind=Kind.ARCHIVE_DAMAGED,
                archive=self.location,
            )
        return ids, np.frombuffer(blob, dtype="<f4").reshape(len(rows), dimension)

    def embeddings_after(self, crop_id: int, dimension: int) -> Iterator[tuple[CropIds, Vectors]]:
        """Yield all embeddings of crops above `crop_id`, in chunks of increasing ids.

        Raises:
            ArchiveError: one has not the model's dimension (a damaged row).
        """
        e = tables.embedding.c
        last = crop_id
        while True:
            with self.read() as connection:
                rows = connection.execute(
                    select(e.crop_id, e.vector)
                    .where(e.model_id == selects.MODEL_ID, e.crop_id > last)
                    .order_by(e.crop_id)
                    .limit(EMBEDDINGS_CHUNK)
                ).all()
            if not rows:
                return
            ids, vectors = self._joined(rows, dimension)
            yield ids, vectors
            last = int(ids[-1])

    def embedded_ids(self, up_to: int) -> CropIds:
        """Return ids up to `up_to` that have an embedding, increasing."""
        e = tables.embedding.c
        query = select(e.crop_id).where(e.model_id == selects.MODEL_ID, e.crop_id <= up_to)
        with self.scan() as connection:
            return np.fromiter(connection.scalars(query.order_by(e.crop_id)), dtype=np.int64)


# What a search or a re-run asks over and over is built once: for small answers, building and
# compiling a statement takes longer than SQLite takes to answer it (benchmarks/query_warm.py).


def _possible(ids: Iterable[int]) -> list[int]:
    """Without numbers that no database can take for an id."""
    return [crop_id for crop_id in ids if 0 < crop_id < 2**63]


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Part values into as many as one statement takes."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def of_ids(
    query: Select[Any], column: ColumnElement[int], ids: Sequence[int] | None
) -> list[Select[Any]]:
    """Return the query for all rows (`ids` is None), or its parts for the rows of these ids."""
    return [query] if ids is None else [query.where(column.in_(part)) for part in chunks(ids)]
