"""Transactions that write: one after the other, and whether each was committed is always known.

Each leaves a note of its own with what it changes. Where the connection is lost while it is being
committed, the note tells whether it was: by then nothing else may be told, and doing it again
could do it twice.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator
from uuid import uuid4

from sqlalchemy import Connection, Engine

from reidsearch.base.address import PostgresAddress
from reidsearch.base.errors import ReidsearchError, StorageError
from reidsearch.store.database.postgresql.connections import PROVEN, connected
from reidsearch.store.database.postgresql.listening import CHANNEL
from reidsearch.store.database.postgresql.locks import CLASS, Lock

CONFIRMED_WITHIN_S = 90.0
"""The server notices within a minute that a machine is gone, and ends what it had begun."""
RETRIES_EVERY_S = 0.5
_TURN = f"pg_advisory_xact_lock({CLASS}, {int(Lock.TRANSACTION)})"
# A notification is delivered when the transaction is committed.
_BEGIN = (
    f"WITH turn AS MATERIALIZED (SELECT {_TURN}, pg_notify('{CHANNEL}', '')) "  # noqa: S608
    f"INSERT INTO {PROVEN}.commit_note (writer, number) SELECT %s::text, %s::bigint FROM turn "
    "ON CONFLICT (writer) DO UPDATE SET number = excluded.number, at = now()"
)
_LEFT = f"DELETE FROM {PROVEN}.commit_note WHERE at < now() - interval '30 days'"  # noqa: S608
_ASK = f"SELECT number FROM {PROVEN}.commit_note WHERE writer = %s"  # noqa: S608
_FORGET = f"DELETE FROM {PROVEN}.commit_note WHERE starts_with(writer, %s)"  # noqa: S608


class Transactions:
    """The transactions of one open archive; threads may begin some at once."""

    def __init__(self, address: PostgresAddress) -> None:
        self._address = address
        self._writer = uuid4().hex
        self._numbers = itertools.count(1)
        self._wrote = False

    @contextlib.contextmanager
    def begin(self, engine: Engine) -> Iterator[Connection]:
        """Give a connection in a transaction; it is committed when the block ends.

        Raises:
            ArchiveLocked: others held the write lock for too long.
            StorageError: it was not committed, or, as the message says, nobody can tell whether.
        """
        note = f"{self._writer}-{threading.get_ident()}", next(self._numbers)
        with contextlib.ExitStack() as closing:
            connection = self._begun(engine, closing, note)
            yield connection
            try:
                connection.commit()
            except ReidsearchError as error:
                if not connection.invalidated:
                    raise
                self._require_committed(note, error)

    def _begun(
        self, engine: Engine, closing: contextlib.ExitStack, note: tuple[str, int]
    ) -> Connection:
        connection = closing.enter_context(engine.connect())
        try:
            connection.exec_driver_sql(_BEGIN, note)
        except StorageError:
            if not connection.invalidated:
                raise
            # It was lost while it lay in the pool; nothing was written yet.
            connection = closing.enter_context(engine.connect())
            connection.exec_driver_sql(_BEGIN, note)
        if not self._wrote:
            connection.exec_driver_sql(_LEFT)
            self._wrote = True
        return connection

    def _require_committed(self, note: tuple[str, int], cause: ReidsearchError) -> None:
        """Refuse to go on unless a transaction whose end was not told was committed.

        Raises:
            StorageError: it was not, or nobody can tell.
        """
        writer, number = note
        until = time.monotonic() + CONFIRMED_WITHIN_S
        while True:
            try:
                with connected(self._address) as connection, connection.transaction():
                    # Its turn ends with the transaction: after that its note tells.
                    connection.execute("SET LOCAL lock_timeout = 5000")
                    connection.execute(f"SELECT {_TURN}")
                    row = connection.execute(_ASK, (writer,)).fetchone()
                break
            except ReidsearchError as error:
                if time.monotonic() > until:
                    raise StorageError(
                        f"{self._address}: the connection was lost while a change was committed, "
                        f"and the server does not tell whether it was ({error.message})",
                        "see whether the change is there before you do it again",
                    ) from cause
                time.sleep(RETRIES_EVERY_S)
        if row is None or row[0] != number:
            raise StorageError(
                f"{self._address}: the connection was lost before a change was committed; nothing "
                "of it was written",
                "do the same again",
            ) from cause

    def close(self) -> None:
        """Take the notes away."""
        if self._wrote:
            with contextlib.suppress(ReidsearchError), connected(self._address) as connection:
                connection.execute(_FORGET, (self._writer,))
            self._wrote = False
