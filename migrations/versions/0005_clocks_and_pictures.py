"""Corrections of clocks, remarks on camera and start apart from others, pictures of frames.

Revision: 0005, after 0004
"""

import json
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# How remarks on camera and start began while they stood among the others.
ON_FACTS = (
    "the pattern does not match its path",
    "file name matches no known",
    "file name does not match",
    "its name can be read in several ways",
    "its name tells",
)
ON_START = "the start is the container's"


def upgrade() -> None:
    op.add_column(
        "footage", sa.Column("facts_notes", sa.JSON(), nullable=False, server_default="[]")
    )
    op.add_column(
        "footage", sa.Column("moved_us", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column("footage", sa.Column("clock_until_us", sa.BigInteger(), nullable=True))
    op.add_column("moment", sa.Column("picture", sa.Text(), nullable=True))
    connection = op.get_bind()
    connection.execute(
        sa.text(
            "UPDATE footage SET clock_until_us = (SELECT min(from_us) FROM span "
            "WHERE span.source_id = footage.source_id AND how = 'gap' "
            "AND detail LIKE 'timestamp discontinuity%')"
        )
    )
    _part_notes(connection)
    _compose_cameras(connection)


def _part_notes(connection: sa.Connection) -> None:
    footage = sa.table("footage", sa.column("source_id"), sa.column("notes"))
    for source_id, stored in connection.execute(sa.select(footage)).all():
        notes = json.loads(stored)
        on_facts = [
            [about, note]
            for note in notes
            for about in (("camera", "time") if note.startswith(ON_FACTS) else ())
        ]
        on_facts += [["container", note] for note in notes if note.startswith(ON_START)]
        moved = {note for _, note in on_facts}
        if not moved:
            continue
        connection.execute(
            sa.text("UPDATE footage SET notes = :notes, facts_notes = :facts WHERE source_id = :i"),
            {
                "notes": json.dumps([note for note in notes if note not in moved]),
                "facts": json.dumps(on_facts),
                "i": source_id,
            },
        )


def _compose_cameras(connection: sa.Connection) -> None:
    """Make cameras one whose names differ only in how their letters are composed."""
    rows = connection.execute(sa.text("SELECT id, name FROM camera ORDER BY id")).all()
    held = {name: camera_id for camera_id, name in rows}
    for camera_id, name in rows:
        composed = unicodedata.normalize("NFC", name)
        if composed == name:
            continue
        other = held.get(composed)
        if other is None:
            connection.execute(
                sa.text("UPDATE camera SET name = :name WHERE id = :id"),
                {"name": composed, "id": camera_id},
            )
            held[composed] = camera_id
            continue
        for table in ("crop", "footage"):
            connection.execute(
                sa.text(f"UPDATE {table} SET camera_id = :kept WHERE camera_id = :id"),  # noqa: S608
                {"kept": other, "id": camera_id},
            )
        connection.execute(sa.text("DELETE FROM camera WHERE id = :id"), {"id": camera_id})
