"""The tables of who may sign in, and of who is signed in."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from reidsearch.store.tables.crops import metadata, row_digest

account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False),
    Column("key", String(400), nullable=False),  # the name without capitals: no two differ in them
    Column("role", String(16), nullable=False),  # `domain.accounts.Role`
    Column("password", String(255), nullable=False),  # hashed by Argon2id, with its parameters
    Column("cameras", JSON(none_as_null=True)),  # a list of names; null: all
    Column("disabled", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    row_digest(),
    UniqueConstraint("key"),
    sqlite_autoincrement=True,
)

session = Table(
    "session",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("token", LargeBinary(32), nullable=False),  # the SHA-256 of what the browser holds
    # Empty: whoever started the server on this machine.
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE")),
    Column("created_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("revoked_us", BigInteger),
    row_digest(),
    UniqueConstraint("token"),
    Index(None, "account_id"),
    sqlite_autoincrement=True,
)
