"""The table of the camera means in force: one row, derived, replaced whole."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, LargeBinary, Table

from reidsearch.store.tables.crops import metadata, row_digest

adjustment = Table(
    "adjustment",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("model_id", ForeignKey("model.id"), nullable=False),
    Column("made_us", BigInteger, nullable=False),
    # The archive when the means were taken.
    Column("crops", BigInteger, nullable=False),
    Column("erasures", BigInteger, nullable=False),
    Column("cameras", JSON, nullable=False),  # [[camera_id or null, people, crops], ...]
    # float32 means, then int32 slots and float32 norms by crop id; little-endian.
    Column("data", LargeBinary, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    row_digest(),
    sqlite_autoincrement=True,
)
