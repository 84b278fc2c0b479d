"""The tables of reviews by a second examiner.

Items name tracklets and crops by number, without a reference: the counts of an outcome outlive what
is erased.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from reidsearch.store.tables.crops import metadata, row_digest

review = Table(
    "review",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_number", Text, nullable=False),
    Column("identity_id", ForeignKey("identity.id"), nullable=False),
    Column("seed", LargeBinary(32), nullable=False),  # of the order; salt of the key's digest
    Column("key_sha256", LargeBinary(32), nullable=False),
    Column("first_examiners", JSON, nullable=False),
    Column("fillers_wanted", Integer, nullable=False),
    Column("started_by", Text, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("finished_us", BigInteger),
    row_digest(),
    sqlite_autoincrement=True,
)

# References have places below zero: they are shown beside the items, and not asked about.
review_item = Table(
    "review_item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("review_id", ForeignKey("review.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("part", String(16), nullable=False),
    Column("kind", String(16), nullable=False),  # of the member
    Column("number", Integer, nullable=False),
    Column("first", String(16)),  # what the first examiner decided; null: a filler or a reference
    Column("beside", JSON, nullable=False),  # of a filler: [[kind, number], ...] seen with it
    row_digest(),
    UniqueConstraint("review_id", "place"),
    UniqueConstraint("review_id", "kind", "number"),
)

# Only appended to: of an item the last answer counts.
review_answer = Table(
    "review_answer",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("review_id", ForeignKey("review.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("answer", String(16), nullable=False),
    Column("who", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    row_digest(),
    Index(None, "review_id"),
    sqlite_autoincrement=True,
)
