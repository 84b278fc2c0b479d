"""Tables of pictures that are kept outside of the database, in a store of objects."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from reidsearch.store.tables.crops import metadata, row_digest

picture_store = Table(
    "picture_store",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1; no row: there is none
    Column("address", Text, nullable=False),  # `base.object_address`
    Column("folder", String(36), nullable=False),  # below it: of this archive alone
    Column("takes_new", Boolean, nullable=False),  # else new pictures go to the database again
    row_digest(),
)

# In place of a row of `picture`.
picture_object = Table(
    "picture_object",
    metadata,
    Column("crop_id", ForeignKey("crop.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("token", String(16), nullable=False),  # of the object's name, beside the SHA-256
    row_digest(),
)

# Objects whose crops are deleted; a row goes when its object has gone.
picture_gone = Table(
    "picture_gone",
    metadata,
    Column("name", String(96), primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    row_digest(),
)
