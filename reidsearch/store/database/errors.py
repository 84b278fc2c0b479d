"""What an error of SQLite means for the user: the one place that knows its error codes."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from reidsearch.base.errors import ArchiveError, ArchiveLocked, Kind, ReidsearchError, StorageError
from reidsearch.base.foreign_errors import exhausted
from reidsearch.store.database import opening
from reidsearch.store.database.damage import damage_of

ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What the driver raises; to be caught and `translated`."""
FILES_OPENED = 4  # by SQLite at once: the database, its log, the shared memory, one to spare


def translated(path: Path, error: BaseException) -> ReidsearchError | None:
    """Return what an error of SQLite means for the user; None when it is a mistake of ours."""
    if isinstance(error, UnicodeDecodeError):  # of the text in a message of SQLite's
        return _damaged(path, f"{path} holds text that is none")
    if not isinstance(error, sqlite3.Error):
        return None
    if (damage := damage_of(path.parent, error)) is not None:
        return damage
    whole = getattr(error, "sqlite_errorcode", 0)
    if resource := _exhausted(path, whole):
        return resource
    code = whole & 0xFF  # without the extended part
    said = f"{path}: {error}"
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return StorageError(
            said, "free some space and run the same command again; nothing committed is lost"
        )
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return opening.refusal(path, said)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return ArchiveLocked(said, "another program holds the database; try again")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return _damaged(path, said)
    return None


def _damaged(path: Path, said: str) -> ArchiveError:
    return ArchiveError(
        said,
        "verify the archive, or restore it from a backup",
        kind=Kind.DATABASE_DAMAGED,
        archive=path.parent,
    )


def _exhausted(path: Path, code: int) -> StorageError | None:
    """Return the error of a process without descriptors or memory, which SQLite tells as another.

    Where it could not open a file, this tries whether any can be opened: not the database, since
    closing that again would give up the locks that SQLite holds on it.
    """
    if code in {sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_IOERR_NOMEM}:
        return exhausted(MemoryError(), str(path))
    if code & 0xFF == sqlite3.SQLITE_CANTOPEN:
        descriptors = []
        try:
            for _ in range(FILES_OPENED):
                descriptors.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            return exhausted(error, str(path))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
    return None
