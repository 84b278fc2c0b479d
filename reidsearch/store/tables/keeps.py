"""The table of how long the recorders of cameras keep footage."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, Table, Text, UniqueConstraint

from reidsearch.store.tables.crops import metadata, row_digest

camera_keeps = Table(
    "camera_keeps",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # By its name, as a rule of retention: it holds for footage that is not indexed yet.
    Column("camera", Text, nullable=False),
    Column("days", Float, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_us", BigInteger, nullable=False),
    row_digest(),
    UniqueConstraint("camera"),
    sqlite_autoincrement=True,
)
