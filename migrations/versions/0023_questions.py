"""What questions need: grounds of cameras, regions and lines in their pictures, saved questions.

Revision: 0023, after 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _ground()
    _places()
    _saved()


def _ground() -> None:
    op.create_table(
        "camera_ground",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("camera_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("click_px", sa.Float(), nullable=False),
        sa.Column("from_us", sa.BigInteger(), nullable=True),
        sa.Column("to_us", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_us", sa.BigInteger(), nullable=False),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.ForeignKeyConstraint(
            ["camera_id"], ["camera.id"], name=op.f("fk_camera_ground_camera_id_camera")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_ground")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_camera_ground_camera_id"), "camera_ground", ["camera_id"])


def _places() -> None:
    op.create_table(
        "place",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("camera", sa.Text(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_us", sa.BigInteger(), nullable=False),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
        sa.UniqueConstraint("name", name=op.f("uq_place_name")),
        sqlite_autoincrement=True,
    )


def _saved() -> None:
    op.create_table(
        "saved_question",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=True),
        sa.Column("case_number", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_us", sa.BigInteger(), nullable=False),
        sa.Column("last_crop", sa.BigInteger(), nullable=False),
        sa.Column("asked_us", sa.BigInteger(), nullable=True),
        sa.Column("why_not", sa.Text(), nullable=True),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_question")),
        sa.UniqueConstraint("name", name=op.f("uq_saved_question_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "saved_picture",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.JSON(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["saved_question.id"],
            name=op.f("fk_saved_picture_question_id_saved_question"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_picture")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_saved_picture_question_id"), "saved_picture", ["question_id"])
    op.create_table(
        "saved_answer",
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("crop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("found_us", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.Column("seen_us", sa.BigInteger(), nullable=True),
        sa.Column("row_digest", sa.LargeBinary(length=8), nullable=True),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["saved_question.id"],
            name=op.f("fk_saved_answer_question_id_saved_question"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["crop_id"], ["crop.id"], name=op.f("fk_saved_answer_crop_id_crop"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("question_id", "crop_id", name=op.f("pk_saved_answer")),
    )
    op.create_index(op.f("ix_saved_answer_crop_id"), "saved_answer", ["crop_id"])
