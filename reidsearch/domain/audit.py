"""What an archive tells of its own cameras without labels: false alarms, and what has changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from reidsearch.domain.scores import Calibration

Z = 1.959964
TOLERATED = 3.0
"""So many times the promised rate may be, before a calibration is refused: people whom a camera
shows at once share its light and the hour, and so look more alike than those of the calibration,
who were seen by different cameras."""
LEAST_ALARMS = 5
ENOUGH_PAIRS = 100
"""Fewer pairs of a camera tell nothing of a rate of 1 in 100."""
PROMISES = (0.01, 0.001)
"""Rates of false alarms at which a calibration is tested, as far as it was measured."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """How many of so many pairs of different people reach a score."""

    pairs: int
    alarms: int

    @property
    def rate(self) -> float | None:
        """The share; None: there are no pairs."""
        return self.alarms / self.pairs if self.pairs else None

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, by Wilson."""
        if not self.pairs:
            return 0.0, 1.0
        share, count = self.alarms / self.pairs, self.pairs
        wide = 1 + Z**2 / count
        centre = (share + Z**2 / (2 * count)) / wide
        half = Z * (share * (1 - share) / count + Z**2 / (4 * count**2)) ** 0.5 / wide
        return max(centre - half, 0.0), min(centre + half, 1.0)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score, and how often two people reach it by the calibration: rate and upper end."""

    score: float
    promised: float
    at_most: float

    def broken_by(self, found: Alarms) -> bool:
        """Whether so many alarms cannot be what is promised."""
        return found.alarms >= LEAST_ALARMS and found.interval[0] > TOLERATED * self.at_most


def thresholds(calibration: Calibration) -> tuple[Threshold, ...]:
    """Return the scores at which a calibration promises `PROMISES`, as far as it was measured."""
    found = []
    for promised in PROMISES:
        if promised < calibration.floor:
            continue
        score = calibration.score_for(promised, 1)
        read = calibration.read(score, prior=0.5, comparisons=1)
        upper = max(read.false_alarm_rate_interval[1], read.false_alarm_rate)
        found.append(Threshold(score, read.false_alarm_rate, upper))
    return tuple(found)


class AuditedBy(StrEnum):
    """What pairs are put into groups by."""

    CAMERA = "camera"
    HOUR = "hour"  # of the day, by the archive's zone
    BRIGHTNESS = "brightness"  # of the darker of both crops


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One group of pairs.

    Args:
        camera: whose pairs; None: all cameras'.
        group: hour `08`, or grey levels `64-96`; empty: all of the camera.
        alarms: one for each threshold.
    """

    by: AuditedBy
    camera: str | None
    group: str
    alarms: tuple[Alarms, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A camera at which the calibration does not hold.

    Args:
        threshold: where that shows most.
    """

    camera: str
    threshold: Threshold
    alarms: Alarms

    @property
    def sentence(self) -> str:
        """What is known, for people."""
        low, high = self.alarms.interval
        return (
            f"calibration does not hold at {self.camera}: of {self.alarms.pairs:,} pairs of people "
            f"whom it showed at once, {self.alarms.alarms:,} score {self.threshold.score:.2f} or "
            f"more, {low:.1%} to {high:.1%}, where {self.threshold.promised:.2%} is promised"
        )


class Changed(StrEnum):
    """What became of a camera."""

    TURNED = "turned"  # people stand elsewhere in its picture, or have another size at one place
    DARK = "dark"  # its crops are dark
    SILENT = "silent"  # nobody is detected any more, although its footage goes on


@dataclass(frozen=True, slots=True)
class CameraChange:
    """What has changed at a camera, and when.

    Args:
        at: when the first sighting after it was; of a camera that fell silent the last before.
        figure: how much, in a sentence.
    """

    camera: str
    changed: Changed
    at: dt.datetime
    figure: str

    @property
    def sentence(self) -> str:
        """What is known, for people; the time in UTC."""
        became = {
            Changed.TURNED: "seems to have been turned at",
            Changed.DARK: "has gone dark at",
            Changed.SILENT: "has shown nobody since",
        }[self.changed]
        return f"{self.camera} {became} {self.at:%Y-%m-%d %H:%M:%S} UTC: {self.figure}"


@dataclass(frozen=True, slots=True)
class AuditCamera:
    """What was looked at of one camera.

    Args:
        together: pairs of tracklets that its sources show at once, in what was read.
        pairs: of these, compared; `doubled`: left out, for their boxes lie over each other.
        sources: of the camera; `read`: of which tracklets were read.
        brightness: median grey level of the crops looked at, 0 to 255; None: none.
    """

    camera: str
    together: int
    pairs: int
    doubled: int
    sources: int
    read: int
    brightness: float | None


@dataclass(frozen=True, slots=True)
class Audit:
    """An archive, looked at by what its own footage is sure of.

    Args:
        calibration: status, as an answer's statement says it.
        thresholds: at which false alarms were counted; empty: there is no calibration to test.
        adjusted: whether scores are camera-adjusted.
        seed: of what was drawn.
    """

    calibration: str
    thresholds: tuple[Threshold, ...]
    adjusted: bool
    cameras: tuple[AuditCamera, ...]
    rows: tuple[AuditRow, ...]
    refused: tuple[Refused, ...]
    changes: tuple[CameraChange, ...]
    seed: int
