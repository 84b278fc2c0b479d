"""Who was repeatedly seen where and when somebody was, against how often chance would have it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from reidsearch.domain.answers import Logged
from reidsearch.domain.cases import AskedFor
from reidsearch.domain.chance import Chance
from reidsearch.domain.decisions import Named, Presence
from reidsearch.domain.nearby import Whom

LEVEL = 0.05
"""Of the p-value, after it was corrected for everybody who was compared."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A sighting of one beside a sighting of the other: one camera, within the time asked about.

    Args:
        sighting: number of the sighting of who was asked for.
        seen: the other one.
        gap_s, overlap_s, doubt_s, at_once: as in `domain.nearby.SeenNearby`.
        frame_crop: a crop whose frame shows both; None: no kept crop is of such a moment.
    """

    sighting: int
    seen: Presence
    gap_s: float
    overlap_s: float
    doubt_s: float | None
    at_once: bool
    frame_crop: int | None


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody who was seen again and again where and when the person was.

    Args:
        identity: None: nobody has confirmed them.
        proposal_id, proposal_score: of the proposal that puts their tracklets together, and its
            adjusted score at the weakest joint; None: they are an identity.
        meetings: nearest in time for each sighting of the person, in order of time.
        occasions: on how many occasions of the person's these were.
        chance: how many meetings chance would have had.
        p_corrected: `chance.p` times the number of people compared, at most 1.
        certain: one recording shows both at one moment, or both are identities: two people.
    """

    identity: Named | None
    proposal_id: int | None
    proposal_score: float | None
    meetings: tuple[Meeting, ...]
    occasions: int
    chance: Chance
    p_corrected: float
    certain: bool

    @property
    def cameras(self) -> tuple[str, ...]:
        """Where they met, in order of names."""
        return tuple(sorted({one.seen.camera for one in self.meetings if one.seen.camera}))

    @property
    def beyond_chance(self) -> bool:
        """Whether chance would hardly have it so, whoever of all had been looked at."""
        return self.p_corrected <= LEVEL


@dataclass(frozen=True, slots=True)
class CompanyStatement:
    """What was asked, and what the answer cannot know.

    Args:
        within_s: how near in time two sightings by one camera count as a meeting.
        apart_s: sightings further apart than this are of two occasions.
        occasions: of the person.
        untimed: sightings of the person without a known time or camera, which were left out.
        identities, proposals: how many others were compared: all with at least two sightings of
            known time and camera.
        linked_at: when tracklets were last put together; None: never, so only identities were.
        unassigned: tracklets, and crops of none, that are of no identity and no proposal.
        proposed_as_whom: the proposals that would be added to the person, which were left out.
        seconds, not_analysed_s: around the person's sightings, by their own cameras.
    """

    archive: str
    archive_id: str
    asked_at: dt.datetime
    whom: Whom
    within_s: float
    apart_s: float
    occasions: int
    untimed: int
    identities: int
    proposals: int
    linked_at: dt.datetime | None
    unassigned: int
    proposed_as_whom: int
    seconds: float
    not_analysed_s: float
    case: AskedFor | None = None
    logged: Logged | None = None

    @property
    def compared(self) -> int:
        """How many people were compared with the person."""
        return self.identities + self.proposals


@dataclass(frozen=True, slots=True)
class Company:
    """An answer: who was repeatedly seen where and when somebody was.

    Args:
        sightings: of the person, with known time and camera, numbered from 1 in order of time.
        companions: who met them on two occasions or at two places, least likely by chance first.
    """

    statement: CompanyStatement
    sightings: tuple[Presence, ...]
    companions: tuple[Companion, ...]
