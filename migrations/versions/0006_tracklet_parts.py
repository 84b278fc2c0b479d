"""A tracklet has parts: what each source shows of it, as recorders cut a recording into files.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOVED = "first_us, last_us, detections, fragments, trace, sha256"


def upgrade() -> None:
    op.create_table(
        "tracklet_part",
        sa.Column("source_id", BIG, nullable=False),
        sa.Column("tracklet_id", BIG, nullable=False),
        sa.Column("first_us", sa.BigInteger(), nullable=False),
        sa.Column("last_us", sa.BigInteger(), nullable=False),
        sa.Column("detections", sa.Integer(), nullable=False),
        sa.Column("fragments", sa.Integer(), nullable=False),
        sa.Column("trace", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["footage.source_id"],
            name=op.f("fk_tracklet_part_source_id_footage"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tracklet_id"],
            ["tracklet.id"],
            name=op.f("fk_tracklet_part_tracklet_id_tracklet"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", "tracklet_id", name=op.f("pk_tracklet_part")),
    )
    op.execute(
        f"INSERT INTO tracklet_part (source_id, tracklet_id, {MOVED}) "  # noqa: S608
        f"SELECT source_id, id, {MOVED} FROM tracklet"
    )
    with op.batch_alter_table("tracklet", schema=None) as batch_op:
        batch_op.drop_index("ix_tracklet_source_id_first_us")
        batch_op.drop_constraint("fk_tracklet_source_id_footage", type_="foreignkey")
        for column in ("source_id", *MOVED.split(", ")):
            batch_op.drop_column(column)
    with op.batch_alter_table("tracklet_part", schema=None) as batch_op:
        batch_op.create_index("ix_tracklet_part_source_id_first_us", ["source_id", "first_us"])
        batch_op.create_index("ix_tracklet_part_tracklet_id", ["tracklet_id"])
