"""The table of grounds: which points of a camera's picture are where on the ground, and when."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, ForeignKey, Index, Integer, Table, Text

from reidsearch.store.tables.crops import metadata, row_digest

# A camera that was turned has several. Of those that hold at a time, the last that was set counts.
camera_ground = Table(
    "camera_ground",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("camera_id", ForeignKey("camera.id"), nullable=False),
    Column("points", JSON, nullable=False),  # [[x, y, east, north], ...]: shares, then metres
    Column("width_px", Integer, nullable=False),  # of the picture that they were read from
    Column("height_px", Integer, nullable=False),
    Column("click_px", Float, nullable=False),
    Column("from_us", BigInteger),  # from when to when it holds; null: without an end
    Column("to_us", BigInteger),
    Column("note", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_us", BigInteger, nullable=False),
    row_digest(),
    Index(None, "camera_id"),
    sqlite_autoincrement=True,
)
