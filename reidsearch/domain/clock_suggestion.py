"""How far the clocks of cameras are off, told by the people whom they saw. Nothing is set by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reidsearch.domain.answers import WhyNotLogged
from reidsearch.domain.decisions import Member
from reidsearch.domain.footage import Clock


class WhyNoOffset(StrEnum):
    """Why nothing is suggested for a camera."""

    NO_CLOCK = "no-clock"  # the start of its footage is not known
    NOBODY = "nobody"  # nobody was found who is seen by it and by another camera
    ONE_WAY = "one-way"  # ways in one direction alone: their time cannot be told from an offset
    NOT_CONNECTED = "not-connected"  # no chain of pairs with an offset leads to the reference


class HowPaired(StrEnum):
    """What the time between the sightings of two cameras says."""

    BOTH_WAYS = "both-ways"  # people went in both directions: the offset is half the difference
    AT_ONCE = "at-once"  # somebody said that both show one place: the offset is the difference
    ONE_WAY = "one-way"  # one direction, or both cannot be told apart: no offset
    TOO_FEW = "too-few"  # too few people for either


@dataclass(frozen=True, slots=True)
class CameraPair:
    """Two cameras, and the time between sightings of the same people by both.

    Args:
        lags: pairs of sightings that were compared; `forward` of them from `a` to `b`, `backward`
            the other way, `at_once` at one time; the rest fits neither.
        people: that these pairs are of.
        transit_s: median time of a way, the same in both directions; None: not known.
        residual_s: by how much this pair alone disagrees with what all pairs say together, as an
            offset of `b`; None: it says nothing.
        residual_sd_s: its standard deviation.
    """

    a: str
    b: str
    how: HowPaired
    lags: int
    forward: int
    backward: int
    at_once: int
    people: int
    transit_s: float | None = None
    residual_s: float | None = None
    residual_sd_s: float | None = None

    @property
    def contradicts(self) -> bool:
        """Whether it disagrees with all the others by more than chance and `LEAST_S`."""
        return disagrees(self.residual_s, self.residual_sd_s)


LEAST_S = 1.0
"""A disagreement below it is no contradiction: boxes begin and end some frames apart."""
DEVIATIONS = 3.0


def disagrees(residual_s: float | None, sd_s: float | None) -> bool:
    """Whether a residual is beyond chance."""
    if residual_s is None or sd_s is None:
        return False
    return abs(residual_s) > max(LEAST_S, DEVIATIONS * sd_s)


@dataclass(frozen=True, slots=True)
class CameraOffset:
    """What is suggested for the clock of one camera.

    Args:
        offset_s: to be added to all its times, at the moment `ClockSuggestion.at`; None: not known.
        interval_s: 95 %, from and to.
        drift_ppm: to be added to every second, in millionths; 0: none was found.
        drift_interval_ppm: 95 %; None: the sightings are too short a time, or too few.
        people: that it rests on; `lags` pairs of their sightings.
        why_not: why there is no offset.
        sources: of the camera, whose clocks would be set.
    """

    camera: str
    offset_s: float | None
    interval_s: tuple[float, float] | None
    drift_ppm: float
    drift_interval_ppm: tuple[float, float] | None
    people: int
    lags: int
    sources: int
    why_not: WhyNoOffset | None = None

    def correction_s(self, after_s: float) -> float:
        """Return what is to be added so many seconds after `ClockSuggestion.at`."""
        return (self.offset_s or 0.0) + self.drift_ppm * after_s / 1e6


@dataclass(frozen=True, slots=True)
class Cycle:
    """Cameras in a circle: what is added on the way around should come to nothing.

    Args:
        cameras: in order; the last leads back to the first.
        open_s: what it comes to.
        sd_s: the standard deviation of that.
    """

    cameras: tuple[str, ...]
    open_s: float
    sd_s: float

    @property
    def contradicts(self) -> bool:
        """Whether it does not close, beyond chance."""
        return disagrees(self.open_s, self.sd_s)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two confirmed sightings of one person that would overlap in time at two cameras.

    Args:
        first, second: who was seen.
        overlap_s: for how long, by the clocks as they would be.
    """

    identity: str
    first: Member
    second: Member
    cameras: tuple[str, str]
    overlap_s: float


@dataclass(frozen=True, slots=True)
class ClockSuggestion:
    """Offsets and drifts of cameras against a reference, from the people whom they saw.

    Args:
        reference: the camera whose clock is taken to be right.
        at: the moment at which the offsets hold; drift counts from there.
        within_s: sightings up to so far apart were compared: larger offsets are not found.
        least_score: of a mutual best match; None: there was nothing to compare.
        confirmed, matched: pairs of sightings by confirmed identities, and by mutual best matches.
        people: that all of it rests on.
        cameras: all but the reference, by name.
        disagreements: at most some dozens are listed; `disagreeing` is how many there are.
        logged: its number in the event log; None: not logged.
        why_not_logged: why it is not.
        accepted: cameras whose clocks were set.
        told_by: the clock of each source, as it was when this was told.
    """

    reference: str
    at: dt.datetime | None
    within_s: float
    least_score: float | None
    confirmed: int
    matched: int
    people: int
    cameras: tuple[CameraOffset, ...]
    pairs: tuple[CameraPair, ...]
    cycles: tuple[Cycle, ...]
    disagreements: tuple[Disagreement, ...]
    disagreeing: int
    residuals: tuple[Residuals, ...] = ()
    logged: int | None = None
    why_not_logged: WhyNotLogged | None = None
    accepted: tuple[str, ...] = ()
    told_by: Mapping[int, Clock] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Residuals:
    """What a pair of cameras disagrees by, pair of sightings for pair of sightings.

    Args:
        after_h: hours after the first.
        seconds: how much longer (or shorter) each way took than the median of its direction, by
            the clocks as they would be.
        forward: whether it is a way from `a` to `b`, or at once; else from `b` to `a`.
    """

    a: str
    b: str
    after_h: tuple[float, ...]
    seconds: tuple[float, ...]
    forward: tuple[bool, ...]
