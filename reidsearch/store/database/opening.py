"""How the database's file is opened: what lies there is looked at first, and trusted no further.

An archive may come from elsewhere, so its database may be a link to another file, its log too, and
what is in it may be made to harm whoever opens it. And whoever opens it may not be allowed to
write, while others do.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from reidsearch.base.errors import ArchiveError, ArchiveLocked, Kind, StorageError

BESIDE = ("-wal", "-shm", "-journal")
LARGEST_VALUE = 1 << 28  # bytes; a checkpoint of the busiest scene takes a hundredth
DEEPEST_TRIGGERS = 20  # rows that go with a row count as triggers


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Files of a database as they were when it was opened as immutable.

    SQLite takes such a file for one that nobody changes, and never looks again. Somebody who may
    write could begin any time, so it is compared before and after every read.
    """

    database: tuple[int, int, int]
    beside: tuple[tuple[int, int, int] | None, ...]

    @classmethod
    def of(cls, path: Path) -> Snapshot:
        """Look at the files of a database."""
        found = _told(path)
        if found is None:
            raise StorageError(f"{path} is not there any more")
        return cls(found, tuple(_told(beside(path, ending)) for ending in BESIDE))


def beside(path: Path, ending: str) -> Path:
    """Return a file that SQLite keeps beside a database."""
    return path.with_name(path.name + ending)


def address(path: Path, *, read_only: bool) -> tuple[str, Snapshot | None]:
    """Return the URI to open a database with.

    Returns:
        The address, and what has to stay as it is while it is read by it; None: nothing, SQLite
        sees what others commit.
    """
    uri = f"file:{quote(os.fsencode(path.resolve()))}"
    if not read_only:
        return f"{uri}?mode=rwc", None
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return f"{uri}?mode=rw", None
    log, shared = _told(beside(path, "-wal")), _told(beside(path, "-shm"))
    if log is None or (not log[1] and shared is None):
        # Without a log nobody has it open for writing, and SQLite could not make one here.
        return f"{uri}?mode=ro&immutable=1", Snapshot.of(path)
    return f"{uri}?mode=ro", None


def require_unchanged(path: Path, opened: Snapshot) -> None:
    """Refuse what was read of a file that changed while it was read as immutable.

    Raises:
        ArchiveLocked: somebody writes.
    """
    if Snapshot.of(path) != opened:
        raise ArchiveLocked(
            f"{path} was written while it was read, and there is no permission to follow that",
            "do the same again",
        )


def require_own(path: Path) -> None:
    """Refuse a database whose files are links, pipes, or have other names elsewhere.

    SQLite writes to them in place, so that a file somewhere else would be changed.

    Raises:
        ArchiveError: one of them is.
    """
    for one in (path, *(beside(path, ending) for ending in BESIDE)):
        try:
            entry = os.lstat(one)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StorageError(f"{one} cannot be read: {error.strerror or error}") from error
        if not stat.S_ISREG(entry.st_mode):
            raise ArchiveError(
                f"{one} is a link or no regular file, and is not opened",
                "put the file itself there",
                kind=Kind.ARCHIVE_FOREIGN,
            )
        if entry.st_nlink > 1:
            raise ArchiveError(
                f"{one} has another name elsewhere (a hard link), and is not opened: "
                "writing would change that file too",
                "make a copy of it under this name",
                kind=Kind.ARCHIVE_FOREIGN,
            )


def harden(connection: sqlite3.Connection) -> None:
    """Let a connection trust nothing of what the file says of itself."""
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, DEEPEST_TRIGGERS)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)


def refusal(path: Path, said: str) -> StorageError:
    """Return what it means that SQLite cannot open a database, or one of the files beside it."""
    if not os.access(path, os.R_OK):
        return StorageError(f"{path} cannot be read", "ask its owner for permission to read it")
    unreadable = [
        one.name
        for one in (beside(path, ending) for ending in BESIDE[:2])
        if not os.access(one, os.R_OK)
    ]
    if _told(beside(path, "-wal")) is not None and unreadable:
        return StorageError(
            f"{path}: what was written last cannot be read: no access to {', '.join(unreadable)}",
            "reading while others write takes permission to read them, or to write to the folder; "
            "where the folder is a copy, copy it whole",
        )
    return StorageError(said, "the archive's folder must be writable for this command")


def _told(path: Path) -> tuple[int, int, int] | None:
    """(inode, size, time of the last change) of a file; None: it is not there."""
    try:
        entry = os.lstat(path)
    except OSError:
        return None
    return entry.st_ino, entry.st_size, entry.st_mtime_ns
