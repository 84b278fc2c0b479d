"""The tables of forgetting: what must not be deleted, what is to be deleted when, and what of the
deleted is kept out."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from reidsearch.store.tables.crops import metadata, row_digest

# Of what a hold is one of case, identity, sources and camera is there. A released one stays.
hold = Table(
    "hold",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_number", Text),
    Column("identity_id", ForeignKey("identity.id")),
    Column("source", Text),  # as it was given: part of a place, or of a SHA-256
    Column("source_ids", JSON(none_as_null=True)),  # which it meant then
    Column("camera", Text),
    Column("from_us", BigInteger),
    Column("to_us", BigInteger),
    Column("note", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_us", BigInteger, nullable=False),
    Column("released_by", Text),
    Column("released_us", BigInteger),
    row_digest(),
    sqlite_autoincrement=True,
)

retention = Table(
    "retention",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("camera", Text),  # null: every camera without a rule of its own
    Column("days", Integer, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_us", BigInteger, nullable=False),
    row_digest(),
    UniqueConstraint("camera"),
    sqlite_autoincrement=True,
)

# Crops that no index run brings back, by a digest that only this archive can make.
kept_out = Table(
    "kept_out",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    row_digest(),
)
