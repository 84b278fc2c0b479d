"""The tables of files that the servers of one archive pass to each other; evidence of nothing."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from reidsearch.store.tables.crops import metadata, row_digest

passing_file = Table(
    "passing_file",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("room", String(16), nullable=False),  # `store.passing.Room`
    Column("key", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=False),
    row_digest(),
    UniqueConstraint("room", "key"),
    sqlite_autoincrement=True,
)

passing_part = Table(
    "passing_part",
    metadata,
    Column("file_id", ForeignKey("passing_file.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
)
