"""What has still to be done after a transaction: a row until it is done.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# A deletion that an earlier version left unfinished shows itself by index files that are older.
UNFINISHED = sa.text(
    "INSERT INTO pending (kind, detail, at_us) "
    """SELECT 'erasure', '{"by": "earlier"}', """
    "coalesce((SELECT max(at_us) FROM event WHERE what = 'delete'), created_us) "
    "FROM archive WHERE EXISTS (SELECT 1 FROM generation) AND erasures <> "
    "(SELECT erasures FROM generation ORDER BY id DESC LIMIT 1)"
)


def upgrade() -> None:
    op.create_table(
        "pending",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending")),
        sqlite_autoincrement=True,
    )
    op.get_bind().execute(UNFINISHED)
