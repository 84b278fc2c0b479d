"""Which database is under an archive: its address tells."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from reidsearch.base.address import Address, PostgresAddress
from reidsearch.base.data_folder import data_folder
from reidsearch.base.errors import StorageError
from reidsearch.store.contract import Database
from reidsearch.store.database import sqlite


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
        folder = data_folder() / "archives" / str(UUID(uuid))
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made: {error.strerror or error}") from error
        return folder
    return address
