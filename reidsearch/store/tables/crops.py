"""The tables, in portable SQLAlchemy Core: nothing here that PostgreSQL could not hold.

Those of footage are in `footage.py`. Only Alembic creates them (`migrations/`);
`alembic check` in CI keeps both equal. Times are
integer microseconds since 1970-01-01 UTC. Ids are handed out by the `archive` row within the
transaction that uses them, so they are never reused, on any database.
"""

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
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Only INTEGER makes SQLite use the row id itself; elsewhere 32 bits would run out.
Id = BigInteger().with_variant(Integer, "sqlite")


def row_digest() -> Column[bytes]:
    """Return the column that holds the digest of a row; see `store/row_digests.py`.

    Every table has it but those whose rows are a key and a blob with its own checksum.
    """
    return Column("row_digest", LargeBinary(8))


archive = Table(
    "archive",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("uuid", String(36), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("model_id", ForeignKey("model.id")),
    Column("next_crop_id", BigInteger, nullable=False),
    Column("next_source_id", BigInteger, nullable=False),
    Column("next_tracklet_id", BigInteger, nullable=False, server_default="1"),
    Column("erasures", BigInteger, nullable=False),  # grows whenever crops disappear or change
    row_digest(),
    Column("logged", Boolean),  # whether it keeps an event log; null, of older ones: it does
    Column("search_needs", String(16)),  # `domain.cases.Needed`; null: nothing
    Column("kept_out_salt", LargeBinary(32)),  # of the digests in `kept_out`; null: there are none
)

model = Table(
    "model",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("precision", String(32), nullable=False),
    Column("digest", String(96), nullable=False),
    Column("preprocessing", String(64), nullable=False),
    Column("dimension", Integer, nullable=False),
    row_digest(),
    UniqueConstraint("digest", "preprocessing"),
)

camera = Table(
    "camera",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    row_digest(),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started_us", BigInteger, nullable=False),
    Column("finished_us", BigInteger),
    Column("state", String(16), nullable=False),  # running, finished, interrupted, superseded
    Column("request", String(64), nullable=False),  # equal for the same inputs offered again
    Column("command", Text, nullable=False),
    Column("version", String(32), nullable=False),
    Column("runtime", Text, nullable=False),
    Column("model_id", ForeignKey("model.id"), nullable=False),
    Column("counts", JSON, nullable=False),
    row_digest(),
)

source = Table(
    "source",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    row_digest(),
)

crop = Table(
    "crop",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("pts", BigInteger, nullable=False, server_default="0"),  # 0: the source is one picture
    Column("x1", Integer, nullable=False),
    Column("y1", Integer, nullable=False),
    Column("x2", Integer, nullable=False),
    Column("y2", Integer, nullable=False),
    Column("camera_id", ForeignKey("camera.id")),
    Column("time_us", BigInteger),
    Column("person", Text),
    Column("extra", JSON),
    Column("run_id", ForeignKey("run.id"), nullable=False),
    Column("indexed_us", BigInteger, nullable=False),
    row_digest(),
    UniqueConstraint("source_id", "pts", "x1", "y1", "x2", "y2"),
    Index(None, "camera_id", "time_us"),
    Index(None, "time_us"),
)

# Big values have tables of their own, so that scanning crops does not read pictures.
picture = Table(
    "picture",
    metadata,
    Column("crop_id", ForeignKey("crop.id", ondelete="CASCADE"), primary_key=True),
    Column("jpeg", LargeBinary, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
)

embedding = Table(
    "embedding",
    metadata,
    Column("model_id", ForeignKey("model.id"), primary_key=True),
    Column("crop_id", ForeignKey("crop.id", ondelete="CASCADE"), primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian, unit length
    Column("sha256", LargeBinary(32), nullable=False),
    Index(None, "crop_id"),
)

# Every place a crop was offered from: what makes a re-run quick and a renamed file no new crop.
location = Table(
    "location",
    metadata,
    Column("key", LargeBinary(16), primary_key=True),  # of location and box; paths can be long
    Column("crop_id", ForeignKey("crop.id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("facts", String(16), nullable=False),
    Column("own", Boolean, nullable=False),  # the crop's facts come from here, not from a copy
    Column("replaced_us", BigInteger),  # when other bytes were found here
    row_digest(),
    Index(None, "crop_id"),
)

failure = Table(
    "failure",
    metadata,
    Column("key", LargeBinary(16), primary_key=True),
    Column("text", Text, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("message", Text, nullable=False),
    Column("run_id", ForeignKey("run.id"), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    row_digest(),
)

generation = Table(
    "generation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),
    Column("model_id", ForeignKey("model.id"), nullable=False),
    Column("file", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("crops", BigInteger, nullable=False),
    Column("last_crop_id", BigInteger, nullable=False),
    Column("erasures", BigInteger, nullable=False),
    Column("built_us", BigInteger, nullable=False),
    Column("recall", JSON(none_as_null=True)),  # as measured (`archive/recall.py`); null: exact
    row_digest(),
    Column("node", String(36)),  # whose files these are; null: the archive's folder has them
    sqlite_autoincrement=True,
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("what", String(32), nullable=False),
    Column("detail", JSON, nullable=False),
    row_digest(),
)
