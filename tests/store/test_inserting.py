"""Rows that an index run inserts: whole to readers, as many statements for few as for many."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from archives import fill, raw_sql, unit_rows
from sqlalchemy import Engine, event, select, text

from reidsearch.domain.crops import Facts
from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.database.inserting import insert_rows
from reidsearch.store.database.proofs import seal
from reidsearch.store.database.selects import among

AT = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
FACTS = [
    Facts("Tür ä", AT, "Ж\U0001f600", {"größe": 1.5, "none": None}),
    Facts(None, None, "p", {}),
    Facts("hall", None, None, {"a": [1, True]}),
]


@pytest.mark.full
def test_digests_that_are_given_are_those_that_sql_computes(tmp_path):
    fill(tmp_path / "a", unit_rows(3), FACTS)
    for table in (tables.source, tables.crop, tables.location):
        digests = select(table.c.row_digest).order_by(*table.primary_key)
        with Store(tmp_path / "a") as store:
            with store.read() as connection:
                given = connection.scalars(digests).all()
            with store.write() as connection:
                connection.execute(text(f"UPDATE {table.name} SET row_digest = NULL"))
                seal(connection)
            with store.read() as connection:
                assert connection.scalars(digests).all() == given
        assert len(given) == 3


@pytest.mark.full
def test_a_value_that_sqlite_converts_is_proven_as_it_is_kept(tmp_path):
    fill(tmp_path / "a", unit_rows(1))
    row = {"id": 7, "sha256": b"7" * 32, "size_bytes": "12", "width_px": True, "height_px": 3}
    with Store(tmp_path / "a") as store:
        with store.write() as connection:
            insert_rows(connection, tables.source, [row])
        with store.read() as connection:
            found = connection.execute(select(tables.source).where(tables.source.c.id == 7)).one()
    assert found[:5] == (7, b"7" * 32, 12, 1, 3)


@pytest.mark.full
def test_a_row_must_tell_every_column(tmp_path):
    fill(tmp_path / "a", unit_rows(1))
    with Store(tmp_path / "a") as store, pytest.raises(KeyError), store.write() as connection:
        insert_rows(connection, tables.source, [{"id": 7, "sha256": b"7" * 32}])
    assert raw_sql(tmp_path / "a", "SELECT count(*) FROM source") == [(1,)]


@pytest.mark.full
def test_keys_are_found_among_any_number(tmp_path):
    fill(tmp_path / "a", unit_rows(3))
    source = tables.source.c
    with Store(tmp_path / "a") as store, store.read() as connection:
        held = connection.scalars(select(source.sha256).order_by(source.id)).all()
        keys = [*(number.to_bytes(32, "big") for number in range(40_000)), held[2], held[0]]
        for wanted, expected in (([], []), (held[1:2], [2]), (keys, [1, 3]), (keys[:-2], [])):
            query = select(source.id).where(among(source.sha256, wanted)).order_by(source.id)
            assert connection.scalars(query).all() == expected


@pytest.mark.full
def test_a_batch_takes_as_many_statements_as_a_crop(tmp_path):
    statements: list[str] = []

    def count(_connection, _cursor, statement, *_):
        statements.append(statement)

    taken = []
    event.listen(Engine, "before_cursor_execute", count)
    try:
        for first, number in ((0, 1), (1, 1), (2, 600)):
            statements.clear()
            rows = np.roll(unit_rows(number, seed=first + 1), first, axis=1)
            fill(tmp_path / "a", rows, [Facts("hall")] * number, first=first)
            taken.append(len(statements))
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert taken[1] == taken[2]
