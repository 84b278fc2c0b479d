"""Which database is under an archive: its address tells."""

from __future__ import annotations

import contextlib
from pathlib import Path
from uuid import UUID, uuid4

from reidsearch.base import atomic, own_files
from reidsearch.base.address import Address, PostgresAddress
from reidsearch.base.data_folder import data_folder
from reidsearch.base.errors import ArchiveError, Kind, StorageError
from reidsearch.store.contract import Database
from reidsearch.store.database import sqlite

NODE = "node"


def holds_archive(address: Address) -> bool:
    """Tell whether an archive is at this address, or in a folder something with its name."""
    if isinstance(address, PostgresAddress):
        from reidsearch.store.database.postgresql import making

        return making.holds_archive(address)
    return sqlite.holds_archive(address)


def open_database(address: Address) -> Database:
    """Open the database of an archive that is there."""
    if isinstance(address, PostgresAddress):
        from reidsearch.store.database.postgresql.database import Postgres

        return Postgres(address)
    return sqlite.Sqlite(address)


def local_folder(address: Address, uuid: str) -> Path:
    """Return where an archive's files are: its folder, or one of this machine's user."""
    if isinstance(address, PostgresAddress):
        try:
            folder = data_folder() / "archives" / str(UUID(uuid))
        except ValueError as error:
            raise ArchiveError(
                f"{address}: the archive's id is none", kind=Kind.ARCHIVE_DAMAGED
            ) from error
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made: {error.strerror or error}") from error
        return folder
    return address


def node_of(address: Address, folder: Path) -> str | None:
    """Return the name that a machine's files of an archive go by; None: they are the archive's."""
    if not isinstance(address, PostgresAddress):
        return None
    path = folder / NODE
    try:
        if not path.exists():
            with contextlib.suppress(FileExistsError), atomic.creating(path) as fresh:
                fresh.write_text(str(uuid4()), encoding="ascii")
        return str(UUID(own_files.read_bytes(path, 64).decode()))
    except (OSError, ValueError) as error:
        raise StorageError(
            f"{path} does not tell which node this is", "remove it; the index is built anew"
        ) from error
