"""Rows of the queue: put in, taken, fenced, ended. `workers.py` beside it has those of workers.

A worker holds a lock for as long as it lives (`Store.working`), and a lease that it renews. A
source that is recorded as running can be taken by another worker when that lock is free, which it
is as soon as the process is dead, or when the lease has run out, since a frozen process keeps its
lock. Each taking gives the row another number; what a worker commits is refused
(`require_taken`, in the transaction itself) when the row is no longer its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, insert, select, update

from reidsearch.base.errors import Kind, StorageError
from reidsearch.base.timecode import now, to_us
from reidsearch.domain.index_request import IndexRequest
from reidsearch.domain.jobs import JobProblem
from reidsearch.domain.queue import (
    ENDED,
    MOST_ATTEMPTS,
    Offered,
    Queued,
    QueuedState,
    QueueReport,
)
from reidsearch.store.chunks import chunks
from reidsearch.store.database.proofs import intact
from reidsearch.store.location_keys import location_key
from reidsearch.store.queue_reading import one, reached_us
from reidsearch.store.tables.queue import queued_source, worker

_c = queued_source.c
KILLED = "its workers were ended while they were at it"


def put(
    connection: Connection,
    offered: Iterable[Offered],
    request: IndexRequest,
    actor: str,
    case: str | None,
) -> QueueReport:
    """Queue places; a place is in the queue once, with what was asked for last.

    One that is running is left as it is.
    """
    queued = again = waiting = running = size_bytes = 0
    asked = {"request": request.document, "actor": actor, "case_name": case}
    fresh = {**asked, "state": QueuedState.QUEUED.value, "queued_us": to_us(now())}
    fresh |= {"attempts": 0, "reached_us": 0, "missing_on": "", "problem": None}
    fresh |= {"started_us": None, "ended_us": None}
    for part in chunks(list(offered)):
        keys = {location_key(offer.location): offer for offer in part}
        held = {
            row.key: row.state
            for row in connection.execute(select(_c.key, _c.state).where(_c.key.in_(list(keys))))
        }
        new = []
        for key, offer in keys.items():
            told = {**fresh, "kind": offer.kind.value, "size_bytes": offer.size_bytes}
            state = held.get(key)
            if state is None:
                new.append({**told, "key": key, "location": offer.location, "taken": 0})
                queued += 1
            elif state == QueuedState.RUNNING.value:
                running += 1
                continue
            else:
                connection.execute(update(queued_source).where(_c.key == key).values(**told))
                again += state != QueuedState.QUEUED.value
                waiting += state == QueuedState.QUEUED.value
            size_bytes += offer.size_bytes
        if new:
            connection.execute(insert(queued_source), new)
    return QueueReport(queued, again, waiting, running, size_bytes=size_bytes)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a worker may take.

    Args:
        host: its machine: what was not found there is left to others.
        lost: workers that are dead, or were not heard of for too long; see `store.workers.lost`.
        passed_over: rows that it does not want just now.
    """

    host: str
    lost: Collection[int] = ()
    passed_over: Collection[int] = ()


def waits(connection: Connection, wanted: Wanted) -> bool:
    """Tell whether there may be something to take; costs no write."""
    return connection.execute(_takeable(wanted)).first() is not None


def claim(connection: Connection, worker_id: int, wanted: Wanted) -> Queued | None:
    """Take the next source for a worker: those of lost workers first; None: there is none.

    A source at which `MOST_ATTEMPTS` workers in a row were ended, before anything of it was
    committed, has failed: it would end the next one too.
    """
    next_one = _takeable(wanted).where(intact(queued_source)).with_for_update(skip_locked=True)
    while True:
        found = connection.execute(next_one).one_or_none()
        if found is None:
            return None
        reached = reached_us(connection, found.location)
        attempts = 1 + (0 if reached > found.reached_us else found.attempts)
        row = queued_source.update().where(_c.id == found.id)
        if attempts > MOST_ATTEMPTS:
            problem = JobProblem(Kind.WORKER_ENDED.value, f"{KILLED}, {MOST_ATTEMPTS} times")
            connection.execute(row.values(**_ended(QueuedState.FAILED, problem)))
            continue
        connection.execute(
            row.values(
                state=QueuedState.RUNNING.value,
                started_us=to_us(now()),
                worker_id=worker_id,
                taken=found.taken + 1,
                attempts=attempts,
                reached_us=reached,
            )
        )
        return one(connection, found.id)


def require_taken(connection: Connection, queued: Queued) -> None:
    """Refuse to commit for a worker whose source has passed to another.

    Raises:
        StorageError: (source-lost) it has.
    """
    if not is_taken(connection, queued):
        raise StorageError(
            f"{queued.location}: another worker has taken it over; nothing more is written here",
            kind=Kind.SOURCE_LOST,
        )


def is_taken(connection: Connection, queued: Queued) -> bool:
    """Tell whether a source still is that worker's who took it."""
    return connection.execute(select(_c.id).where(_own(queued))).first() is not None


def give_back(
    connection: Connection,
    queued: Queued,
    *,
    missing_on: str | None = None,
    problem: JobProblem | None = None,
) -> None:
    """Queue a source again that its worker could not, or was not to, finish.

    Args:
        missing_on: this machine found nothing at its place.
        problem: what went wrong, which counts as an attempt; None: nothing did.
    """
    values: dict[str, Any] = {"state": QueuedState.QUEUED.value, "started_us": None}
    if problem is None:
        values["attempts"] = queued.attempts - 1
    else:
        values["problem"] = asdict(problem)
    if missing_on is not None:
        values["missing_on"] = "".join(f"\n{host}\n" for host in (*queued.missing_on, missing_on))
    connection.execute(update(queued_source).where(_own(queued)).values(**values))


def end(
    connection: Connection,
    queued: Queued,
    state: QueuedState,
    *,
    problem: JobProblem | None = None,
    footage_s: float | None = None,
) -> bool:
    """Record what became of a source; False: it is another worker's by now."""
    ended = connection.execute(
        update(queued_source)
        .where(_own(queued))
        .values(**_ended(state, problem), footage_s=footage_s)
    )
    return ended.rowcount == 1


def retry(connection: Connection) -> int:
    """Queue again what failed or was not read as a whole; return how many."""
    again = (
        update(queued_source)
        .where(_c.state.in_([QueuedState.FAILED.value, QueuedState.PARTLY.value]))
        .values(
            state=QueuedState.QUEUED.value,
            attempts=0,
            missing_on="",
            problem=None,
            started_us=None,
            ended_us=None,
        )
    )
    return connection.execute(again).rowcount


def leave(connection: Connection) -> None:
    """Drop what waits in the archive that a backup was made of, and who works: not here."""
    connection.execute(delete(worker).where(worker.c.ended_us.is_(None)))
    connection.execute(delete(queued_source).where(~_c.state.in_(list(ENDED))))


def forget(connection: Connection, places: Collection[str]) -> None:
    """Drop rows that have ended and name a source that was deleted, or what lay in it."""
    telling = select(_c.id, _c.location, _c.problem, _c.request).where(_c.state.in_(list(ENDED)))
    gone = [row.id for row in connection.execute(telling) if _names(row, places)]
    for part in chunks(gone):
        connection.execute(delete(queued_source).where(_c.id.in_(part)))


def _names(row: Row[Any, Any, Any, Any], places: Collection[str]) -> bool:
    if row.location in places:
        return True
    told = " ".join(str(value) for value in (row.problem or {}).values())
    return any(place in told for place in places) if told else False


def _takeable(wanted: Wanted) -> Select[tuple[Any, ...]]:
    """The next source that a worker may take."""
    waiting = (_c.state == QueuedState.QUEUED.value) & ~_c.missing_on.contains(
        f"\n{wanted.host}\n", autoescape=True
    )
    left = (_c.state == QueuedState.RUNNING.value) & _c.worker_id.in_(list(wanted.lost))
    return (
        select(queued_source)
        .where(waiting | left, ~_c.id.in_(list(wanted.passed_over)))
        .order_by(_c.state.desc(), _c.id)  # running before queued
        .limit(1)
    )


def _own(queued: Queued) -> ColumnElement[bool]:
    return (
        (_c.id == queued.queued_id)
        & (_c.taken == queued.taken)
        & (_c.state == QueuedState.RUNNING.value)
    )


def _ended(state: QueuedState, problem: JobProblem | None) -> dict[str, Any]:
    return {
        "state": state.value,
        "ended_us": to_us(now()),
        "problem": None if problem is None else asdict(problem),
    }
