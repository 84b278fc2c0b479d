"""The sign that a worker lives: an advisory lock by its number, of a connection of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator

from reidsearch.base.address import PostgresAddress
from reidsearch.base.errors import ArchiveLocked
from reidsearch.store.database.postgresql.connections import connected, driver

WORKERS = 0x7267  # of the two numbers that name an advisory lock; beside those of `locks`


@contextlib.contextmanager
def working(address: PostgresAddress, worker_id: int) -> Iterator[None]:
    """See `Database.working`."""
    with connected(address) as connection:
        # The server, too, notices within a minute that this machine is gone.
        connection.execute("SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10")
        taken = connection.execute(
            "SELECT pg_try_advisory_lock(%s, %s)", (WORKERS, worker_id)
        ).fetchone()
        if not taken or not taken[0]:
            raise ArchiveLocked(f"worker {worker_id} of {address} is at work already")
        try:
            yield
        finally:
            with contextlib.suppress(driver().Error):
                connection.execute("SELECT pg_advisory_unlock(%s, %s)", (WORKERS, worker_id))


def living(address: PostgresAddress, worker_ids: Collection[int]) -> frozenset[int]:
    """See `Database.living`."""
    if not worker_ids:
        return frozenset()
    with connected(address) as connection:
        rows = connection.execute(
            "SELECT objid::bigint FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_catalog.pg_database "
            "WHERE datname = current_database()) AND classid = %s AND objsubid = 2",
            (WORKERS,),
        ).fetchall()
    return frozenset(int(row[0]) for row in rows) & frozenset(worker_ids)
