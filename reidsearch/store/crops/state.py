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
    running_run: int | None = field(compare=False)
    """The run that has not ended, whether it still lives or was killed."""
    pending: int = field(compare=False)
    """How many pieces of work are not finished."""


@dataclass(frozen=True, slots=True)
class Held:
    """One state to read.

    Args:
        running_run: the index run that was at work when it was taken.
    """

    connection: Connection
    state: State
    running_run: int | None


class HeldByThread(threading.local):
    """What all reads of a thread see; None: each sees the present state."""

    now: Held | None = None


def state_of(connection: Connection) -> State:
    """Return where the archive stands by a connection."""
    next_crop_id, *rest = connection.execute(selects.STATE).one()
    return State(next_crop_id - 1, *rest)
