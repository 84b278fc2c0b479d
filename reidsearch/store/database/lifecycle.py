"""An archive's beginning and its change of version: making one in a folder, migrating it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, insert

from reidsearch.base import atomic, settings_file
from reidsearch.base.errors import ArchiveError, Kind, StorageError, UsageError
from reidsearch.base.timecode import now, to_us
from reidsearch.store import tables
from reidsearch.store.database import expected, schema, sqlite
from reidsearch.store.database.lock import HOLDER, LOCK, RUNNER, writer_lock

_OWN_NAMES = {
    settings_file.NAME,
    LOCK,
    HOLDER,
    RUNNER,
    sqlite.DATABASE,
}
"""What an archive that is being made may hold, beside what `atomic` makes."""


def create(folder: Path, *, logged: bool = True) -> None:
    """Make an empty archive; see `Store.create`."""
    require_usable_name(folder)
    if sqlite.holds_archive(folder):
        return
    try:
        foreign = folder.exists() and {
            path.name
            for path in folder.iterdir()
            if path.name not in _OWN_NAMES and not atomic.is_temporary(path.name)
        }
    except NotADirectoryError:
        foreign = {folder.name}
    if foreign:
        raise ArchiveError(
            f"{folder} exists and is not an archive", "give the path of a new or empty folder"
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o007:
            with contextlib.suppress(OSError):  # it is another's
                folder.chmod(0o700)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror}") from error
    with writer_lock(folder):
        if sqlite.holds_archive(folder):
            return
        with sqlite.creating(folder) as connection:
            schema.upgrade(connection)
            connection.execute(
                insert(tables.archive).values(
                    id=1,
                    uuid=str(uuid.uuid4()),
                    created_us=to_us(now()),
                    next_crop_id=1,
                    next_source_id=1,
                    erasures=0,
                    logged=logged,
                )
            )


def migrate(folder: Path, told: Callable[[Connection, str, str], object]) -> tuple[str, str]:
    """Bring an archive of an earlier version to this one's schema, whole or not at all.

    Args:
        told: is called in the same transaction, with the revision before and after.

    Returns:
        The revision before and after.

    Raises:
        ArchiveLocked: another process writes.
        ArchiveVersionError: it was made by a newer version.
    """
    if not sqlite.holds_archive(folder):
        raise ArchiveError(f"there is no archive {folder}")
    with writer_lock(folder), sqlite.rebuilding(folder) as connection:
        expected.require_plain(connection, folder)
        before = schema.revision(connection)
        if before is None or before > schema.REVISION:
            schema.require_current(connection, folder)
        if before == schema.REVISION:
            schema.require_current(connection, folder)
            return schema.REVISION, schema.REVISION
        schema.upgrade(connection)
        schema.require_current(connection, folder)
        if broken := sqlite.broken_references(connection):
            raise ArchiveError(
                f"{folder}: {broken} rows refer to rows that are missing; nothing changed",
                "verify it with the version that made it",
                kind=Kind.MIGRATION_REFUSED,
                archive=folder,
            )
        told(connection, str(before), schema.REVISION)
    return str(before), schema.REVISION


def require_usable_name(folder: Path) -> None:
    """Refuse a path whose bytes are not text: neither FAISS nor VACUUM INTO takes one."""
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"the archive's path {str(folder)!r} is not UTF-8", "give the archive another name"
        ) from error
