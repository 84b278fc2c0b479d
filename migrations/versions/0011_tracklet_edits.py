"""Tracklets that somebody has cut or joined by hand.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tracklet_edit",
        sa.Column("tracklet_id", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", BIG, nullable=True),
        sa.Column("pts", sa.BigInteger(), nullable=True),
        sa.Column("x1", sa.Float(), nullable=True),
        sa.Column("y1", sa.Float(), nullable=True),
        sa.Column("x2", sa.Float(), nullable=True),
        sa.Column("y2", sa.Float(), nullable=True),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["footage.source_id"],
            name=op.f("fk_tracklet_edit_source_id_footage"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tracklet_id", "kind", name=op.f("pk_tracklet_edit")),
    )
    op.create_index("ix_tracklet_edit_other_id", "tracklet_edit", ["other_id"])
    op.create_index("ix_tracklet_edit_source_id", "tracklet_edit", ["source_id"])
