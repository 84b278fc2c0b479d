"""The tables of who may sign in, who is signed in, and who failed to."""

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
    # Whom an identity provider means by it, from the first sign-in there on; null: nobody yet.
    Column("issuer", String(500)),
    Column("subject", String(255)),
    row_digest(),
    UniqueConstraint("key"),
    Index(None, "issuer", "subject", unique=True),
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

failed_sign_in = Table(
    "failed_sign_in",
    metadata,
    Column("key", String(64), primary_key=True),  # see `store/failed_sign_ins.py`
    Column("failures", Integer, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),  # no attempt is looked at before
    row_digest(),
)
