"""The tables of saved questions: searches that are made again for what index runs bring."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from reidsearch.store.tables.crops import metadata, row_digest

# The identity by its number alone: its name is erased with the identity, in one place.
saved_question = Table(
    "saved_question",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("asked", JSON, nullable=False),  # `domain.saved.asked_json`
    Column("identity_id", Integer),
    Column("case_number", Text),
    Column("reason", Text),
    Column("made_by", Text, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("last_crop", BigInteger, nullable=False),  # only crops of a higher id are new
    Column("asked_us", BigInteger),
    Column("why_not", Text),  # it could not be asked the last time; null: it could
    row_digest(),
    sqlite_autoincrement=True,
)

saved_picture = Table(
    "saved_picture",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("question_id", ForeignKey("saved_question.id", ondelete="CASCADE"), nullable=False),
    Column("origin", JSON, nullable=False),  # with the SHA-256 of the file and of the embedding
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian, unit length
    row_digest(),
    Index(None, "question_id"),
    sqlite_autoincrement=True,
)

saved_answer = Table(
    "saved_answer",
    metadata,
    Column("question_id", ForeignKey("saved_question.id", ondelete="CASCADE"), primary_key=True),
    Column("crop_id", ForeignKey("crop.id", ondelete="CASCADE"), primary_key=True),
    Column("score", Float, nullable=False),
    Column("found_us", BigInteger, nullable=False),
    Column("entry", Integer),  # of the event log; null: it keeps none
    Column("seen_us", BigInteger),  # null: nobody has looked at it yet
    row_digest(),
    Index(None, "crop_id"),
)
