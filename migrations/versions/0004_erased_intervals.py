"""What was deleted of footage that is still held: a hole of its own in coverage.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("footage", sa.Column("supersedes", sa.BigInteger(), nullable=True))
    op.create_table(
        "erased",
        sa.Column(
            "source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_us", sa.BigInteger(), nullable=False),
        sa.Column("to_us", sa.BigInteger(), nullable=False),
        sa.Column("crops", sa.Integer(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("permanent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["footage.source_id"],
            name=op.f("fk_erased_source_id_footage"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", "number", name=op.f("pk_erased")),
    )
