"""An open archive: its database (`store.contract`), its state and its model, and reading crops.

Every read is one transaction, so it sees one state even while an index run commits.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table, select

from reidsearch.base.actor import Author, acting_now
from reidsearch.base.boxes import Box
from reidsearch.base.errors import ArchiveError, Kind, NotFound
from reidsearch.domain.models import ModelIdentity
from reidsearch.store import tables
from reidsearch.store.chunks import chunks, possible
from reidsearch.store.copying import marker
from reidsearch.store.crops.locks import Fence, LocksOfThread, StoreLocks
from reidsearch.store.crops.reading import read_crop
from reidsearch.store.crops.state import (
    Held,
    HeldByThread,
    Known,
    State,
    state_of,
)
from reidsearch.store.database import kinds, lifecycle, selects
from reidsearch.store.decoding import decoding
from reidsearch.store.pictures import reading
from reidsearch.store.pictures.putting import require_put

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.domain.certificates import ServerKeeps
    from reidsearch.domain.crops import Crop
    from reidsearch.media.files.objects import Objects
    from reidsearch.store.contract import Database
    from reidsearch.store.pictures.holder import Place
    from reidsearch.store.row_digests import Value


class Store(StoreLocks, contextlib.AbstractContextManager["Store"]):
    """The truth of one archive. Any number of threads may share it; see `store.contract`.

        with Store(folder) as store, store.read() as connection:
            connection.scalar(select(func.count()).select_from(tables.crop))

    Args:
        address: the archive's folder, which works on read-only media too, or its database.

    Attributes:
        folder: where its files are: those of the index, seals, results of jobs. Of a database it
            is a folder of this machine's user.
        node: whose files those are, where each machine has its own; None: the archive's.
        finish: does the work that an earlier writer left pending; called with the writer lock held,
            before anything else is done under it. Raises ArchiveLocked where another process is at
            this machine's files and one run among others would have to wait for it.
        written: is called after every committed transaction.
        author: who writes, where nobody is `acting`.
        logged: whether the archive keeps an event log.
        objects: stores of objects that were used, which keep their connections.
    """

    def __init__(self, address: Address) -> None:
        lifecycle.require_usable_name(address)
        if not kinds.holds_archive(address):
            raise ArchiveError(
                f"{address} is not an archive"
                if isinstance(address, Path) and address.exists()
                else f"there is no archive {address}",
                "index footage or crops to make one",
                kind=Kind.ARCHIVE_MISSING,
                archive=str(address),
            )
        self.address = address
        self._database: Database = kinds.open_database(address)
        self._state: State | None = None
        self._changes = 0
        self._looking = threading.Lock()
        self._held = HeldByThread()
        self._fence = Fence()
        self._holds = LocksOfThread()
        self.objects: dict[Place, Objects] = {}
        self.finish: Callable[[], object] | None = None
        self.written: Callable[[], object] | None = None
        self.author = Author("")
        self.logged = True
        try:
            with self.read() as connection:
                self._database.require_current(connection)
                marker.require_whole(connection, self.location)
                self.row = connection.execute(select(tables.archive)).one()
            self.folder = kinds.local_folder(address, self.row.uuid)
            self.node = kinds.node_of(address, self.folder)
            self.logged = self.row.logged is not False
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, address: Address, *, logged: bool = True) -> None:
        """Make an empty archive in a new or empty folder, readable by its owner alone.

        Or in a database of PostgreSQL, which is made where it is absent.

        With `logged` it keeps an event log, which nothing can switch off later.

        An archive that is there already stays as it is. The database takes its name when it is
        complete: what a killed process left behind is no archive, and is made anew.

        Raises:
            ArchiveError: the folder holds something else.
            StorageError: it cannot be made.
        """
        lifecycle.create(address, logged=logged)

    @staticmethod
    def is_there(address: Address) -> bool:
        """Tell whether there is an archive, or something with its name. Raises StorageError."""
        return kinds.holds_archive(address)

    def close(self) -> None:
        """Close the database; nothing can be read after it."""
        self._database.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def acting(self) -> Author:
        """Who acts in this thread, and for which case."""
        return acting_now() or self.author

    # -- the contract -----------------------------------------------------------------------

    @property
    def location(self) -> str:
        """Where the archive is, as messages and commands name it."""
        return self._database.location

    @property
    def in_file(self) -> bool:
        """Whether the database is a file of the archive's folder, and none of a server."""
        return self._database.in_file

    def read(self) -> AbstractContextManager[Connection]:
        """Give a connection on one consistent snapshot; see `Database.read`.

        Raises:
            ArchiveError: a row is damaged, or a value in it cannot be decoded.
        """
        held = self._held.now
        reading = contextlib.nullcontext(held.connection) if held else self._database.read()
        return decoding(reading, self.location)

    def scan(self) -> AbstractContextManager[Connection]:
        """Give a connection whose rows are not proven; see `Database.scan`."""
        held = self._held.now
        database = self._database
        reading = database.unproven(held.connection) if held else database.scan()
        return decoding(reading, self.location)

    @contextlib.contextmanager
    def one_state(self) -> Iterator[None]:
        """Let all reads of this thread see the archive as it stands now, whatever is committed.

        For work of many reads that must fit together. Files and the writer lock are live; writing
        is refused meanwhile, and the write-ahead log cannot be emptied.

            with store.one_state():
                crops = embedded_ids(store, store.state().last_crop_id)
        """
        if self._held.now is not None:
            yield
            return
        lived = self.live_runs()
        with self._database.read() as connection:
            with self._database.unproven(connection) as scanned:
                state = state_of(scanned)
            # Some may have begun since they were asked for, or have ended meanwhile.
            runs = (lived | self.live_runs()) & state.running_runs
            self._held.now = Held(connection, state, runs)
            try:
                yield
            finally:
                self._held.now = None

    def write(self) -> AbstractContextManager[Connection]:
        """Give a connection in one transaction under the write lock; see `Database.write`.

        It knows for the event log who writes.
        """
        if self._held.now is not None:
            raise RuntimeError("write() within one_state() would not be seen there")
        return self._writing(self.acting)

    @contextlib.contextmanager
    def _writing(self, author: Author) -> Iterator[Connection]:
        with self._database.write() as connection:
            if self._fence.require is not None:
                self._fence.require(connection)
            yield connection.execution_options(author=author, logged=self.logged)
            require_put()
        if self.written is not None:
            self.written()

    def writable(self) -> bool:
        """Tell whether this process may write to the archive."""
        return self._database.writable()

    def unfinished_runs(self) -> tuple[int, int]:
        """Return how many index runs were interrupted, and how many are at work just now."""
        while True:
            state = self.state()
            live = self.running_runs() & state.running_runs
            killed = len(state.running_runs - live)
            if not killed or self.state().running_runs == state.running_runs:  # else one has ended
                return state.interrupted_runs + killed, len(live)

    def running_runs(self) -> frozenset[int]:
        """Return the index runs at work just now; asks for locks only when one has not ended."""
        if self._held.now is not None:
            return self._held.now.running_runs
        recorded = self.state().running_runs
        return recorded & self.live_runs() if recorded else recorded

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

    def server_keeps(self) -> ServerKeeps | None:
        """Tell where a server may keep what was erased; see `Database.server_keeps`."""
        return self._database.server_keeps()

    def size_bytes(self) -> int:
        """Return how much space the database takes."""
        return self._database.size_bytes()

    def derived(self, name: str) -> Path:
        """Return the local folder of one kind of derived files; it need not exist yet."""
        return self.folder / name

    def state(self) -> State:
        """Return where the archive stands now; nothing is read when nobody has committed since."""
        if self._held.now is not None:
            return self._held.now.state
        with self._looking:
            # Asked before reading: a commit in between is seen by the next call, never missed.
            if self._database.changed() or self._state is None:
                self._state = None
                self._changes += 1
                with self.scan() as connection:
                    self._state = state_of(connection)
            return self._state

    def changes(self) -> int:
        """Return a number that has grown when anybody has committed since the last call."""
        self.state()
        return self._changes

    def wait_for_change(self, timeout_s: float) -> bool:
        """Wait until somebody has committed; see `Database.wait_for_change`."""
        return self._database.wait_for_change(timeout_s)

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
        wanted = possible(ids)
        with self.read() as connection:
            rows = connection.execute(selects.CROPS, {"ids": json.dumps(wanted)}).all()
        held = {crop.crop_id: crop for crop in map(read_crop, rows)}
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
            held = connection.scalar(select(c.id).where(c.id.in_(possible([crop_id]))))
        if held is None:
            raise NotFound(f"{self.location} holds no crop {crop_id}", "every answer shows the ids")

    def picture(self, crop_id: int) -> bytes:
        """Return the crop's JPEG.

        Raises:
            NotFound: no crop has this id.
            ArchiveError: the picture is damaged (its checksum differs) or missing.
            StorageError: it is in a store of objects, which cannot be used.
        """
        self.crop(crop_id)
        return reading.picture(self, crop_id)
