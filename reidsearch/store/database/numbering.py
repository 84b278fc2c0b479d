"""Numbers without a hole, where a database's own counter would leave one."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, select


def next_number(connection: Connection, table: Table) -> dict[str, int]:
    """Return the id to insert a row with; nothing where the database gives the right one.

    A counter of PostgreSQL goes on when a transaction is rolled back; SQLite's does not, and it
    remembers the last row also when somebody removed that.
    """
    if connection.dialect.name == "sqlite":
        return {}
    last = connection.scalar(select(func.max(table.c.id))) or 0
    return {"id": last + 1}
