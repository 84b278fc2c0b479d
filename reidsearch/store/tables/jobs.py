"""The table of jobs: long work that somebody asked for, and what became of it."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, Index, Integer, String, Table, Text

from reidsearch.store.tables.crops import metadata, row_digest

job = Table(
    "job",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),  # `domain.jobs.JobKind`
    Column("request", JSON, nullable=False),
    Column("actor", Text, nullable=False),
    Column("state", String(16), nullable=False),  # `domain.jobs.JobState`
    Column("queued_us", BigInteger, nullable=False),
    Column("started_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("stop_us", BigInteger),  # when somebody asked to stop it
    Column("process", JSON(none_as_null=True)),  # that runs it: pid, host, since
    Column("task", Text, nullable=False),  # what it was at when its state last changed
    Column("share", Float),  # of the work that was done then; null: not known
    Column("result", JSON(none_as_null=True)),
    Column("problem", JSON(none_as_null=True)),  # kind, message, hint, fields
    row_digest(),
    Index(None, "state"),
    sqlite_autoincrement=True,
)
