"""Who was seen by two cameras at one time.

A clock is wrong, both cameras show one place, or there are two people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reidsearch.domain.decisions import Member, Presence


@dataclass(frozen=True, slots=True)
class TwoPlaces:
    """Two sightings by two cameras that overlap in time.

    Args:
        overlap_s: for how long, by the wall clock.
        certain: even if both clocks are off by all they may be off.
    """

    first: Member
    second: Member
    overlap_s: float
    certain: bool


def two_places(presences: Iterable[Presence]) -> tuple[TwoPlaces, ...]:
    """Return the pairs of sightings by different cameras at one time, in order of time."""
    timed = [
        (one.first_us, one.last_us, one)
        for one in presences
        if one.first_us is not None and one.last_us is not None and one.camera is not None
    ]
    timed.sort(key=lambda row: (row[0], row[2].member))
    found: list[TwoPlaces] = []
    going_on: list[tuple[int, int, Presence]] = []
    for first_us, last_us, one in timed:
        going_on = [row for row in going_on if row[1] > first_us]
        for _, until_us, other in going_on:
            if other.camera == one.camera:
                continue
            overlap_s = (min(until_us, last_us) - first_us) / 1_000_000
            known = one.uncertainty_s is not None and other.uncertainty_s is not None
            doubt_s = (one.uncertainty_s or 0.0) + (other.uncertainty_s or 0.0)
            found.append(
                TwoPlaces(other.member, one.member, overlap_s, known and overlap_s > doubt_s)
            )
        going_on.append((first_us, last_us, one))
    return tuple(found)
