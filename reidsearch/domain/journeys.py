"""Where an identity was: stops, and what lies between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from reidsearch.domain.decisions import Identity, Presence, TooFast, Transits
from reidsearch.domain.footage import UNSEEN, SourceCoverage


@dataclass(frozen=True, slots=True)
class Stop:
    """One sighting.

    Args:
        number: from 1, in order of time; those whose time is not known come last.
        proposal_id: the proposal that it is from; None: it is confirmed.
    """

    number: int
    seen: Presence
    proposal_id: int | None

    @property
    def confirmed(self) -> bool:
        """Whether somebody said that this is the person."""
        return self.proposal_id is None


@dataclass(frozen=True, slots=True)
class Between:
    """From the end of one sighting to the beginning of the next, and what was analysed then.

    Args:
        after, before: numbers of the stops.
        from_us, to_us: wall clock.
        unseen_s: by camera the seconds that were not analysed: no footage supplied, missing in
            the recording, or not decoded. Cameras that were analysed throughout are left out.
    """

    after: int
    before: int
    from_us: int
    to_us: int
    unseen_s: Mapping[str, float]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.to_us - self.from_us) / 1_000_000


@dataclass(frozen=True, slots=True)
class Journey:
    """Where somebody was, and when, as far as is known.

    Args:
        stops: confirmed and proposed sightings.
        between: the stretches without a sighting, in order of time.
        cameras: how many cameras with known clocks there are.
        too_fast: transits shorter than the least times that were given.
        transits: the least times that were asked of the way.
    """

    identity: Identity
    stops: tuple[Stop, ...]
    between: tuple[Between, ...]
    cameras: int
    too_fast: tuple[TooFast, ...]
    transits: Transits


def analysed(sources: Iterable[SourceCoverage]) -> dict[str, list[tuple[int, int]]]:
    """Return when each camera's footage was analysed, wall clock; merged, in order."""
    found: dict[str, list[tuple[int, int]]] = {}
    for one in sources:
        camera, clock = one.facts.camera, one.facts.clock
        if camera is None or clock.start is None:
            continue
        found.setdefault(camera, [])
        for span in one.spans:
            first = clock.at_us(Fraction(span.from_us, 1_000_000))
            last = clock.at_us(Fraction(span.to_us, 1_000_000))
            if span.how not in UNSEEN and first is not None and last is not None:
                found[camera].append((first, last))
    return {camera: merged(found[camera]) for camera in sorted(found)}


def merged(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return stretches of time in order; those that touch or overlap as one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(stretches):
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined
