"""Calibration, decisions and identities, attributes, neighbours: what makes an answer readable.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _identities()
    _attributes()
    _calibration()
    op.add_column("generation", sa.Column("recall", sa.JSON(), nullable=True))
    _neighbours()


def _identities() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["undoes"], ["decision.id"], name=op.f("fk_decision_undoes_decision")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "identity",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["identity.id"], name=op.f("fk_identity_merged_into_identity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("name", name=op.f("uq_identity_name")),
    )
    op.create_table(
        "linking",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linking")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("linking_id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_proposal_identity_id_identity")
        ),
        sa.ForeignKeyConstraint(
            ["linking_id"],
            ["linking.id"],
            name=op.f("fk_proposal_linking_id_linking"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proposal_linking_id"), ["linking_id"], unique=False)

    op.create_table(
        "identity_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column(
            "tracklet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("crop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["crop_id"],
            ["crop.id"],
            name=op.f("fk_identity_member_crop_id_crop"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_identity_member_identity_id_identity")
        ),
        sa.ForeignKeyConstraint(
            ["tracklet_id"],
            ["tracklet.id"],
            name=op.f("fk_identity_member_tracklet_id_tracklet"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_member")),
        sa.UniqueConstraint("crop_id", name=op.f("uq_identity_member_crop_id")),
        sa.UniqueConstraint("tracklet_id", name=op.f("uq_identity_member_tracklet_id")),
    )
    with op.batch_alter_table("identity_member", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_member_identity_id"), ["identity_id"], unique=False
        )

    op.create_table(
        "identity_rejection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column(
            "tracklet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("crop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["crop_id"],
            ["crop.id"],
            name=op.f("fk_identity_rejection_crop_id_crop"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"],
            ["identity.id"],
            name=op.f("fk_identity_rejection_identity_id_identity"),
        ),
        sa.ForeignKeyConstraint(
            ["tracklet_id"],
            ["tracklet.id"],
            name=op.f("fk_identity_rejection_tracklet_id_tracklet"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_rejection")),
        sa.UniqueConstraint(
            "identity_id", "crop_id", name=op.f("uq_identity_rejection_identity_id_crop_id")
        ),
        sa.UniqueConstraint(
            "identity_id", "tracklet_id", name=op.f("uq_identity_rejection_identity_id_tracklet_id")
        ),
    )
    with op.batch_alter_table("identity_rejection", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_rejection_crop_id"), ["crop_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_identity_rejection_tracklet_id"), ["tracklet_id"], unique=False
        )

    op.create_table(
        "proposal_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column(
            "tracklet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("crop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["crop_id"],
            ["crop.id"],
            name=op.f("fk_proposal_member_crop_id_crop"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"],
            ["proposal.id"],
            name=op.f("fk_proposal_member_proposal_id_proposal"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tracklet_id"],
            ["tracklet.id"],
            name=op.f("fk_proposal_member_tracklet_id_tracklet"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_member")),
        sa.UniqueConstraint("crop_id", name=op.f("uq_proposal_member_crop_id")),
        sa.UniqueConstraint("tracklet_id", name=op.f("uq_proposal_member_tracklet_id")),
    )
    with op.batch_alter_table("proposal_member", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_proposal_member_proposal_id"), ["proposal_id"], unique=False
        )


THINGS = ("bag", "backpack", "hat", "long_trousers", "long_hair")
COLOURS = (
    "black", "grey", "white", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown",
)  # fmt: skip


def _attributes() -> None:
    colours = [f"{part}_{colour}" for part in ("upper", "lower") for colour in COLOURS]
    op.create_table(
        "attributes",
        sa.Column("crop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in (*THINGS, *colours)),
        sa.ForeignKeyConstraint(
            ["crop_id"], ["crop.id"], name=op.f("fk_attributes_crop_id_crop"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["model.id"], name=op.f("fk_attributes_model_id_model")
        ),
        sa.PrimaryKeyConstraint("crop_id", name=op.f("pk_attributes")),
    )
    with op.batch_alter_table("attributes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attributes_model_id"), ["model_id"], unique=False)


def _calibration() -> None:
    op.create_table(
        "calibration",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("map", sa.JSON(), nullable=False),
        sa.Column("curves", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["model.id"], name=op.f("fk_calibration_model_id_model")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
        sqlite_autoincrement=True,
    )


def _neighbours() -> None:
    op.create_table(
        "neighbours",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("crops", sa.BigInteger(), nullable=False),
        sa.Column("built_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["model.id"], name=op.f("fk_neighbours_model_id_model")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_neighbours")),
        sqlite_autoincrement=True,
    )
