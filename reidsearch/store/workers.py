"""Rows of workers: who they are, when they were heard of last, what they are at.

One row a worker is written every few seconds, with lease and progress in one; the queue's own rows
change only when a source changes its state.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from reidsearch.base.errors import absent
from reidsearch.base.timecode import from_us
from reidsearch.domain.queue import LEASE_S, Health, QueuedState, Worker
from reidsearch.store.database.clock import database_us
from reidsearch.store.decoding import reads
from reidsearch.store.tables.queue import queued_source, worker

KEPT_S = 86_400.0
"""For so long a worker that has ended is told of."""
_w = worker.c


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker says of itself.

    Args:
        queued_id, share: what it is at, and how much of that is done.
    """

    queued_id: int | None = None
    share: float | None = None
    done: int = 0
    done_bytes: int = 0
    footage_s: float = 0.0
    busy_s: float = 0.0


def register(connection: Connection, host: str, pid: int, lease_s: float = LEASE_S) -> int:
    """Add a worker; return its number. Those that ended long ago go."""
    us = database_us(connection)
    running = select(queued_source.c.worker_id).where(
        queued_source.c.state == QueuedState.RUNNING.value
    )
    connection.execute(
        delete(worker).where(_w.seen_us < us - int(KEPT_S * 1e6), ~_w.id.in_(running))
    )
    row = {"host": host, "pid": pid, "started_us": us, "done": 0, "done_bytes": 0}
    row |= {"footage_s": 0.0, "busy_s": 0.0, "seen_us": us, "until_us": us + int(lease_s * 1e6)}
    inserted = connection.execute(insert(worker).values(**row)).inserted_primary_key
    if inserted is None:
        raise absent("the id of a new worker")
    return int(inserted[0])


def beat(connection: Connection, worker_id: int, told: Beat, lease_s: float = LEASE_S) -> None:
    """Renew a worker's lease."""
    us = database_us(connection)
    connection.execute(
        update(worker)
        .where(_w.id == worker_id)
        .values(
            seen_us=us,
            until_us=us + int(lease_s * 1e6),
            ended_us=None,
            queued_id=told.queued_id,
            share=told.share,
            done=told.done,
            done_bytes=told.done_bytes,
            footage_s=told.footage_s,
            busy_s=told.busy_s,
        )
    )


def leave(connection: Connection, worker_id: int) -> None:
    """Record that a worker has ended by itself."""
    us = database_us(connection)
    connection.execute(
        update(worker)
        .where(_w.id == worker_id)
        .values(ended_us=us, seen_us=us, queued_id=None, share=None)
    )


def unended(connection: Connection) -> list[int]:
    """Return the workers that have not said that they ended."""
    return list(connection.scalars(select(_w.id).where(_w.ended_us.is_(None))))


def lost(connection: Connection, living: Collection[int]) -> list[int]:
    """Return the workers whose sources any other may take.

    Args:
        living: those whose sign is held; see `Store.living`.
    """
    us = database_us(connection)
    gone = ~_w.id.in_(list(living)) | (_w.until_us < us) | _w.ended_us.is_not(None)
    return list(connection.scalars(select(_w.id).where(gone)))


def processes(connection: Connection, worker_ids: Collection[int]) -> list[tuple[str, int]]:
    """Return machine and process of workers."""
    found = select(_w.host, _w.pid).where(_w.id.in_(list(worker_ids)))
    return [(host, pid) for host, pid in connection.execute(found)]


def all_of(connection: Connection, living: Collection[int]) -> list[Worker]:
    """Return the workers, the latest last."""
    us = database_us(connection)
    at = {
        row.id: row.location
        for row in connection.execute(
            select(queued_source.c.id, queued_source.c.location).where(
                queued_source.c.state == QueuedState.RUNNING.value
            )
        )
    }
    rows = connection.execute(select(worker).order_by(_w.id))
    return [_worker(row, us, at.get(row.queued_id), row.id in living) for row in rows]


@reads(worker)
def _worker(row: Row[Any], us: int, at: str | None, lives: bool) -> Worker:
    if row.ended_us is not None:
        health = Health.ENDED
    elif not lives:
        health = Health.GONE
    elif row.until_us < us:
        health = Health.SILENT
    else:
        health = Health.IDLE if at is None else Health.WORKING
    return Worker(
        worker_id=row.id,
        host=row.host,
        pid=row.pid,
        health=health,
        started_at=from_us(row.started_us),
        seen_s=max(0.0, (us - row.seen_us) / 1e6),
        at=at,
        share=row.share if at is not None else None,
        done=row.done,
        done_bytes=row.done_bytes,
        footage_s=row.footage_s,
        busy_s=row.busy_s,
    )
