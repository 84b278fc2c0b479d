"""Pictures of crops in a store of objects, by choice.

Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "picture_store",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("folder", sa.String(length=36), nullable=False),
        sa.Column("takes_new", sa.Boolean(), nullable=False),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture_store")),
    )
    op.create_table(
        "picture_object",
        sa.Column("crop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.ForeignKeyConstraint(
            ["crop_id"],
            ["crop.id"],
            name=op.f("fk_picture_object_crop_id_crop"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("crop_id", name=op.f("pk_picture_object")),
    )
    op.create_table(
        "picture_gone",
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_picture_gone")),
    )
