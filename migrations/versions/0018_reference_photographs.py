"""Reference photographs of identities: pictures from outside, with their embeddings.

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reference_photo",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=True),
        sa.Column("given_for", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("x1", sa.Integer(), nullable=False),
        sa.Column("y1", sa.Integer(), nullable=False),
        sa.Column("x2", sa.Integer(), nullable=False),
        sa.Column("y2", sa.Integer(), nullable=False),
        sa.Column("detection", sa.String(length=16), nullable=True),
        sa.Column("added_us", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_reference_photo_identity_id_identity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_photo")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_reference_photo_identity_id"), "reference_photo", ["identity_id"])
    op.create_table(
        "photo_picture",
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["photo_id"],
            ["reference_photo.id"],
            name=op.f("fk_photo_picture_photo_id_reference_photo"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("photo_id", name=op.f("pk_photo_picture")),
    )
    op.create_index(op.f("ix_photo_picture_sha256"), "photo_picture", ["sha256"])
    op.create_table(
        "photo_embedding",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["model.id"], name=op.f("fk_photo_embedding_model_id_model")
        ),
        sa.ForeignKeyConstraint(
            ["photo_id"],
            ["reference_photo.id"],
            name=op.f("fk_photo_embedding_photo_id_reference_photo"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("model_id", "photo_id", name=op.f("pk_photo_embedding")),
    )
    op.create_index(op.f("ix_photo_embedding_photo_id"), "photo_embedding", ["photo_id"])
