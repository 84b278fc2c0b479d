"""The tables that the migrations make are the tables that the code describes."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from postgres import server
from sqlalchemy import create_engine

from reidsearch.store.database import schema
from reidsearch.store.database.postgresql import making


@pytest.mark.full
def test_alembic_check(tmp_path: Path) -> None:
    """`alembic check` on a fresh archive: nothing that a new revision would have to add."""
    engine = create_engine(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    with engine.begin() as connection:
        schema.upgrade(connection)
    with engine.begin() as connection:
        assert schema.revision(connection) == schema.REVISION
        command.check(schema.alembic_config(connection))
    engine.dispose()


@pytest.mark.full
def test_alembic_check_on_postgresql() -> None:
    """The same migrations make the same tables there."""
    address = server().new_archive()
    # Reflection binds numbers of 32 bits, which the program's own connections do not.
    options = {"options": "-c search_path=main"}
    url = address.url.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url, connect_args=options)
    with engine.begin() as connection:
        assert making.revision(connection) == schema.REVISION
        command.check(schema.alembic_config(connection))
    engine.dispose()
    server().drop(address)


def test_revisions_are_one_line_and_end_at_the_known_head(tmp_path: Path) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(schema.alembic_config(connection))
    engine.dispose()
    assert script.get_heads() == [schema.REVISION]
    assert len(script.get_bases()) == 1
