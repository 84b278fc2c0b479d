"""Which machine's files a generation and a neighbour graph are, where several derive their own.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("generation", "neighbours"):
        op.add_column(table, sa.Column("node", sa.String(36), nullable=True))
        op.execute(f"UPDATE {table} SET row_digest = NULL")  # noqa: S608
