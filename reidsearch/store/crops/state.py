"""Where an archive stands, the one state that reads may be held to, and what a run recorded."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from sqlalchemy import Connection

from reidsearch.store.database import selects


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier run recorded of a location."""

    fingerprint: str
    facts: str
    crop_id: int


@dataclass(frozen=True, slots=True)
class State:
    """Where the archive stands.

    States are equal when an index that has everything of the one has everything of the other;
    the rest tells what an answer lacks and does not count for that.
    """

    last_crop_id: int
    erasures: int
    model_id: int | None
    adjustment: int | None
    """The row of the camera means in force."""
    failures: int = field(compare=False)
    interrupted_runs: int = field(compare=False)
    running_runs: frozenset[int] = field(compare=False)
    """The runs that have not ended, whether they still live or were killed."""
    pending: int = field(compare=False)
    """How many pieces of work are not finished."""
    any_footage: bool = field(compare=False)
    any_attributes: bool = field(compare=False)


@dataclass(frozen=True, slots=True)
class Held:
    """One state to read.

    Args:
        running_runs: the index runs that were at work when it was taken.
    """

    connection: Connection
    state: State
    running_runs: frozenset[int]


class HeldByThread(threading.local):
    """What all reads of a thread see; None: each sees the present state."""

    now: Held | None = None


def state_of(connection: Connection) -> State:
    """Return where the archive stands by a connection."""
    row = connection.execute(selects.STATE).one()
    return State(
        last_crop_id=row.next_crop_id - 1,
        erasures=row.erasures,
        model_id=row.model_id,
        adjustment=row.adjustment,
        failures=row.failures,
        interrupted_runs=row.interrupted_runs,
        running_runs=frozenset(int(one) for one in (row.running_runs or "").split(",") if one),
        pending=row.pending,
        any_footage=row.any_footage,
        any_attributes=row.any_attributes,
    )
