"""The table of regions and lines that are kept with a camera."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Integer, String, Table, Text

from reidsearch.store.tables.crops import metadata, row_digest

# The camera by its name, as a rule of retention: it outlives the last crop of it.
place = Table(
    "place",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", String(16), nullable=False),  # region, line
    Column("camera", Text, nullable=False),
    Column("points", JSON, nullable=False),  # [[x, y], ...] as fractions of the picture
    Column("set_by", Text, nullable=False),
    Column("set_us", BigInteger, nullable=False),
    row_digest(),
    sqlite_autoincrement=True,
)
