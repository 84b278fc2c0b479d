"""Conditions on many numbers at once, which are one parameter, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import JSON, BigInteger, Connection, Select, cast, func, select


def numbers(connection: Connection, values: Iterable[int]) -> Select[tuple[int]]:
    """Return the query for these numbers: `column.in_(numbers(connection, ids))`."""
    text = json.dumps([int(one) for one in values])
    if connection.dialect.name == "sqlite":
        return select(func.json_each(text).table_valued("value").c.value)
    each = func.json_array_elements_text(cast(func.text(text), JSON)).table_valued("value")
    return select(cast(each.c.value, BigInteger))
