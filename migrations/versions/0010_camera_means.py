"""The camera means that scores are adjusted by; which means a neighbour graph was made with.

A graph of an earlier version is of plain scores (null), and is made anew where they are adjusted.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "adjustment",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("made_us", sa.BigInteger(), nullable=False),
        sa.Column("crops", sa.BigInteger(), nullable=False),
        sa.Column("erasures", sa.BigInteger(), nullable=False),
        sa.Column("cameras", sa.JSON(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.ForeignKeyConstraint(
            ["model_id"], ["model.id"], name=op.f("fk_adjustment_model_id_model")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
        sqlite_autoincrement=True,
    )
    op.add_column("neighbours", sa.Column("adjusted_by", sa.LargeBinary(32), nullable=True))
    op.execute("UPDATE neighbours SET row_digest = NULL")
