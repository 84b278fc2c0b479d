"""The tables of reference photographs: pictures from outside that are said to show an identity."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from reidsearch.store.tables.crops import metadata, row_digest

# `identity_id` follows the decisions, as members do; null: it was removed, which can be undone.
reference_photo = Table(
    "reference_photo",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("identity_id", ForeignKey("identity.id")),
    Column("given_for", Integer, nullable=False),  # the identity that it was added to
    Column("name", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("x1", Integer, nullable=False),
    Column("y1", Integer, nullable=False),
    Column("x2", Integer, nullable=False),
    Column("y2", Integer, nullable=False),
    Column("detection", String(16)),  # `domain.query_origins.Detection`; null: a box was given
    Column("added_us", BigInteger, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("case_number", Text),
    Column("note", Text, nullable=False),
    row_digest(),
    Index(None, "identity_id"),
    sqlite_autoincrement=True,
)

photo_picture = Table(
    "photo_picture",
    metadata,
    Column("photo_id", ForeignKey("reference_photo.id", ondelete="CASCADE"), primary_key=True),
    Column("data", LargeBinary, nullable=False),  # the file as it was given
    Column("sha256", LargeBinary(32), nullable=False),
    Index(None, "sha256"),
)

photo_embedding = Table(
    "photo_embedding",
    metadata,
    Column("model_id", ForeignKey("model.id"), primary_key=True),
    Column("photo_id", ForeignKey("reference_photo.id", ondelete="CASCADE"), primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian, unit length
    Column("sha256", LargeBinary(32), nullable=False),
    Index(None, "photo_id"),
)
