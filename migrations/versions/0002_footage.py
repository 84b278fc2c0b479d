"""Footage: sources with media time, coverage, tracklets, checkpoints; a crop has a pts.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "footage",
        sa.Column(
            "source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("container", sa.Text(), nullable=False),
        sa.Column("codec", sa.Text(), nullable=False),
        sa.Column("pixel_format", sa.Text(), nullable=True),
        sa.Column("rotation", sa.Integer(), nullable=False),
        sa.Column("time_base_num", sa.BigInteger(), nullable=False),
        sa.Column("time_base_den", sa.BigInteger(), nullable=False),
        sa.Column("first_pts", sa.BigInteger(), nullable=False),
        sa.Column("declared_fps", sa.Float(), nullable=True),
        sa.Column("declared_s", sa.Float(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=True),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("camera_id", sa.Integer(), nullable=True),
        sa.Column("start_us", sa.BigInteger(), nullable=True),
        sa.Column("clock_origin", sa.String(length=16), nullable=True),
        sa.Column("uncertainty_s", sa.Float(), nullable=True),
        sa.Column("offset_us", sa.BigInteger(), nullable=False),
        sa.Column("drift_ppm", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("measured_fps", sa.Float(), nullable=True),
        sa.Column("duration_us", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("indexed_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name=op.f("fk_footage_camera_id_camera")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_footage_run_id_run")),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
            name=op.f("fk_footage_source_id_source"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_footage")),
    )
    op.create_table(
        "checkpoint",
        sa.Column(
            "source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["footage.source_id"],
            name=op.f("fk_checkpoint_source_id_footage"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "checkpoint_log",
        sa.Column(
            "source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["footage.source_id"],
            name=op.f("fk_checkpoint_log_source_id_footage"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", "number", name=op.f("pk_checkpoint_log")),
    )
    op.create_table(
        "footage_location",
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("facts", sa.String(length=16), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("replaced_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["footage.source_id"],
            name=op.f("fk_footage_location_source_id_footage"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", "source_id", name=op.f("pk_footage_location")),
    )
    with op.batch_alter_table("footage_location", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_footage_location_source_id"), ["source_id"], unique=False
        )

    op.create_table(
        "span",
        sa.Column(
            "source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_us", sa.BigInteger(), nullable=False),
        sa.Column("to_us", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["footage.source_id"],
            name=op.f("fk_span_source_id_footage"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", "number", name=op.f("pk_span")),
    )
    op.create_table(
        "tracklet",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("first_us", sa.BigInteger(), nullable=False),
        sa.Column("last_us", sa.BigInteger(), nullable=False),
        sa.Column("detections", sa.Integer(), nullable=False),
        sa.Column("fragments", sa.Integer(), nullable=False),
        sa.Column("trace", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_tracklet_run_id_run")),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["footage.source_id"],
            name=op.f("fk_tracklet_source_id_footage"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracklet")),
    )
    with op.batch_alter_table("tracklet", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_tracklet_source_id_first_us"), ["source_id", "first_us"], unique=False
        )

    op.create_table(
        "moment",
        sa.Column("crop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "tracklet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("media_us", sa.BigInteger(), nullable=False),
        sa.Column("quality", sa.Float(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("sharpness", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["crop_id"], ["crop.id"], name=op.f("fk_moment_crop_id_crop"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tracklet_id"],
            ["tracklet.id"],
            name=op.f("fk_moment_tracklet_id_tracklet"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("crop_id", name=op.f("pk_moment")),
    )
    with op.batch_alter_table("moment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_moment_tracklet_id"), ["tracklet_id"], unique=False)

    op.create_table(
        "tracklet_embedding",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column(
            "tracklet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["model.id"], name=op.f("fk_tracklet_embedding_model_id_model")
        ),
        sa.ForeignKeyConstraint(
            ["tracklet_id"],
            ["tracklet.id"],
            name=op.f("fk_tracklet_embedding_tracklet_id_tracklet"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("model_id", "tracklet_id", name=op.f("pk_tracklet_embedding")),
    )
    with op.batch_alter_table("tracklet_embedding", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_tracklet_embedding_tracklet_id"), ["tracklet_id"], unique=False
        )

    with op.batch_alter_table("archive", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("next_tracklet_id", sa.BigInteger(), server_default="1", nullable=False)
        )

    with op.batch_alter_table("crop", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pts", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.drop_constraint(batch_op.f("uq_crop_source_id_x1_y1_x2_y2"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_crop_source_id_pts_x1_y1_x2_y2"),
            ["source_id", "pts", "x1", "y1", "x2", "y2"],
        )
