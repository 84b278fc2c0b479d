"""The table of the event log: rows are only ever appended; of an erased one the detail goes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from reidsearch.store.tables.crops import metadata, row_digest

log_entry = Table(
    "log_entry",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3, ... without a hole
    Column("at_us", BigInteger, nullable=False),
    Column("event", String(32), nullable=False),  # `domain.event_log.Event`
    Column("actor", Text, nullable=False),
    Column("case_number", Text),
    Column("program", String(64), nullable=False),
    Column("content", LargeBinary(32), nullable=False),
    Column("previous", LargeBinary(32), nullable=False),
    Column("salt", LargeBinary(32)),
    Column("detail", Text),
    row_digest(),
    Index(None, "event"),
    Index(None, "case_number"),
)
