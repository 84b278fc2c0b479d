"""The database's clock, which all machines have in common where theirs differ."""

from __future__ import annotations

from sqlalchemy import Connection

from reidsearch.base.timecode import now, to_us


def database_us(connection: Connection) -> int:
    """Return the time of the database just now, microseconds; a file has that of this machine."""
    if connection.dialect.name == "postgresql":
        asked = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
        return int(connection.exec_driver_sql(asked).scalar_one())
    return to_us(now())
