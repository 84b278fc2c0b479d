"""The contract of a tracker; `tests/contract_trackers.py` is the suite that every one passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors
from reidsearch.domain.footage import Detections

LIFESPAN_US = 4_000_000
"""For so long after its last detection a tracker keeps a track. Longer than the two seconds between
analysed frames of a scene in which nothing moves (media/video/motion.py)."""

Looks: TypeAlias = Callable[[Sequence[int]], Vectors]
"""Tells what people look like: rows of the detections -> (n, d) float32 of unit length. A row of
zeros: it cannot be told, and place decides alone. Rows are asked for only where place does not."""


@dataclass(slots=True, eq=False)
class Track:
    """One track, as it stands after its last detection.

    Args:
        number: counts from 0, never reused.
        time_us, xyxy: of its last detection.
        velocity: (2,) float64, pixels a second of the middle of the box's top.
        look: (d,) float32 of unit length, a slow mean of what its person looks like; zeros: it
            could not be told yet.
        look_us: when `look` was last renewed.
        seen, looked: how many detections it has, and how many of them `look` is of.
    """

    number: int
    time_us: int
    xyxy: NDArray[np.float32]
    velocity: NDArray[np.float64]
    look: NDArray[np.float32]
    look_us: int
    seen: int = 1
    looked: int = 1

    def copy(self) -> Track:
        """Copy it as it is now; the arrays are never changed in place."""
        return Track(
            self.number,
            self.time_us,
            self.xyxy,
            self.velocity,
            self.look,
            self.look_us,
            self.seen,
            self.looked,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """Which track each detection of a frame belongs to.

    Args:
        tracks: (n,) int64; -1: none, its confidence is too low to start one.
        doubtful: (n,) bool, where a track goes on and a switch to somebody else cannot be excluded.
    """

    tracks: NDArray[np.int64]
    doubtful: NDArray[np.bool_]


class Tracker(Protocol):
    """Tracks people across frames. The same calls give the same answers, in any process."""

    def update(self, detections: Detections, time_us: int, looks: Looks) -> Assigned:
        """Add the detections at a media time that is later than all before."""
        ...

    def state(self) -> tuple[Track, ...]:
        """Return a copy of its whole state; a tracker made of it goes on as this one would."""
        ...
