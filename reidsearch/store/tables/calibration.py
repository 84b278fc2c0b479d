"""The table of the calibration: one row at most is in force, the newest."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, LargeBinary, Table

from reidsearch.store.tables.crops import metadata, row_digest

calibration = Table(
    "calibration",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at_us", BigInteger, nullable=False),
    Column("model_id", ForeignKey("model.id"), nullable=False),
    Column("provenance", JSON, nullable=False),
    Column("map", JSON, nullable=False),
    Column("curves", LargeBinary, nullable=False),  # (7, BINS) float64, little-endian, zlib
    Column("sha256", LargeBinary(32), nullable=False),  # of the curves
    row_digest(),
    sqlite_autoincrement=True,
)
