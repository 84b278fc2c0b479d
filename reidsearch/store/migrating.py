"""Bringing an archive of an earlier version to this one's schema, with its entry of the log."""

from __future__ import annotations

import contextlib

from sqlalchemy import Connection, select

from reidsearch.base.actor import Author, acting_now, default_actor
from reidsearch.base.address import Address
from reidsearch.base.errors import ArchiveError
from reidsearch.domain.event_log import Event
from reidsearch.store import tables
from reidsearch.store.database import lifecycle, proofs
from reidsearch.store.event_log import append


def migrate(address: Address) -> tuple[str, str]:
    """Migrate an archive; the entry is written in the transaction that changes the tables.

    Returns:
        The revision before and after.

    Raises:
        ArchiveLocked: another process writes.
        ArchiveVersionError: it was made by a newer version.
    """
    return lifecycle.migrate(address, _record)


def _record(connection: Connection, before: str, after: str) -> None:
    author = acting_now() or Author(default_actor())
    logged = connection.scalar(select(tables.archive.c.logged)) is not False  # null: it does
    writing = connection.execution_options(author=author, logged=logged)
    proofs.seal(connection)  # the first entry is of decisions, whose rows are proven
    with contextlib.suppress(ArchiveError):  # a damaged one hinders no migration; `check` names it
        append(writing, Event.MIGRATE, {"from": before, "to": after})
