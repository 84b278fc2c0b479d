"""Which footage to fetch next: where an identity may have been of which nothing is analysed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reidsearch.domain.answers import WhyNotLogged
from reidsearch.domain.decisions import Named
from reidsearch.domain.transit_times import LeftOut

MISSED = 0.2
"""Of passages through analysed footage: the share taken to be not among the confirmed. A default;
nobody measured it."""


class Lack(StrEnum):
    """Why nothing of some footage is known."""

    NOT_SUPPLIED = "not-supplied"  # nobody has offered any
    UNFINISHED = "unfinished"  # its source was not worked through to the end
    FAILED = "failed"  # it could not be decoded
    GAP = "gap"  # the recording has nothing there: another recorder may
    ERASED = "erased"  # what was found there was deleted


@dataclass(frozen=True, slots=True)
class Fetch:
    """Some footage that may show the person.

    Args:
        from_us, to_us: wall clock; within one hour of the day.
        chance: that it shows the person; None: not known, no journeys lead there yet.
        interval: 95 %, by what so few journeys leave possible.
        overwritten_at: when the recorder overwrites its beginning; None: nobody said.
    """

    camera: str
    from_us: int
    to_us: int
    lack: Lack
    chance: float | None
    interval: tuple[float, float] | None
    overwritten_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class NextFootage:
    """What to fetch next for one identity.

    Args:
        fetches: the likeliest first; those of unknown chance last.
        sightings: confirmed ones that it rests on.
        left_out: those that could not be used.
        people, journeys: that transit times rest on.
        without_place: sources of footage of which camera or time is not known, so that nobody can
            tell whether they help.
        failures: inputs that could not be indexed at all.
        keeps_days: by camera of the fetches how many days its recorder keeps footage, where that is
            known.
        logged: the entry of the event log; None: it has none.
        why_not_logged: why it has none.
    """

    identity: Named
    fetches: tuple[Fetch, ...]
    sightings: int
    left_out: LeftOut
    people: int
    journeys: int
    without_place: int
    failures: int
    keeps_days: Mapping[str, float]
    logged: int | None = None
    why_not_logged: WhyNotLogged | None = None
