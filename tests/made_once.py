"""Migrations run once a process for new archives in folders, not once for each of thousands.

They take a fifth of a second of the processor, mostly on texts of statements that end up the same.
What they made the first time is kept as statements and made of these from then on: the same
tables, letter by letter. Archives that have tables are migrated as ever, and so are those of
PostgreSQL and of processes that a test starts.
"""

from __future__ import annotations

import sqlite3
from functools import cache

from sqlalchemy import Connection, create_engine

from reidsearch.store.database import schema


def install() -> None:
    """Let new archives have their tables of what the migrations made for the first."""
    migrate = schema.upgrade

    @cache
    def made() -> tuple[str, ...]:
        database = sqlite3.connect(":memory:", check_same_thread=False)
        engine = create_engine("sqlite+pysqlite://", creator=lambda: database)
        with engine.begin() as connection:
            migrate(connection)
        statements = tuple(line for line in database.iterdump() if line not in BOUNDS)
        engine.dispose()
        return statements

    def upgrade(connection: Connection) -> None:
        if connection.dialect.name != "sqlite" or _entries(connection):
            migrate(connection)
        else:
            for statement in made():
                connection.exec_driver_sql(statement)

    schema.upgrade = upgrade


BOUNDS = ("BEGIN TRANSACTION;", "COMMIT;")


def _entries(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM main.sqlite_schema").scalar_one())
