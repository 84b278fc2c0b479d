"""The tables of the queue: sources that wait for workers on any machine, and the workers."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from reidsearch.store.tables.crops import metadata, row_digest

# One row a place: a video, a folder of frames, the pictures of a folder, a container, a file.
queued_source = Table(
    "queued_source",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", LargeBinary(16), nullable=False),  # of the location, as in `location`
    Column("location", Text, nullable=False),
    Column("kind", String(16), nullable=False),  # `domain.queue.QueuedKind`
    Column("size_bytes", BigInteger, nullable=False),
    Column("request", JSON, nullable=False),  # `domain.index_request.IndexRequest`
    Column("actor", Text, nullable=False),
    Column("case_name", Text),
    Column("state", String(16), nullable=False),  # `domain.queue.QueuedState`
    Column("queued_us", BigInteger, nullable=False),
    Column("started_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("worker_id", Integer),  # that has it; kept of the last one
    Column("taken", Integer, nullable=False),  # how often: what a worker's commits are fenced by
    Column("attempts", Integer, nullable=False),  # begun since anything of it was committed
    Column("reached_us", BigInteger, nullable=False),  # media time committed when last taken
    Column("missing_on", Text, nullable=False),  # machines that did not find it, a line each
    Column("problem", JSON(none_as_null=True)),  # kind, message, hint, fields
    Column("footage_s", Float),  # of it, when it was analysed
    row_digest(),
    Index(None, "key", unique=True),
    Index(None, "state"),
    sqlite_autoincrement=True,
)

# Times are those of the database's clock: clocks of machines differ.
worker = Table(
    "worker",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    Column(
        "until_us", BigInteger, nullable=False
    ),  # its lease: others may take its source after it
    Column("ended_us", BigInteger),
    Column("queued_id", Integer),  # what it is at
    Column("share", Float),  # of that, as it was seen last
    Column("done", Integer, nullable=False),
    Column("done_bytes", BigInteger, nullable=False),
    Column("footage_s", Float, nullable=False),
    Column("busy_s", Float, nullable=False),
    row_digest(),
    sqlite_autoincrement=True,
)
