"""The tables of footage: sources with media time, what was analysed, tracklets and their views.

Media times are integer microseconds from the source's first frame, wall-clock times as in
`crops.py`; `pts` and the time base keep media time exact.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from reidsearch.store.tables.crops import Id, metadata, row_digest

footage = Table(
    "footage",
    metadata,
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), nullable=False),  # video, frames
    Column("container", Text, nullable=False),
    Column("codec", Text, nullable=False),
    Column("pixel_format", Text),
    Column("rotation", Integer, nullable=False),
    Column("time_base_num", BigInteger, nullable=False),
    Column("time_base_den", BigInteger, nullable=False),
    Column("first_pts", BigInteger, nullable=False),
    Column("declared_fps", Float),
    Column("declared_s", Float),
    Column("created_us", BigInteger),
    Column("notes", JSON, nullable=False),
    Column("facts_notes", JSON, nullable=False, server_default="[]"),  # of camera and start
    Column("camera_id", ForeignKey("camera.id")),
    Column("start_us", BigInteger),
    Column("clock_origin", String(16)),
    Column("uncertainty_s", Float),
    Column("offset_us", BigInteger, nullable=False),
    Column("drift_ppm", Float, nullable=False),
    # By how much a start that somebody set differs from the recorder's own words.
    Column("moved_us", BigInteger, nullable=False, server_default="0"),
    Column("clock_until_us", BigInteger),  # media time at which the recording's clock jumped
    Column("state", String(16), nullable=False),  # running, finished
    Column("settings", JSON, nullable=False),
    Column("measured_fps", Float),
    Column("duration_us", BigInteger, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("run_id", ForeignKey("run.id"), nullable=False),
    Column("indexed_us", BigInteger, nullable=False),
    # The source that this one is the grown file of, until it takes that one's place when finished.
    Column("supersedes", BigInteger),
    row_digest(),
)

# Every place a source of footage was offered from; the first is where it is shown to be.
footage_location = Table(
    "footage_location",
    metadata,
    Column("key", LargeBinary(16), primary_key=True),
    Column("source_id", ForeignKey("footage.source_id", ondelete="CASCADE"), primary_key=True),
    Column("text", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("facts", String(16), nullable=False),
    Column("own", Boolean, nullable=False),
    Column("replaced_us", BigInteger),  # when other bytes were found here
    row_digest(),
    Index(None, "source_id"),
)

span = Table(
    "span",
    metadata,
    Column("source_id", ForeignKey("footage.source_id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("from_us", BigInteger, nullable=False),
    Column("to_us", BigInteger, nullable=False),
    Column("how", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    row_digest(),
)

# What was deleted of a source that is still held: until it is analysed again, coverage has a hole
# there. Deleted views of a tracklet that kept others leave an interval without length.
erased = Table(
    "erased",
    metadata,
    Column("source_id", ForeignKey("footage.source_id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("from_us", BigInteger, nullable=False),
    Column("to_us", BigInteger, nullable=False),
    Column("crops", Integer, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("permanent", Boolean, nullable=False),  # no index run brings it back
    row_digest(),
)

tracklet = Table(
    "tracklet",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("run_id", ForeignKey("run.id"), nullable=False),
    row_digest(),
)

# What one source shows of a tracklet; several where a recorder cuts one recording into files. Each
# part has at least one view, and a tracklet at least one part.
tracklet_part = Table(
    "tracklet_part",
    metadata,
    Column("source_id", ForeignKey("footage.source_id", ondelete="CASCADE"), primary_key=True),
    Column("tracklet_id", ForeignKey("tracklet.id", ondelete="CASCADE"), primary_key=True),
    Column("first_us", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    Column("detections", Integer, nullable=False),
    Column("fragments", Integer, nullable=False),
    # Where a switch to somebody else cannot be excluded: [[position in the trace, media time in
    # microseconds], ...]; null: an earlier version indexed it, and nobody knows.
    Column("doubts", JSON(none_as_null=True)),
    Column("trace", LargeBinary, nullable=False),  # see footage_rows.trace_blob
    Column("sha256", LargeBinary(32), nullable=False),
    row_digest(),
    Index(None, "tracklet_id"),
    Index(None, "source_id", "first_us"),
)

# What somebody has split or joined by hand and is in force: derived from the decisions, for those
# who add or join tracklets. A split is remembered by the first detection after it, so that it is
# found again when its source is analysed again, whoever was deleted meanwhile.
tracklet_edit = Table(
    "tracklet_edit",
    metadata,
    Column("tracklet_id", Id, primary_key=True, autoincrement=False),  # split off, or joined
    Column("kind", String(16), primary_key=True),  # split, joined: one may be both
    Column("other_id", BigInteger, nullable=False),  # that it was split from, or joined to
    Column("source_id", ForeignKey("footage.source_id", ondelete="CASCADE")),  # of a split
    Column("pts", BigInteger),
    Column("x1", Float),
    Column("y1", Float),
    Column("x2", Float),
    Column("y2", Float),
    row_digest(),
    Index(None, "other_id"),
    Index(None, "source_id"),
)

# The robust mean of the views' embeddings; made anew whenever the views or the model change.
tracklet_embedding = Table(
    "tracklet_embedding",
    metadata,
    Column("model_id", ForeignKey("model.id"), primary_key=True),
    Column("tracklet_id", ForeignKey("tracklet.id", ondelete="CASCADE"), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Index(None, "tracklet_id"),
)

# What a crop is besides its box when it is a view of a tracklet.
moment = Table(
    "moment",
    metadata,
    Column("crop_id", ForeignKey("crop.id", ondelete="CASCADE"), primary_key=True),
    Column("tracklet_id", ForeignKey("tracklet.id", ondelete="CASCADE"), nullable=False),
    Column("media_us", BigInteger, nullable=False),
    Column("quality", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("sharpness", Float, nullable=False),
    Column("picture", Text),  # the file, in a folder of frames
    row_digest(),
    Index(None, "tracklet_id"),
)

# How far a source has been worked through, and all that is needed to go on from there.
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("source_id", ForeignKey("footage.source_id", ondelete="CASCADE"), primary_key=True),
    Column("state", LargeBinary, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    row_digest(),
)
