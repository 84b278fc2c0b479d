"""The archive's time zone: in which times without a zone are read, and times are shown.

It is the zone of the first index run that named one, kept as an event; a later event replaces it.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from reidsearch.domain.event_log import Event
from reidsearch.store.crops.store import Store
from reidsearch.store.events import record_event
from reidsearch.store.tables import event


def stored_timezone(store: Store) -> str | None:
    """Return the zone's name as it was given; None: no run has named one."""
    with store.read() as connection:
        return timezone_of(connection)


def timezone_of(connection: Connection) -> str | None:
    """Return the same on a connection."""
    newest = select(event.c.detail).where(event.c.what == Event.TIMEZONE).order_by(event.c.id)
    details = connection.execute(newest).scalars().all()
    return str(details[-1]["zone"]) if details else None


def store_timezone(store: Store, zone: str) -> None:
    """Keep a zone as the archive's own.

    Raises:
        StorageError: it cannot be written.
    """
    with store.write() as connection:
        record_event(connection, Event.TIMEZONE, {"zone": zone})
