"""A digest in every row that has no checksum of its own.

The column stays empty here: `migrate` gives every row without a digest its own at the end
(`store/database/proofs.py`). A later revision that adds or changes other columns of a table empties
`row_digest` of the rows that it changes, for the same reason.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    "archive", "attributes", "calibration", "camera", "checkpoint", "checkpoint_log", "crop",
    "decision", "erased", "event", "failure", "footage", "footage_location", "generation",
    "identity", "identity_member", "identity_rejection", "linking", "location", "model", "moment",
    "neighbours", "proposal", "proposal_member", "run", "source", "span", "tracklet",
    "tracklet_part",
)  # fmt: skip


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("row_digest", sa.LargeBinary(8), nullable=True))
