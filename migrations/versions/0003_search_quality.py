"""Calibration, decisions and identities, attributes: what makes an answer readable.

Revision: 0003, after 0002
"""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
