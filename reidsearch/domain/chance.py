"""How often two people would be seen at one place and time by chance.

One person's sightings stay as they are. Each occasion of the other one, a walk from camera to
camera, is moved in time as a whole: to begin at the moment at which anybody else was seen by the
camera where it began. So busy hours, hours without footage and the order of cameras count as they
are, and only that the two had anything to do with each other is taken out. What is counted are the
person's sightings with the other one beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

APART_S = 900.0
"""Sightings further apart are of two occasions."""
MOST_PLACEMENTS = 5_000
"""Moments that an occasion is moved to; evenly chosen where there are more."""
_SURE = 0.95
_US = 1_000_000

Footfall: TypeAlias = Mapping[str, NDArray[np.int64]]
"""By camera when other people were first seen, microseconds on the wall clock, in order."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One sighting: by one camera, for a time on the wall clock, microseconds."""

    camera: str
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Chance:
    """How many meetings chance would have had.

    Args:
        observed: meetings, a sighting that was met on two of the other's occasions twice.
        expected: the mean number by chance; None: nobody else was seen there to compare with.
        low, high: in 95 of 100 cases chance would have had so many.
        p: how likely chance would have had as many as observed, or more. What was observed is one
            of the cases, so it is never 0.
        placements: in how many ways an occasion was moved, at the least.
    """

    observed: int
    expected: float | None
    low: int
    high: int
    p: float
    placements: int


def occasions(stays: Sequence[Stay], apart_s: float = APART_S) -> list[list[Stay]]:
    """Return stays in order of time, divided wherever nobody saw the person for `apart_s`."""
    found: list[list[Stay]] = []
    until_us = 0
    for one in sorted(stays, key=lambda stay: (stay.first_us, stay.camera)):
        if not found or one.first_us - until_us > apart_s * _US:
            found.append([])
            until_us = one.last_us
        found[-1].append(one)
        until_us = max(until_us, one.last_us)
    return found


def chance(
    person: Sequence[Stay],
    other: Sequence[Stay],
    footfall: Footfall,
    *,
    within_s: float,
    apart_s: float = APART_S,
) -> Chance:
    """Return how many meetings of two people chance would have had.

    Args:
        footfall: of everybody but the two.
    """
    within_us = round(within_s * _US)
    total = np.ones(1)
    observed, expected, known = 0, 0.0, True
    placements = MOST_PLACEMENTS
    for walk in occasions(other, apart_s):
        at_us = footfall.get(walk[0].camera, np.zeros(0, np.int64))
        at_us = at_us[_evenly(len(at_us))]
        shifts = np.concatenate([[0], at_us - walk[0].first_us])
        counts = _met(person, walk, shifts, within_us)
        observed += int(counts[0])
        known = known and len(at_us) > 0
        expected += float(counts[1:].mean()) if len(at_us) else 0.0
        placements = min(placements, len(at_us))
        total = np.convolve(total, np.bincount(counts) / len(counts))
    below = np.cumsum(total)
    tail = (1 - _SURE) / 2
    return Chance(
        observed=observed,
        expected=expected if known else None,
        low=int(np.searchsorted(below, tail)),
        high=int(np.searchsorted(below, 1 - tail)),
        p=float(min(total[observed:].sum(), 1.0)),
        placements=placements if other else 0,
    )


def _met(
    person: Sequence[Stay], walk: Sequence[Stay], shifts: NDArray[np.int64], within_us: int
) -> NDArray[np.int64]:
    """(len(shifts),) the person's stays that a walk would meet, if it were moved by each shift."""
    counts = np.zeros(len(shifts), np.int64)
    for stay in person:
        met = np.zeros(len(shifts), np.bool_)
        for one in walk:
            if one.camera == stay.camera:
                met |= (shifts >= stay.first_us - one.last_us - within_us) & (
                    shifts <= stay.last_us - one.first_us + within_us
                )
        counts += met
    return counts


def _evenly(count: int) -> NDArray[np.int64]:
    if count <= MOST_PLACEMENTS:
        return np.arange(count)
    return np.linspace(0, count - 1, MOST_PLACEMENTS).astype(np.int64)
