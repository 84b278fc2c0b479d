"""Many ids or keys in one question: as many as a statement takes, asked part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select

CHUNK = 500  # values in one IN (...): SQLite's oldest limit is 999


def possible(ids: Iterable[int]) -> list[int]:
    """Return the ids without numbers that no database can take for one."""
    return [crop_id for crop_id in ids if 0 < crop_id < 2**63]


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Part values into as many as one statement takes."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def of_ids(
    query: Select[Any], column: ColumnElement[int], ids: Sequence[int] | None
) -> list[Select[Any]]:
    """Return the query for all rows (`ids` is None), or its parts for the rows of these ids."""
    return [query] if ids is None else [query.where(column.in_(part)) for part in chunks(ids)]
