"""One state of an archive for many reads, whatever is committed meanwhile."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from reidsearch.store.contract import Database


class OneRead:
    """A `Database` all of whose reads are one: `Store.snapshot` puts it under a store.

    Threads take turns. What is written through it goes to the database itself, and is not seen.
    """

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database, self._connection = database, connection
        self._turn = threading.RLock()

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Give the one connection; see `Database.read`."""
        with self._turn:
            yield self._connection

    def changed(self) -> bool:
        """Return False: this state never changes."""
        return False

    def close(self) -> None:
        """Do nothing: the store that this is a snapshot of is still open."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)
