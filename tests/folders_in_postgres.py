"""Lets the suite run on PostgreSQL: archives in folders keep their database there.

`pytest --postgres` runs tests as they are: where one opens an archive in a folder, the folder gets
its files and a database of a real server gets the tables. `archive.db` is then a line of text: the
database's name and the folder that it is of. Where that folder was copied or moved, the copy gets a
copy of the database.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path
from typing import Any

MARK = "archive.db"
TEMPLATE = "template_archive"


def install(url: str) -> None:
    """Put archives in folders into databases of this server.

    Args:
        url: of the server, without a database, e.g. `postgresql://postgres@127.0.0.1:5432`.
    """
    import psycopg

    from reidsearch.base.address import Address, PostgresAddress
    from reidsearch.store.database import kinds, lifecycle
    from reidsearch.store.database.postgresql.database import Postgres

    def sql(statement: str, database: str = "postgres") -> None:
        with psycopg.connect(f"{url}/{database}", autocommit=True) as connection:
            connection.execute(statement)

    def copy_of(template: str, folder: Path) -> str:
        name = f"a_{uuid.uuid4().hex}"
        with contextlib.suppress(psycopg.Error):  # of a process that has just ended
            sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{template}' AND state = 'idle'"
            )
        sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        (folder / MARK).write_text(f"{name}\n{folder.resolve()}\n")
        return name

    def database_of(folder: Path) -> PostgresAddress:
        try:
            name, home = (folder / MARK).read_text().splitlines()
        except (OSError, ValueError) as error:
            raise AssertionError(f"{folder} keeps its database in SQLite") from error
        if Path(home) != folder.resolve():
            name = copy_of(name, folder)
        return PostgresAddress(f"{url}/{name}")

    class InFolder(Postgres):
        def __init__(self, folder: Path) -> None:
            self._folder = folder
            super().__init__(database_of(folder))

        @property
        def location(self) -> str:
            return str(self._folder)

    real_create = lifecycle._create_folder
    opened, created, migrated = kinds.open_database, lifecycle.create, lifecycle.migrate

    def create(address: Address, *, logged: bool = True, begun: Any = None) -> None:
        if isinstance(address, PostgresAddress) or begun is not None:  # the target of a copy
            created(address, logged=logged, begun=begun)
        elif not kinds.holds_archive(address):
            made_folder(address, logged)

    def made_folder(folder: Path, logged: bool) -> None:
        # The folder is looked at and made as ever; only the database is another.
        from reidsearch.store.database import sqlite

        @contextlib.contextmanager
        def creating(folder: Path) -> Any:
            copy_of(TEMPLATE, folder)
            yield None

        was = sqlite.creating, lifecycle.schema.upgrade, lifecycle._first_row
        sqlite.creating = creating  # type: ignore[assignment]
        lifecycle.schema.upgrade = lambda _connection: None
        lifecycle._first_row = lambda _connection, _logged: None
        try:
            real_create(folder, logged)
        finally:
            sqlite.creating, lifecycle.schema.upgrade, lifecycle._first_row = was
        sql(
            f"UPDATE main.archive SET uuid = '{uuid.uuid4()}', logged = {logged}, created_us = "
            "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
            database_of(folder).url.rpartition("/")[2],
        )

    def open_database(address: Address) -> Any:
        if isinstance(address, PostgresAddress) or _is_file(address):
            return opened(address)  # a backup is a folder with a file, whatever it is of
        return InFolder(address)

    def migrate(address: Address, told: Any) -> tuple[str, str]:
        in_server = isinstance(address, Path) and not _is_file(address)
        return migrated(database_of(address) if in_server else address, told)

    kinds.open_database = open_database
    lifecycle.create = create
    lifecycle.migrate = migrate
    os.environ["REIDSEARCH_TEST_POSTGRES"] = url
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parent / "in_postgres"), os.environ.get("PYTHONPATH", "")]
    ).rstrip(os.pathsep)


def drop_databases(url: str, folder: Path) -> None:
    """Drop the databases of all archives in a folder: hundreds of tests would fill the memory."""
    import psycopg

    for mark in folder.rglob(MARK):
        if mark.is_symlink() or not mark.is_file() or _is_file(mark.parent):
            continue
        with contextlib.suppress(OSError, ValueError, psycopg.Error):
            name, home = mark.read_text().splitlines()
            if Path(home) == mark.parent.resolve():  # a copy that was never opened has none
                with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
                    connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _is_file(folder: Path) -> bool:
    """Whether the database is a file of SQLite, as that of a backup and what is restored of it."""
    with contextlib.suppress(OSError), (folder / MARK).open("rb") as file:
        return file.read(6) == b"SQLite"
    return False
