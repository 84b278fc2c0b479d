"""What a database under an archive must do: the contract between `Store` and a database.

A `Store` (`store/crops/store.py`) and everything else in this room is portable SQLAlchemy Core
over the few calls here; `store/database/sqlite.py` and `store/database/postgresql/` implement
them, and `tests/contract_store.py` is the suite that each passes.

**Reading.** `read()` gives a connection on one consistent snapshot: that of its first statement,
whatever is committed meanwhile. Nothing can be changed by it. Readers never wait for the writer,
nor the writer for them. Every row that a statement takes is proven by its digest
(`store/row_digests.py`) before it is used; `scan()` reads without that.

**Writing.** `write()` gives a connection on one transaction that holds the database's write lock
from its beginning to its end: writers of all threads and processes follow each other. It commits
when the block ends, and then survives a power cut; it is rolled back when the block raises, and
then nothing of it was ever visible. Keep it short. It must not be nested in another `write()` of
the same thread (refused with `RuntimeError`, since it would wait for itself).

**The writer lock.** `lock()` is for work of many transactions that excludes all other such work
(deleting, re-embedding, repair, a change of version): one holder at a time on all machines, freed
when its process dies. Decisions do not take it. It is not reentrant: a function that needs it held
by its caller says so.

**Index runs.** `indexing()` holds the writer lock for an index run, or for other work that adds or
corrects: with others who index where the database can (PostgreSQL), else alone (SQLite). Each run
has a lock of its own (`announce`), so a run that is recorded as running and is not among
`live_runs()` was killed, and takes sources one at a time (`claim`), so that two runs never work on
the same bytes. All locks of a run are lost together, and who has lost them writes nothing more: the
next `write()` of its thread is refused.

**A lost connection.** Nothing is retried for the caller but what had not begun: where a connection
was lost while nobody used it, `write()` takes another one. Lost in the middle of a transaction,
nothing of it was written (`StorageError`). Lost while it is committed, the database is asked
afterwards: the block ends normally if it was committed, and raises `StorageError` if it was not,
or, in other words, if nobody could be asked in time. So an error that says that nothing was
written may be answered by doing the same again, and what was acknowledged is there, once.

**Threads.** One `Store` may be shared by any number of threads: every method may be called at any
time by any of them, also while another thread writes. A connection belongs to the thread that
took it and ends with its block. A thread may nest reads, and read while it writes; a read does not
see what an unfinished `write()` has changed.

**Idempotence.** Creating an archive where one is keeps it; `close` may be called again; `changed`
is True once for each reason. Retrying a `write()` that raised is safe, unless its error says that
nobody can tell whether it was committed.

**Errors.** Whatever the database raises reaches the caller as an `ArchiveLocked` (somebody else
holds it for too long), a `StorageError` (no space, no permission) or an `ArchiveError` (damaged).
Mistakes of this program (a wrong statement, a broken constraint) stay SQLAlchemy's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from sqlalchemy import Connection, Table

if TYPE_CHECKING:
    from reidsearch.domain.certificates import ServerKeeps
    from reidsearch.store.row_digests import Value

Transaction: TypeAlias = Connection
"""What `read` and `write` give; rooms above name it without knowing SQLAlchemy."""


class Database(Protocol):
    """The database of one archive; see this module's contract."""

    @property
    def location(self) -> str:
        """Where the archive is, as messages and commands name it."""
        ...

    @property
    def in_file(self) -> bool:
        """Whether the database is a file of the archive's folder, and none of a server."""
        ...

    def require_current(self, connection: Connection) -> None:
        """Refuse an archive of another version, or with other tables than this version makes.

        Raises:
            ArchiveError: it holds something else.
            ArchiveVersionError: it has to be migrated, or this program to be upgraded.
        """
        ...

    def writable(self) -> bool:
        """Tell whether this process may write to the archive."""
        ...

    def read(self) -> AbstractContextManager[Connection]:
        """Give a connection that sees one consistent state and changes nothing.

        with store.read() as connection:
            count = connection.scalar(select(func.count()).select_from(tables.crop))
        """
        ...

    def scan(self) -> AbstractContextManager[Connection]:
        """Give a connection as `read` does, whose rows are not proven.

        For counting and filtering whole tables, and for what must go on beside damage (checking,
        deleting). What an answer shows is never taken from it.
        """
        ...

    def unproven(self, connection: Connection) -> AbstractContextManager[Connection]:
        """Give a connection of `read`, whose rows are not proven meanwhile."""
        ...

    def write(self) -> AbstractContextManager[Connection]:
        """Give a connection in one transaction under the database's write lock.

            with store.write() as connection:
                connection.execute(delete(tables.failure))

        Raises:
            ArchiveLocked: others held the write lock for too long.
            StorageError: it cannot be written.
        """
        ...

    def fill(self) -> AbstractContextManager[Connection]:
        """Give a connection as `write` does, whose rows may refer to rows that come later.

        For the target of a copy (`store/copying`), which nobody else opens.
        """
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Hold the archive's writer lock; at once or not at all.

        Raises:
            ArchiveLocked: somebody holds it; the message names process, user, host and since when.
            StorageError: the archive cannot be written.
        """
        ...

    def indexing(self) -> AbstractContextManager[None]:
        """Hold the writer lock for an index run; at once or not at all.

        Raises:
            ArchiveLocked: somebody holds it in a way that excludes index runs; the message names
                them as that of `lock` does.
            StorageError: the archive cannot be written.
        """
        ...

    def locked(self) -> bool:
        """Tell whether somebody holds the writer lock just now, for an index run or alone."""
        ...

    def may_index(self) -> bool:
        """Tell whether an index run could begin just now."""
        ...

    def holder(self) -> str | None:
        """Return how messages name who holds the writer lock just now; None: nobody does."""
        ...

    def uploading(self) -> AbstractContextManager[None]:
        """Hold the right to change what a server beside the archive has of it, after who has it.

        For the holder of `Store.deriving`, which keeps out this machine's processes alone.
        """
        ...

    def running_jobs(self) -> AbstractContextManager[None]:
        """Hold the right to run the archive's jobs; at once or not at all.

        One holder at a time on all machines, freed when its process dies: a job that is recorded
        as running while nobody holds it was killed. It does not exclude the writer lock.

        Raises:
            ArchiveLocked: somebody holds it.
            StorageError: the archive cannot be written.
        """
        ...

    def jobs_run(self) -> bool:
        """Tell whether somebody holds the right to run the archive's jobs just now."""
        ...

    def working(self, worker_id: int) -> AbstractContextManager[None]:
        """Hold the sign that a worker of the queue lives; freed when its process dies.

        A folder has one worker at a time.

        Raises:
            ArchiveLocked: another worker is at work on this folder.
            StorageError: the archive cannot be written.
        """
        ...

    def living(self, worker_ids: Collection[int]) -> frozenset[int]:
        """Return those of these workers whose sign is held; of a folder only the latest can be."""
        ...

    def cut_off(self, host: str, pid: int) -> None:
        """End the connections of a process that does not answer, and so all that it holds.

        Of an archive in a folder nothing can be cut off.
        """
        ...

    def announce(self, run_id: int) -> None:
        """Take the lock of an index run, in whose `indexing` this thread is.

        To be called before the row of the run is committed, so that nobody takes it for killed.
        """
        ...

    def live_runs(self) -> frozenset[int]:
        """Return the index runs at work just now.

        A run that is recorded as running and is not one of them was killed.
        """
        ...

    def claim(self, sha256: bytes) -> AbstractContextManager[bool]:
        """Claim a source for this thread's index run; give False when another run works on it.

        It is freed at the end of the block, or with the run's other locks when its process dies.
        Within `indexing`.

            with store.indexing(), store.claim(sha256) as ours:
                if ours: ...
        """
        ...

    def changed(self) -> bool:
        """Tell whether anybody has committed since the last call; True at the first.

        Costs microseconds: it is asked before every search.
        """
        ...

    def wait_for_change(self, timeout_s: float) -> bool:
        """Wait until somebody has committed, at most so long; tell whether somebody has.

        Each thread is told of what was committed since it was told last: True at once for what
        came between two calls, and at a thread's first call. So a thread that looks whenever it is
        True misses nothing. It may be True without a reason (a server that was away is back); it
        never raises for a server that is away, which whoever looks then is told.

            while not stopping:
                if store.wait_for_change(10.0):
                    look(store)
        """
        ...

    def rows_proven(self, table: Table) -> Iterator[tuple[int, list[dict[str, Value]]]]:
        """Prove all rows of a table; yield how many were read, and which are damaged.

        A damaged one is told by the columns of `row_digests.told_of`.
        """
        ...

    def damage(self) -> list[str]:
        """Return what the database itself finds damaged; nothing when it is whole."""
        ...

    def copy_to(self, folder: Path) -> Path:
        """Write a compact copy, consistent while others read and write; return the file.

        An archive can be opened on `folder` then. Only of a database that is `in_file`.
        """
        ...

    def purge(self) -> bool:
        """Remove what was deleted from the database's logs as well.

        Returns:
            False when a reader still needs it; it is gone when that reader is.
        """
        ...

    def server_keeps(self) -> ServerKeeps | None:
        """Tell where a server may keep what was erased; None: the database is a file.

        Its log, replicas and backups are out of this program's reach.
        """
        ...

    def size_bytes(self) -> int:
        """Return how much space the database takes."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...
