"""Legal holds, retention rules, and what is kept out of the archive after it was deleted.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("case_number", sa.Text(), nullable=True),
        sa.Column("identity_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_ids", sa.JSON(), nullable=True),
        sa.Column("camera", sa.Text(), nullable=True),
        sa.Column("from_us", sa.BigInteger(), nullable=True),
        sa.Column("to_us", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_us", sa.BigInteger(), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_us", sa.BigInteger(), nullable=True),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_hold_identity_id_identity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "retention",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("camera", sa.Text(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_us", sa.BigInteger(), nullable=False),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention")),
        sa.UniqueConstraint("camera", name=op.f("uq_retention_camera")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "kept_out",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_kept_out")),
    )
    op.add_column("archive", sa.Column("kept_out_salt", sa.LargeBinary(length=32), nullable=True))
    op.execute("UPDATE archive SET row_digest = NULL")
