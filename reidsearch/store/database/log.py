"""The write-ahead log of an archive: refused when committed transactions in it cannot be read.

`wal.py` knows the format; here is when it is asked, and what is done then. It is asked before
SQLite opens an archive whose log is not empty, because SQLite would go on without the rest of a
damaged log and write over it. While somebody holds the writer lock nothing is asked: the log is in
use, and its end is known to those who use it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from reidsearch.base import atomic
from reidsearch.base.errors import ArchiveError, Kind, StorageError
from reidsearch.base.timecode import now
from reidsearch.store.database import wal
from reidsearch.store.database.lock import is_locked, writer_lock

SUFFIX = "-wal"
ASIDE = "damaged-log"
LOOKS = 3


def require_whole_log(database: Path) -> None:
    """Refuse a database beside which lies a damaged log.

    Raises:
        ArchiveError: committed transactions in it cannot be read.
    """
    damage = _damage(database)
    if damage is None:
        return
    raise ArchiveError(
        f"{database.parent}: {_said(damage)}",
        "put the log back as it was, or go on without them",
        kind=Kind.LOG_DAMAGED,
        archive=database.parent,
        transactions=damage.transactions,
    )


def go_on_without(database: Path) -> str | None:
    """Keep a damaged log aside, and go on with what of it can be read.

    Returns:
        What was lost, and where the log is kept; None: the log is whole.

    Raises:
        ArchiveLocked: another process writes.
        StorageError: the log cannot be copied.
    """
    if _damage(database) is None:
        return None
    with writer_lock(database.parent):
        damage = _examined(_log(database))
        if damage is None:
            return None
        kept = database.with_name(f"{ASIDE}-{now():%Y%m%dT%H%M%S%f}")
        try:
            with atomic.creating(kept) as partial:
                shutil.copyfile(_log(database), partial)
                os.chmod(partial, 0o600)  # noqa: PTH101
        except OSError as error:
            raise StorageError(f"{kept} cannot be written: {error.strerror or error}") from error
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return f"{_said(damage)}; the log as it was is kept as {kept.name}"


def _said(damage: wal.Damage) -> str:
    what = "the header" if damage.frame < 0 else f"frame {damage.frame}"
    count = damage.transactions
    return (
        f"{count} committed transaction{'' if count == 1 else 's'} at the end of the write-ahead "
        f"log cannot be read, because {what} of it is damaged: crops, deletions or decisions of "
        "the last moments before a kill or a power cut"
    )


def _damage(database: Path) -> wal.Damage | None:
    log = _log(database)
    try:
        if not log.stat().st_size or is_locked(database.parent):
            return None
    except OSError:
        return None
    return _examined(log)


def _examined(log: Path) -> wal.Damage | None:
    """Look until nobody wrote meanwhile: decisions are taken without the writer lock."""
    for _ in range(LOOKS):
        before = _stamp(log)
        try:
            damage = wal.examine(log)
        except OSError:
            return None  # SQLite tells what is wrong
        if damage is None:
            return None
        if _stamp(log) == before:
            return damage
    return None


def _stamp(log: Path) -> tuple[int, int] | None:
    try:
        stat = log.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _log(database: Path) -> Path:
    return database.with_name(database.name + SUFFIX)
