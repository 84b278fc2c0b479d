"""The tables of decisions and identities.

`decision` is only ever appended to and holds ids, no references: it outlives what it is about.
The other tables are what its replay leaves in force (`identity_ledger.py`), less members that were
deleted since.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from reidsearch.store.tables.crops import metadata, row_digest

decision = Table(
    "decision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at_us", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("forced", Boolean, nullable=False),
    Column("undoes", ForeignKey("decision.id")),
    Column("changes", JSON, nullable=False),
    row_digest(),
    sqlite_autoincrement=True,
)

# Rows are never deleted, so an id is never used again; without a name it was undone.
identity = Table(
    "identity",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, unique=True),
    Column("merged_into", ForeignKey("identity.id")),
    row_digest(),
)

identity_member = Table(
    "identity_member",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity_id", ForeignKey("identity.id"), nullable=False),
    Column("tracklet_id", ForeignKey("tracklet.id", ondelete="CASCADE"), unique=True),
    Column("crop_id", ForeignKey("crop.id", ondelete="CASCADE"), unique=True),
    row_digest(),
    Index(None, "identity_id"),
)

identity_rejection = Table(
    "identity_rejection",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity_id", ForeignKey("identity.id"), nullable=False),
    Column("tracklet_id", ForeignKey("tracklet.id", ondelete="CASCADE")),
    Column("crop_id", ForeignKey("crop.id", ondelete="CASCADE")),
    row_digest(),
    UniqueConstraint("identity_id", "tracklet_id"),
    UniqueConstraint("identity_id", "crop_id"),
    Index(None, "tracklet_id"),
    Index(None, "crop_id"),
)

# One row: the last `link`. Its proposals are replaced as a whole, but never numbered again.
linking = Table(
    "linking",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at_us", BigInteger, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("counts", JSON, nullable=False),
    row_digest(),
    sqlite_autoincrement=True,
)

proposal = Table(
    "proposal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("linking_id", ForeignKey("linking.id", ondelete="CASCADE"), nullable=False),
    Column("identity_id", ForeignKey("identity.id")),  # what it would add to; None: somebody new
    Column("score", Float, nullable=False),  # adjusted, at the weakest joint
    row_digest(),
    Index(None, "linking_id"),
    sqlite_autoincrement=True,
)

proposal_member = Table(
    "proposal_member",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("proposal_id", ForeignKey("proposal.id", ondelete="CASCADE"), nullable=False),
    Column("tracklet_id", ForeignKey("tracklet.id", ondelete="CASCADE"), unique=True),
    Column("crop_id", ForeignKey("crop.id", ondelete="CASCADE"), unique=True),
    Column("score", Float, nullable=False),  # mean inner product with the rest of its cluster
    row_digest(),
    Index(None, "proposal_id"),
)
