"""An archive's beginning and its change of version: making one in a folder, migrating it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection, insert

from reidsearch.base import atomic, settings_file
from reidsearch.base.address import Address, PostgresAddress
from reidsearch.base.errors import ArchiveError, Kind, StorageError, UsageError
from reidsearch.base.timecode import now, to_us
from reidsearch.store import tables
from reidsearch.store.database import expected, schema, sqlite
from reidsearch.store.database.lock import HOLDER, LOCK, RUNNER, WORKER, writer_lock

Told: TypeAlias = Callable[[Connection, str, str], object]
Begun: TypeAlias = Callable[[Connection], object]

_OWN_NAMES = {
    settings_file.NAME,
    LOCK,
    HOLDER,
    RUNNER,
    WORKER,
    sqlite.DATABASE,
}
"""What an archive that is being made may hold, beside what `atomic` makes."""


def create(address: Address, *, logged: bool = True, begun: Begun | None = None) -> None:
    """Make an empty archive; see `Store.create`.

    Args:
        begun: is called in the transaction that makes it.
    """
    if isinstance(address, PostgresAddress):
        _create_postgresql(address, logged, begun)
    else:
        _create_folder(address, logged, begun)


def _create_postgresql(address: PostgresAddress, logged: bool, begun: Begun | None = None) -> None:
    from reidsearch.store.database.postgresql import making

    making.require_database(address)
    if making.holds_archive(address):
        return
    with making.creating(address) as connection:
        if connection is not None:
            _first_row(connection, logged)
            if begun is not None:
                begun(connection)


def _first_row(connection: Connection, logged: bool) -> None:
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


def _create_folder(folder: Path, logged: bool, begun: Begun | None = None) -> None:
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
        create_file(folder, logged=logged, begun=begun)


def create_file(folder: Path, *, logged: bool = True, begun: Begun | None = None) -> None:
    """Make the database of an empty archive in a folder that nobody else writes to."""
    with sqlite.creating(folder) as connection:
        schema.upgrade(connection)
        _first_row(connection, logged)
        if begun is not None:
            begun(connection)


def migrate(address: Address, told: Told) -> tuple[str, str]:
    """Bring an archive of an earlier version to this one's schema, whole or not at all.

    Args:
        told: is called in the same transaction, with the revision before and after.

    Returns:
        The revision before and after.

    Raises:
        ArchiveLocked: another process writes.
        ArchiveVersionError: it was made by a newer version.
    """
    if isinstance(address, PostgresAddress):
        return _migrate_postgresql(address, told)
    return _migrate_folder(address, told)


def _migrate_postgresql(address: PostgresAddress, told: Told) -> tuple[str, str]:
    from reidsearch.store.database.postgresql import making

    if not making.holds_archive(address):
        raise ArchiveError(f"there is no archive {address}")
    with making.locked(address), making.rebuilding(address) as connection:
        before = making.revision(connection)
        if before is None or before > schema.REVISION:
            schema.require_revision(before, address)
        schema.upgrade(connection)
        if before != schema.REVISION:
            told(connection, str(before), schema.REVISION)
    return str(before), schema.REVISION


def _migrate_folder(folder: Path, told: Told) -> tuple[str, str]:
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


def require_usable_name(folder: Address) -> None:
    """Refuse a path whose bytes are not text: neither FAISS nor VACUUM INTO takes one."""
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"the archive's path {str(folder)!r} is not UTF-8", "give the archive another name"
        ) from error
