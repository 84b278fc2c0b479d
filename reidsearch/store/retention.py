"""Rows of retention rules."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from reidsearch.base.actor import Author
from reidsearch.base.errors import Kind, NotFound
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.event_log import Event
from reidsearch.domain.holds import RetentionRule
from reidsearch.store.database.proofs import require_intact
from reidsearch.store.decoding import reads
from reidsearch.store.event_log import append
from reidsearch.store.tables.retention import retention as table


def rules(connection: Connection) -> list[RetentionRule]:
    """Return the rules by camera, that of all others last.

    Raises:
        ArchiveError: a row is damaged; one that is passed over would delete by another.
    """
    require_intact(connection, table)
    rows = connection.execute(select(table))
    return sorted(map(_rule, rows), key=lambda one: (one.camera is None, one.camera or ""))


def set_rule(connection: Connection, camera: str | None, days: int) -> RetentionRule:
    """Set or replace the rule of a camera, or of all others, and record it."""
    author: Author = connection.get_execution_options()["author"]
    at = now()
    connection.execute(delete(table).where(table.c.camera.is_not_distinct_from(camera)))
    connection.execute(
        insert(table).values(camera=camera, days=days, set_by=author.name, set_us=to_us(at))
    )
    append(connection, Event.RETENTION, {"change": "set", "camera": camera, "days": days})
    return RetentionRule(camera, days, at, author.name)


def clear_rule(connection: Connection, camera: str | None) -> RetentionRule:
    """Remove the rule of a camera, or of all others, and record it.

    Raises:
        NotFound: there is none.
    """
    for rule in rules(connection):
        if rule.camera == camera:
            connection.execute(delete(table).where(table.c.camera.is_not_distinct_from(camera)))
            detail = {"change": "clear", "camera": camera, "days": rule.days}
            append(connection, Event.RETENTION, detail)
            return rule
    of = "all other cameras" if camera is None else f"camera {camera!r}"
    raise NotFound(f"there is no retention rule for {of}", kind=Kind.RETENTION_UNKNOWN)


@reads(table)
def _rule(row: Row[Any]) -> RetentionRule:
    return RetentionRule(row.camera, row.days, from_us(row.set_us), row.set_by)
