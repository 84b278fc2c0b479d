"""How long people take from one camera to another, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST_JOURNEYS = 5
"""Fewer journeys between two cameras make no model."""
HORIZON_S = 12 * 3600.0
"""Sightings that lie farther apart are no journey: the person went home, or away."""
ONE_WAY_S = 1800.0
"""Sightings that lie closer are of one way; in between farther ones the person may be away."""
SAME_STAY_S = 60.0
"""Sightings by one camera that lie closer are one stay."""

Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Leg:
    """From one sighting of somebody to the next, both confirmed.

    Args:
        first, second: cameras; the same twice for who went away and came back.
        gap_s: from the end of the one to the beginning of the other; below 0 where both cameras
            show the person at once.
        doubt_s: by how much that may be off, half the width of the interval.
        corrected: whether somebody corrected the clock of one of them.
    """

    identity_id: int
    first: str
    second: str
    gap_s: float
    doubt_s: float
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Confirmed sightings that a model cannot use.

    Args:
        no_camera, no_time: of no known camera; of no known time.
        no_doubt: of a time of which nobody knows how exact it is.
    """

    no_camera: int = 0
    no_time: int = 0
    no_doubt: int = 0

    @property
    def all(self) -> int:
        """How many in all."""
        return self.no_camera + self.no_time + self.no_doubt


@dataclass(frozen=True, slots=True, eq=False)
class TransitTime:
    """How long it takes from one camera to another.

    A mixture: who goes there directly (normal in `linking.transit_model.axis`, which is the
    logarithm of the time beyond some seconds), and who does not (anything up to `HORIZON_S`).

    Args:
        journeys, people: confirmed journeys that it rests on, and of how many identities.
        corrected: how many of the journeys touch a clock that somebody corrected.
        doubt_s: median of how much a journey's time may be off because of the clocks.
        median_s, median_interval_s: of who goes directly; 95 %.
        low_s, high_s: nine in ten of who goes directly take between these.
        indirect, indirect_interval: share that does not go directly; 95 %.
        centre, spread, share: (DRAWS,) of each what the journeys leave possible: median and
            deviation on the axis, share of the indirect.
    """

    first: str
    second: str
    journeys: int
    people: int
    corrected: int
    doubt_s: float
    median_s: float
    median_interval_s: tuple[float, float]
    low_s: float
    high_s: float
    indirect: float
    indirect_interval: tuple[float, float]
    centre: Draws
    spread: Draws
    share: Draws


@dataclass(frozen=True, slots=True, eq=False)
class TransitModel:
    """All that confirmed journeys say of the ways between cameras.

    Args:
        cameras: of all sightings that were used, in order.
        times: of each ordered pair with enough journeys.
        counts: journeys of every ordered pair that has any.
        last: by camera how many identities were not seen again within `HORIZON_S`.
        stays_s: by camera the median seconds that a confirmed sighting lasts.
        people, sightings: that it rests on.
        anew, stays: how many stays are not within `ONE_WAY_S` of the stay before, of how many.
    """

    cameras: tuple[str, ...]
    times: Mapping[tuple[str, str], TransitTime]
    counts: Mapping[tuple[str, str], int]
    last: Mapping[str, int]
    stays_s: Mapping[str, float]
    people: int
    sightings: int
    left_out: LeftOut = LeftOut()
    anew: int = 0
    stays: int = 0
