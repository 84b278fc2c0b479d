"""Reading the queue: its rows, where they stand, and how far what lies at them is committed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from reidsearch.base.errors import absent
from reidsearch.base.timecode import from_us
from reidsearch.domain.index_request import IndexRequest
from reidsearch.domain.jobs import JobProblem
from reidsearch.domain.queue import ENDED, Queued, QueuedKind, QueuedState
from reidsearch.store.decoding import reads
from reidsearch.store.location_keys import location_key
from reidsearch.store.tables.crops import failure
from reidsearch.store.tables.footage import footage, footage_location
from reidsearch.store.tables.queue import queued_source

_c = queued_source.c


def one(connection: Connection, queued_id: int) -> Queued:
    """Return a row. Raises ReidsearchError: there is none."""
    row = connection.execute(select(queued_source).where(_c.id == queued_id)).one_or_none()
    if row is None:
        raise absent(f"row {queued_id} of the queue")
    return read_queued(row)


def some(
    connection: Connection, states: Collection[QueuedState], latest: int | None = None
) -> list[Queued]:
    """Return the sources of these states; at most so many, those that ended last."""
    wanted = select(queued_source).where(_c.state.in_(list(states)))
    wanted = wanted.order_by(_c.id if latest is None else _c.ended_us.desc()).limit(latest)
    return [read_queued(row) for row in connection.execute(wanted)]


def missing(connection: Connection, most: int) -> list[Queued]:
    """Return queued sources that some machine did not find."""
    waiting = (_c.state == QueuedState.QUEUED.value) & (_c.missing_on != "")
    wanted = select(queued_source).where(waiting).order_by(_c.id).limit(most)
    return [read_queued(row) for row in connection.execute(wanted)]


def counts(connection: Connection) -> dict[QueuedState, int]:
    """Return how many sources stand where."""
    found = connection.execute(select(_c.state, func.count()).group_by(_c.state))
    return {QueuedState(state): count for state, count in found}


def unended(connection: Connection) -> bool:
    """Tell whether anything is queued or running."""
    left = select(_c.id).where(~_c.state.in_(list(ENDED))).limit(1)
    return connection.execute(left).first() is not None


def left_bytes(connection: Connection) -> int:
    """Return the size of all that has not ended."""
    found = select(func.sum(_c.size_bytes)).where(~_c.state.in_(list(ENDED)))
    return int(connection.scalar(found) or 0)


def reached_us(connection: Connection, location: str) -> int:
    """Return up to which media time what lies at a place is committed."""
    f, at = footage.c, footage_location.c
    here = select(at.source_id).where(at.key == location_key(location), at.replaced_us.is_(None))
    found = select(func.max(f.duration_us)).where(f.source_id.in_(here))
    return int(connection.scalar(found) or 0)


def failure_at(connection: Connection, location: str) -> str:
    """Return why what lies at a place, or in it, could not be indexed; empty: it is not known."""
    f = failure.c
    inside = [f.text.startswith(f"{location}{mark}", autoescape=True) for mark in ("/", "!/", ":")]
    here = or_(f.key == location_key(location), *inside)
    return connection.scalar(select(f.message).where(here).order_by(f.at_us).limit(1)) or ""


@reads(queued_source)
def read_queued(row: Row[Any]) -> Queued:
    """Return a row of the table as what it says."""
    return Queued(
        queued_id=row.id,
        kind=QueuedKind(row.kind),
        location=row.location,
        size_bytes=row.size_bytes,
        request=IndexRequest.of(row.request),
        actor=row.actor,
        case=row.case_name,
        state=QueuedState(row.state),
        taken=row.taken,
        attempts=row.attempts,
        worker_id=row.worker_id,
        ended_at=None if row.ended_us is None else from_us(row.ended_us),
        missing_on=tuple(row.missing_on.split()),
        problem=None if row.problem is None else JobProblem(**row.problem),
    )
