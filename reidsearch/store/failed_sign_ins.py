"""Counts of failed attempts to sign in, for all processes that serve an archive.

A name is kept as 16 bits of a digest: people type passwords where the name belongs, and so few bits
cannot tell which. Two names with the same bits share a count, which costs nothing but a wait.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sqlalchemy import Connection, delete, func, insert, select, update

from reidsearch.store.database.proofs import intact
from reidsearch.store.tables.accounts import failed_sign_in as table

FORGOTTEN_AFTER_US = 3_600_000_000
MOST_COUNTED = 10_000
"""Names and addresses; those that were not tried for longest are forgotten first."""
LONGEST_KEY = 60
NAME_BYTES = 2
_c = table.c


def key_of_name(name: str, archive_id: str) -> str:
    """Return what the failures of a name are counted under."""
    told = f"{archive_id}\0{name}".encode("utf-8", "backslashreplace")
    return f"name {hashlib.sha256(told).digest()[:NAME_BYTES].hex()}"


def key_of_address(network: str) -> str:
    """Return what the failures of an address, or of its network, are counted under."""
    return f"from {network[: LONGEST_KEY - 5]}"


def until_us(connection: Connection, key: str) -> int:
    """Return when the next attempt is looked at; 0: at once."""
    return int(connection.scalar(select(_c.until_us).where(_c.key == key, intact(table))) or 0)


def count(connection: Connection, key: str, at_us: int, wait_us: Callable[[int], int]) -> None:
    """Count an attempt as failed; the caller holds the write lock.

    Args:
        wait_us: how long the next one has to wait after so many.
    """
    connection.execute(delete(table).where(_c.last_us < at_us - FORGOTTEN_AFTER_US))
    before = connection.scalar(select(_c.failures).where(_c.key == key, intact(table)))
    failures = int(before or 0) + 1
    values = {"failures": failures, "last_us": at_us, "until_us": at_us + wait_us(failures)}
    connection.execute(delete(table).where(_c.key == key))
    connection.execute(insert(table).values(key=key, **values))
    if before is None and (connection.scalar(select(func.count()).select_from(table)) or 0) > (
        MOST_COUNTED
    ):
        oldest = select(_c.key).order_by(_c.last_us).limit(1)
        connection.execute(delete(table).where(_c.key.in_(oldest.scalar_subquery())))


def succeeded(connection: Connection, key: str, *, forget: bool) -> None:
    """Take an attempt back that was counted before it succeeded.

    Args:
        forget: the failures before it too. Not those of an address: whoever has an account could
            guess at others for ever, signing in between.
    """
    if forget:
        connection.execute(delete(table).where(_c.key == key))
        return
    connection.execute(
        update(table).where(_c.key == key).values(failures=_c.failures - 1, until_us=0)
    )
    connection.execute(delete(table).where(_c.key == key, _c.failures <= 0))
