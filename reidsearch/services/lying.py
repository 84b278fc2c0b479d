"""How the sightings of two people lie to each other in time."""

from __future__ import annotations

from dataclasses import dataclass

from reidsearch.domain.decisions import Presence
from reidsearch.store.footage.presence import at_once

_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Lying:
    """How one tracklet lies to one sighting; see `SeenNearby`."""

    sighting: int
    gap_s: float
    overlap_s: float
    doubt_s: float | None
    at_once: bool

    @property
    def order(self) -> tuple[float, float, int]:
        """Nearest in time first, then longest in sight together."""
        return abs(self.gap_s), -self.overlap_s, self.sighting


def lies(number: int, sighting: Presence, other: Presence) -> Lying | None:
    """Return how another one lies to a sighting; None: nothing tells.

    Within one recording its own time is compared, which no clock can move.
    """
    parts = [
        (one.first_us, one.last_us, two.first_us, two.last_us)
        for one in sighting.parts
        for two in other.parts
        if one.source_id == two.source_id
        and sighting.member.kind == other.member.kind == "tracklet"
    ]
    if parts:
        gaps = [_gap(*part) for part in parts]
        gap_us = min(gaps, key=abs)
        overlap_us = sum(max(0, min(b, d) - max(a, c)) for a, b, c, d in parts)
        both = at_once(sighting, other)
        return Lying(number, gap_us / _US, overlap_us / _US, 0.0, both)
    if sighting.first_us is None or other.first_us is None:
        return None
    ends = sighting.last_us or sighting.first_us, other.last_us or other.first_us
    gap_us = _gap(sighting.first_us, ends[0], other.first_us, ends[1])
    overlap_us = max(0, min(ends) - max(sighting.first_us, other.first_us))
    doubts = (sighting.uncertainty_s, other.uncertainty_s)
    doubt_s = None if None in doubts else sum(one or 0.0 for one in doubts)
    both = at_once(sighting, other)
    return Lying(number, gap_us / _US, overlap_us / _US, doubt_s, both)


def _gap(first: int, last: int, other_first: int, other_last: int) -> int:
    """Return the time from one stretch to another; negative: the other one is before, 0: both."""
    if other_first > last:
        return other_first - last
    return min(0, other_last - first)
