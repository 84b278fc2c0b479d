"""Where a copy is made: an archive of its own, which nobody else opens until it is whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, update

from reidsearch.base.actor import Author
from reidsearch.base.address import Address
from reidsearch.base.errors import InputError, absent
from reidsearch.domain.event_log import Event
from reidsearch.store import jobs, queue, tables
from reidsearch.store.contract import Database
from reidsearch.store.copying import marker
from reidsearch.store.copying.marker import Mark
from reidsearch.store.database import kinds, lifecycle, sqlite
from reidsearch.store.database.references import set_counter
from reidsearch.store.event_log import append


class Target:
    """The target of a copy, whose writer lock is held.

    Attributes:
        resumed: an earlier copy began it.
    """

    def __init__(self, address: Address, database: Database, mark: Mark, resumed: bool) -> None:
        self.address = address
        self.resumed = resumed
        self._database = database
        self._mark = mark

    @property
    def folder(self) -> Path:
        """Where its files are; see `Store.folder`."""
        return kinds.local_folder(self.address, self._mark.uuid)

    def read(self) -> AbstractContextManager[Connection]:
        """See `Database.read`."""
        return self._database.read()

    def scan(self) -> AbstractContextManager[Connection]:
        """See `Database.scan`."""
        return self._database.scan()

    def write(self) -> AbstractContextManager[Connection]:
        """See `Database.fill`."""
        return self._database.fill()

    def complete(
        self,
        archive: Mapping[str, Any],
        counters: Mapping[Table, int],
        author: Author | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Make it the archive that it is a copy of, in one transaction.

        An archive that goes on has no jobs and no queue of the other, and an entry of its event
        log; a backup, which is restored first, is left as it was.

        Args:
            archive: the row that tells how the archive stands.
            counters: the highest number that each table ever gave to a row.
            author, detail: of the entry of the event log; None: it is a backup.

        Raises:
            ArchiveError: rows refer to rows that are not there.
        """
        with self.write() as connection:
            marker.end(connection, self._mark)
            for table, highest in counters.items():
                set_counter(connection, table, highest)
            connection.execute(update(tables.archive).values(**archive))
            if detail is None:
                return
            jobs.leave(connection)
            queue.leave(connection)
            writing = connection.execution_options(
                author=author, logged=archive["logged"] is not False
            )
            append(writing, Event.COPIED, detail)


@contextlib.contextmanager
def in_new_folder(folder: Path, source: str, uuid: str) -> Iterator[Target]:
    """Give the target of a copy in an empty folder that nobody else knows of, such as a backup's.

    When it is done, the folder holds one file: the database.
    """
    lifecycle.create_file(folder, begun=lambda made: marker.begin(made, source, uuid))
    with contextlib.closing(sqlite.Sqlite(folder)) as database:
        with database.read() as connection:
            mark = marker.mark_of(connection)
        if mark is None:
            raise absent("the mark of a copy")
        yield Target(folder, database, mark, resumed=False)
        database.purge()


@contextlib.contextmanager
def opened(address: Address, source: str, uuid: str) -> Iterator[Target]:
    """Give the target of a copy, made where nothing is, or as an earlier copy has left it.

    Args:
        source: where it is made from, as commands name it.
        uuid: of the archive that is copied.

    Raises:
        InputError: an archive is there, or a copy of another one.
        ArchiveLocked: another process makes it.
    """
    lifecycle.require_usable_name(address)
    resumed = kinds.holds_archive(address)
    if not resumed:
        lifecycle.create(address, begun=lambda made: marker.begin(made, source, uuid))
    with contextlib.closing(kinds.open_database(address)) as database:
        with database.read() as connection:
            database.require_current(connection)
            mark = marker.mark_of(connection)
        if mark is None:
            raise InputError(f"{address} exists already", "an archive is copied to a new place")
        if mark.uuid != uuid:
            raise InputError(
                f"{address} is being made by a copy of another archive, {mark.source}",
                "finish that, or give another place",
            )
        with database.lock():
            yield Target(address, database, mark, resumed)
