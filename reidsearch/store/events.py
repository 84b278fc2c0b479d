"""What the program itself has to know of what was done: corrected clocks, moved files, the zone.

Rows of the table `event` are written here and nowhere else, each with its entry of the event log,
which is what people read (`event_log.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

from reidsearch.base.errors import UsageError
from reidsearch.base.reading import require_text
from reidsearch.base.timecode import now, to_us
from reidsearch.domain.event_log import Event
from reidsearch.store import tables
from reidsearch.store.event_log import append

LONGEST_NOTE = 10_000


def require_record(who: str, why: str) -> None:
    """Refuse texts of a record that could not be stored and shown again.

    Raises:
        UsageError: one is too long, not UTF-8, or holds a NUL.
    """
    try:
        require_text(who, "the actor")
        require_text(why, "the note", LONGEST_NOTE)
    except ValueError as error:
        raise UsageError(str(error)) from error


def record_event(connection: Connection, what: Event, detail: Mapping[str, Any]) -> None:
    """Add a row and its entry of the log, in the transaction that does what it says.

    with store.write() as connection:
        connection.execute(delete(table))
        record_event(connection, Event.FORGET_CALIBRATION, {})
    """
    connection.execute(
        insert(tables.event).values(at_us=to_us(now()), what=what.value, detail=dict(detail))
    )
    append(connection, what, detail, actor=detail.get("actor"))
