"""The table of pending work: a row for what has to be done after a transaction, until it is."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Integer, String, Table

from reidsearch.store.tables.crops import metadata, row_digest

pending = Table(
    "pending",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),  # `domain.pending.Work`
    Column("detail", JSON, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    row_digest(),
    sqlite_autoincrement=True,
)
