"""The record of what was done to the archive as a whole; rows are only ever added.

Rows of the table `event` are written here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert

from reidsearch.base.errors import UsageError
from reidsearch.base.reading import require_text
from reidsearch.base.timecode import now, to_us
from reidsearch.store import tables


class Event(StrEnum):
    """What was done."""

    DELETE = "delete"
    REEMBED = "reembed"
    CLOCK = "clock"
    CALIBRATE = "calibrate"
    FORGET_CALIBRATION = "forget-calibration"
    TIMEZONE = "timezone"
    RELOCATE = "relocate"
    GROWN = "grown"  # a source took the place of the one that it is the grown file of
    ACCOUNT = "account"  # was added, changed or removed
    SIGN_IN = "sign-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGN_OUT = "sign-out"


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
    """Add a row, in the transaction that does what it says.

    with store.write() as connection:
        connection.execute(delete(table))
        record_event(connection, Event.FORGET_CALIBRATION, {})
    """
    connection.execute(
        insert(tables.event).values(at_us=to_us(now()), what=what.value, detail=dict(detail))
    )
