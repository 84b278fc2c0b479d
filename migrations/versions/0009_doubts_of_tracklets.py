"""Where a tracklet may have gone over to somebody else; checkpoints hold the tracker's own state.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tracklet_part", sa.Column("doubts", sa.JSON(), nullable=True))
    op.execute("UPDATE tracklet_part SET row_digest = NULL")
    # What an earlier version left unfinished is analysed from its start: its tracker is no more.
    op.drop_table("checkpoint_log")
