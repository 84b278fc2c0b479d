"""Cells of an archive with values that no version wrote: a command answers, or says what is wrong.

Values are written by the program's own connection, so that whatever it keeps beside a row to prove
it fits.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from archives import sql
from attacks import Attacks, spread
from frozen import FROZEN, thawed
from sqlalchemy import exc

from reidsearch import migrate
from reidsearch.base.errors import ReidsearchError
from reidsearch.store.tables import metadata

pytestmark = pytest.mark.fuzz
COMMANDS = (
    ("query", "--crop", 1, "--format", "json"),
    ("show", "--format", "json"),
    ("show", "crop", 1),
    ("check",),
    ("coverage",),
    ("identity", "list"),
    ("decisions",),
    ("failures",),
    ("journey", "anna"),
)
ODD: tuple[Any, ...] = (
    None, -1, 0, 2**62, -(2**63), 1.5, 1e308, float("inf"), "", "x", "\x1b[2J", "x" * 100_000,
    b"", b"\xff" * 7, b"\0" * 1024, "[" * 5000, '{"a": NaN}', "[1e999]", "\ud7ff", "null",
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that has rows in nearly every table."""
    folder = thawed(FROZEN[-1], tmp_path_factory.mktemp("whole") / "archive")
    migrate(folder)
    return folder


def test_every_column_with_odd_values(tmp_path, whole):
    attacks = Attacks(tmp_path)
    cases = [
        (table.name, column.name, value)
        for table in metadata.sorted_tables
        for column in table.columns
        for value in ODD
    ]
    with attacks.serving():
        for number, (table, column, value) in enumerate(spread(cases, 70, seed=7)):
            archive = tmp_path / "archive"
            shutil.rmtree(archive, ignore_errors=True)
            shutil.copytree(whole, archive)
            try:
                sql(archive, f'UPDATE {table} SET "{column}" = :value', value=value)
            except (exc.SQLAlchemyError, ReidsearchError):
                continue  # the database itself takes no such value
            for command in (COMMANDS[0], COMMANDS[1 + number % (len(COMMANDS) - 1)]):
                ended = attacks.run(*command, "-a", archive)
                name = f"{table}.{column} = {str(value)[:30]!r}: {' '.join(map(str, command))}"
                attacks.count(name, held=ended.orderly, said=f"{ended.code} {ended.said[-200:]}")
