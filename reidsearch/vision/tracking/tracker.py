"""The contract of a tracker; `tests/contract_trackers.py` is the suite that every one passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors
from reidsearch.domain.footage import Detections

LIFESPAN_US = 4_000_000
"""For so long after its last detection a tracker keeps a track. Longer than the two seconds between
analysed frames of a scene in which nothing moves (media/video/motion.py)."""

Picture: TypeAlias = NDArray[np.uint8]
"""Of one person, in the form that `Looks.crops` gives it; a tracker only keeps it."""


class Looks(Protocol):
    """Tells what the people of one frame look like."""

    def crops(self, rows: Sequence[int]) -> list[Picture]:
        """Return pictures of these detections: they cost little, and may be kept."""
        ...

    def of(self, crops: Sequence[Picture]) -> Vectors:
        """Return (len(crops), d) float32 of unit length, of pictures made by `crops`.

        A row of zeros: it cannot be told, and place decides alone.
        """
        ...


@dataclass(slots=True, eq=False)
class Track:
    """One track, as it stands after its last detection.

    Args:
        number: counts from 0, never reused.
        time_us, xyxy: of its last detection.
        velocity: (2,) float64, pixels a second of the middle of the box's top.
        look: (d,) float32 of unit length, a slow mean of what its person looks like; zeros: it
            could not be told; None: nobody needed it yet.
        crop: a clear picture of its person that `look` does not have yet; None: there is none.
        look_us: when `look` or `crop` was last renewed.
        seen, looked: how many detections it has, and for how many of them `look` or `crop` was
            renewed.
    """

    number: int
    time_us: int
    xyxy: NDArray[np.float32]
    velocity: NDArray[np.float64]
    look: NDArray[np.float32] | None
    crop: Picture | None
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
            self.crop,
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
