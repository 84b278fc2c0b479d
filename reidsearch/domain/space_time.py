"""What place and time of a sighting say of whom it shows; evidence apart from appearance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

POOL = 100
"""Of the best by appearance, at least so many are put in order by both kinds of evidence."""


class Unread(StrEnum):
    """Why place and time of a match say nothing."""

    NO_CAMERA = "no-camera"  # its camera is not known
    NO_TIME = "no-time"  # its time is not known
    NO_UNCERTAINTY = "no-uncertainty"  # nobody knows how exact its time is
    ALONE = "alone"  # nothing else is confirmed, with a known time
    FAR = "far"  # from every confirmed sighting by more than twelve hours
    SAME_STAY = "same-stay"  # at the camera of a confirmed sighting, at the same time
    NO_MODEL = "no-model"  # too few journeys between these cameras are confirmed


@dataclass(frozen=True, slots=True)
class Anchor:
    """A confirmed sighting before or after a match.

    Args:
        kind, number: the member of the identity that it is.
        gap_s: from the end of the one to the beginning of the other.
        uncertainty_s: by how much that may be off because of both clocks.
        journeys: that the transit time rests on, of other people; 0: too few, it was not used.
    """

    kind: str
    number: int
    camera: str
    gap_s: float
    uncertainty_s: float
    journeys: int


@dataclass(frozen=True, slots=True)
class SpaceTime:
    """How much better time and place of a match fit the person than anybody who passed there.

    Args:
        log10_lr: log-likelihood ratio to base 10: density of this time if the match shows the
            person, by transit times, against the share of the camera's passers at this time.
            None: they say nothing.
        log10_lr_interval: 95 %, by what journeys and passers leave possible.
        why_not: why they say nothing.
        last, next: confirmed sightings before and after it, if there are any.
        passers: tracklets of the camera within half an hour of it.
        combined_log10_lr: the sum with that of the score, where the answer is in its order.
        rank_by_appearance: what the rank would be without place and time, likewise.
    """

    log10_lr: float | None
    log10_lr_interval: tuple[float, float] | None
    why_not: Unread | None
    last: Anchor | None = None
    next: Anchor | None = None
    passers: int = 0
    combined_log10_lr: float | None = None
    rank_by_appearance: int | None = None


@dataclass(frozen=True, slots=True)
class ReadBy:
    """What place and time of an answer's matches were read by.

    Args:
        decision: the last decision that counted.
        people, journeys: other identities, and their confirmed journeys, that transit times rest
            on; those of the person searched for do not count.
        pairs: ordered pairs of cameras with a transit time.
        combined: whether the answer is in the order of both kinds of evidence.
        cameras: the only ones whose sightings counted, in order; None: all.
    """

    decision: int
    people: int
    journeys: int
    pairs: int
    combined: bool
    cameras: tuple[str, ...] | None = None
