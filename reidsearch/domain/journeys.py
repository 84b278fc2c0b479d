"""Where an identity was: stops, and what lies between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reidsearch.domain.decisions import Identity, Presence, TooFast, Transits


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
