"""Who else was seen around the sightings of somebody: by the same camera, or by one beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from reidsearch.domain.answers import Logged
from reidsearch.domain.around import Around
from reidsearch.domain.cases import AskedFor
from reidsearch.domain.decisions import Member, Named, Presence
from reidsearch.domain.distance import Closer, Limit, Verdict


@dataclass(frozen=True, slots=True)
class Whom:
    """Around whose sightings is asked.

    Args:
        member: a tracklet, or a crop of none; None: an identity, all that is confirmed of it.
        identity: that was asked for, or that the member is confirmed as; None: of none.
        crop_ids: by which a member was named, or its views; empty: an identity was asked for.
    """

    member: Member | None
    identity: Named | None
    crop_ids: tuple[int, ...] = ()


def whom_json(whom: Whom) -> dict[str, Any]:
    """Return who was asked for."""
    return {
        "member": None if whom.member is None else asdict(whom.member),
        "identity": None if whom.identity is None else asdict(whom.identity),
        "crops": list(whom.crop_ids),
    }


@dataclass(frozen=True, slots=True)
class Watched:
    """What one camera was analysed for around one sighting.

    Args:
        sighting: its number.
        transit_s: the least time from the sighting's camera; None: it is that camera.
        from_us, to_us: what was asked about, on the wall clock.
        not_analysed_s: seconds of it that nobody looked at: no footage supplied, or not decoded.
    """

    sighting: int
    camera: str
    transit_s: float | None
    from_us: int
    to_us: int
    not_analysed_s: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.to_us - self.from_us) / 1_000_000


@dataclass(frozen=True, slots=True)
class CloserThan:
    """What is asked of the distance.

    Args:
        for_s: for how long in sum within one tracklet, seconds; 0: at any moment.
    """

    limit: Limit
    for_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Beside:
    """How near somebody was to the person, while one recording showed both.

    Args:
        closer: for how long; None: no ground of the camera holds, or two recordings show them.
    """

    verdict: Verdict
    closer: Closer | None


@dataclass(frozen=True, slots=True)
class SeenNearby:
    """Somebody else who was seen around a sighting.

    Args:
        sighting: number of the one that is nearest in time.
        gap_s: from the sighting to this one; negative: this one was before, 0: they overlap.
        overlap_s: for how long both were in sight.
        doubt_s: by how much two clocks may be off together; 0: both are of one recording, whose
            own time was compared; None: not known.
        at_once: one recording shows both at one moment, so they are two people. Otherwise this may
            be the same person, whose tracklet was interrupted.
        identity: what it is confirmed as.
        near: numbers of all sightings around which it was seen.
        beside: how near they were; None: not asked.
    """

    seen: Presence
    sighting: int
    gap_s: float
    overlap_s: float
    doubt_s: float | None
    at_once: bool
    identity: Named | None
    near: tuple[int, ...]
    beside: Beside | None = None


@dataclass(frozen=True, slots=True)
class NearbyStatement:
    """What was asked, and what the answer cannot know.

    Args:
        within_s: how long before and after a sighting somebody counts.
        watched: by sighting and camera, how much of that time was analysed.
        without_time: numbers of sightings whose time nobody knows: only their own recording was
            looked through, by its own time.
        without_footage: numbers of those of which not even that was possible.
        untimed_sources: by camera that was looked at, its sources without a known clock.
        own: further tracklets of the same identity that were left out.
        ways_known: whether any least time between two cameras is on record.
        closer_than: only those who were so near, certainly or possibly, or of whom nobody knows.
        not_closer: how many tracklets were left out because they were not.
        apart_in_time: how many were left out because nothing shows them at the same time.
    """

    archive: str
    archive_id: str
    asked_at: dt.datetime
    whom: Whom
    within_s: float
    around: Around
    watched: tuple[Watched, ...]
    without_time: tuple[int, ...]
    without_footage: tuple[int, ...]
    untimed_sources: Mapping[str, int]
    own: int
    ways_known: bool
    closer_than: CloserThan | None = None
    not_closer: int = 0
    apart_in_time: int = 0
    case: AskedFor | None = None
    logged: Logged | None = None


@dataclass(frozen=True, slots=True)
class Nearby:
    """An answer: who else was seen around the sightings of somebody.

    Args:
        sightings: around which was asked, numbered from 1 in this order, that of time.
        people: nearest in time first, then those who were longest in sight together; where it is
            asked how near they were, those who certainly were come first, then who possibly were.
    """

    statement: NearbyStatement
    sightings: tuple[Presence, ...]
    people: tuple[SeenNearby, ...]
