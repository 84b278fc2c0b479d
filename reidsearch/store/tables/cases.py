"""The table of cases; `case` is a word of SQL, so it has another name."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text, UniqueConstraint

from reidsearch.store.tables.crops import metadata, row_digest

investigation = Table(
    "investigation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("number", String(100), nullable=False),
    Column("title", Text, nullable=False),
    Column("authority_kind", Text, nullable=False),
    Column("authority_reference", Text, nullable=False),
    Column("issued_us", BigInteger),
    Column("expires_us", BigInteger),
    Column("purpose", Text, nullable=False),
    Column("examiner", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("opened_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),
    row_digest(),
    UniqueConstraint("number"),
    sqlite_autoincrement=True,
)
