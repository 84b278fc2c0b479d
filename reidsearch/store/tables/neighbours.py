"""The table of the neighbour graph's file."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from reidsearch.store.tables.crops import metadata, row_digest

neighbours = Table(
    "neighbours",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("model_id", ForeignKey("model.id"), nullable=False),
    Column("file", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("crops", BigInteger, nullable=False),
    Column("built_us", BigInteger, nullable=False),
    Column("adjusted_by", LargeBinary(32)),  # SHA-256 of the camera means; null: plain scores
    row_digest(),
    Column("node", String(36)),  # whose files these are; null: the archive's folder has them
    sqlite_autoincrement=True,
)
