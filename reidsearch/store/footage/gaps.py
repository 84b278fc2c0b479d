"""What no source covers: the times of which nobody has offered any footage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from reidsearch.domain.footage import CoverageGap

# Recorders need a moment from one file to the next, and their names tell whole seconds.
SHORTEST_US = 2_000_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """One source of a known camera on the wall clock, microseconds since 1970-01-01 UTC."""

    camera: str
    first_us: int
    last_us: int


def not_supplied(
    stretches: Iterable[Stretch], after_us: int | None = None, before_us: int | None = None
) -> list[CoverageGap]:
    """Return the holes of each camera, by camera and time.

    Args:
        stretches: of every camera that is asked about.
        after_us, before_us: what is asked about; None: from the first, to the last source of any
            of these cameras. Before it there is nothing to compare with.
    """
    held = sorted(stretches, key=lambda one: (one.camera, one.first_us))
    if not held:
        return []
    begins = min(one.first_us for one in held) if after_us is None else after_us
    ends = max(one.last_us for one in held) if before_us is None else before_us
    found: list[CoverageGap] = []
    for camera, own in groupby(held, key=lambda one: one.camera):
        reached = begins
        for one in (*own, Stretch(camera, ends, ends)):
            until = min(one.first_us, ends)
            if until - reached >= SHORTEST_US:
                found.append(CoverageGap(camera, reached, until))
            reached = max(reached, one.last_us)
    return found
