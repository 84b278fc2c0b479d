"""The nouns of footage: what lies between a video file and a crop. Frozen, arrays inside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.locations import composed
from reidsearch.base.settings import MOST_TILES
from reidsearch.domain.told import FactNote, Stamp

Boxes: TypeAlias = NDArray[np.float32]
"""(n, 4) float32, xyxy in pixels of the upright frame, right and bottom exclusive."""
Stamps: TypeAlias = NDArray[np.int64]
"""(n,) int64: pts of all frames of a source, strictly increasing."""


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What was seen in one frame.

    Args:
        xyxy: (n, 4) float32, pixels of the upright frame.
        confidence: (n,) float32 in [0, 1].
        ids: (n,) int64, track ids of precomputed detections; None: there are none.
    """

    xyxy: Boxes
    confidence: NDArray[np.float32]
    ids: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        count = len(self.confidence)
        if self.xyxy.shape != (count, 4) or self.confidence.shape != (count,):
            raise ValueError(f"{self.xyxy.shape} boxes with {self.confidence.shape} confidences")
        if self.xyxy.dtype != np.float32 or self.confidence.dtype != np.float32:
            raise ValueError("boxes and confidences are float32")

    def __len__(self) -> int:
        return len(self.confidence)

    def __getitem__(self, rows: Any) -> Detections:
        """The rows that a mask, slice or index array chooses."""
        ids = None if self.ids is None else self.ids[rows]
        return Detections(self.xyxy[rows], self.confidence[rows], ids)

    @classmethod
    def none(cls) -> Detections:
        """Nobody was seen."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


LARGEST_OFFSET_S = 10_000_000_000
LARGEST_DRIFT_PPM = 500_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
CALENDAR_US = tuple(
    (end.replace(tzinfo=dt.UTC) - _EPOCH) // dt.timedelta(microseconds=1)
    for end in (dt.datetime.min, dt.datetime.max)  # noqa: DTZ901
)
"""The first and the last microsecond that a date can tell."""


@dataclass(frozen=True, slots=True)
class Clock:
    """When a source's media time zero was, and how well that is known.

    Wall-clock time = start + offset + media time x (1 + drift / 1 000 000).

    Raises:
        ValueError: a number is none, or too large for any clock.

    Args:
        start: aware; None: not known, and then no time is told.
        origin: where `start` is from: `option`, `list`, `name`, `container`, `hand` (set later by
            somebody); None with `start`.
        uncertainty_s: half the width of the interval that holds the true time; None: not known.
        offset_s: a correction that somebody set later; exact.
        drift_ppm: how much faster than true time the camera's media time is slow; parts per
            million added to every second.
        moved_s: by how much a start that somebody set differs from what the recorder said.
        certain_until_s: media time at which the recording's own clock jumped; None: it never did.
    """

    start: dt.datetime | None = None
    origin: str | None = None
    uncertainty_s: float | None = None
    offset_s: Fraction = Fraction(0)
    drift_ppm: float = 0.0
    moved_s: Fraction = Fraction(0)
    certain_until_s: Fraction | None = None

    def __post_init__(self) -> None:
        require_clock(self.offset_s, self.drift_ppm, self.uncertainty_s)

    @property
    def correction_s(self) -> Fraction:
        """By how much its times differ from the recorder's own words."""
        return self.moved_s + self.offset_s

    def uncertainty_at(self, media_s: Fraction) -> float | None:
        """Half the width of the interval that holds the true time of a media time, if known."""
        if self.certain_until_s is not None and media_s > self.certain_until_s:
            return None
        return self.uncertainty_s

    def at_us(self, media_s: Fraction) -> int | None:
        """Microseconds since 1970-01-01 UTC of a media time; None when not known, and where that
        lies outside the calendar.
        """
        if self.start is None:
            return None
        start_us = (self.start - _EPOCH) // _MICROSECOND
        # Archives ask for it of every span, and sums of fractions take ten times as long as these.
        if self.drift_ppm:
            media_s *= 1 + Fraction(self.drift_ppm) / 1_000_000
        since_s = self.offset_s + media_s if self.offset_s else media_s
        at_us = start_us + _rounded(since_s.numerator * 1_000_000, since_s.denominator)
        first_us, last_us = CALENDAR_US
        return at_us if first_us <= at_us <= last_us else None

    def at_media_us(self, media_us: int) -> int | None:
        """As `at_us`, of a media time in microseconds."""
        if self.start is None or self.drift_ppm or 1_000_000 % self.offset_s.denominator:
            return self.at_us(Fraction(media_us, 1_000_000))
        offset_us = self.offset_s.numerator * 1_000_000 // self.offset_s.denominator
        at_us = (self.start - _EPOCH) // _MICROSECOND + offset_us + media_us
        first_us, last_us = CALENDAR_US
        return at_us if first_us <= at_us <= last_us else None

    def media_s_at(self, at_us: int) -> Fraction | None:
        """Media time at which it shows a time, wherever that lies; None when no time is known."""
        zero_us = self.at_us(Fraction(0))
        if zero_us is None:
            return None
        return Fraction(at_us - zero_us, 1_000_000) / (1 + Fraction(self.drift_ppm) / 1_000_000)


def _rounded(number: int, by: int) -> int:
    """Return a quotient as `round` does: half goes to the even number."""
    whole, rest = divmod(number, by)
    return whole + (2 * rest > by or (2 * rest == by and whole % 2 == 1))


def require_clock(offset_s: Fraction, drift_ppm: float, uncertainty_s: float | None) -> None:
    """Refuse what no clock can be: see `Clock`. Raises ValueError, naming the number."""
    if offset_s and not abs(offset_s) <= LARGEST_OFFSET_S:
        raise ValueError(f"an offset is at most {LARGEST_OFFSET_S} s")
    if not abs(drift_ppm) <= LARGEST_DRIFT_PPM:
        raise ValueError(f"a drift is at most {LARGEST_DRIFT_PPM} ppm")
    if uncertainty_s is not None and not 0 <= uncertainty_s <= LARGEST_OFFSET_S:
        raise ValueError(f"an uncertainty is between 0 and {LARGEST_OFFSET_S} s")


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known of a source beside its pixels; unknown is None, never a guess.

    Args:
        camera: composed (NFC), so that one name is one camera however it was typed.
        notes: what must be said about it.
    """

    camera: str | None = None
    clock: Clock = field(default_factory=Clock)
    notes: tuple[FactNote, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "camera", composed(self.camera))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notes whose cause is still there: what is known now needs no excuse any more."""
        holds = {"time": self.clock.start is None, "camera": self.camera is None}
        holds |= {self.clock.origin or "": True}
        return tuple(dict.fromkeys(note.text for note in self.notes if holds.get(note.about)))


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a source of footage says of itself, before any frame is decoded.

    Args:
        kind: `video` or `frames` (a folder of pictures).
        container, codec, pixel_format: FFmpeg's names; pixel_format None when not known.
        width_px, height_px: of the upright frame.
        rotation: degrees that the pictures are turned by to stand upright: 0, 90, 180, 270.
        time_base: seconds a pts unit.
        first_pts: pts of media time zero.
        declared_fps, declared_s: as the container claims; None when it does not.
        created: the container's own creation time, if it has one with a zone.
        notes: what a reader must know, in sentences (interlaced, high dynamic range, ...).
        first_time: what the recorder wrote into the file beside its first frame; asked for while
            indexing, not stored.
    """

    kind: str
    container: str
    codec: str
    pixel_format: str | None
    width_px: int
    height_px: int
    rotation: int
    time_base: Fraction
    first_pts: int
    declared_fps: float | None
    declared_s: float | None
    created: dt.datetime | None = None
    notes: tuple[str, ...] = ()
    first_time: Stamp | None = field(default=None, compare=False)

    def media_s(self, pts: int) -> Fraction:
        """Media time of a pts, exactly."""
        return (pts - self.first_pts) * self.time_base


class MediaClock:
    """Media time of every frame of a source, in whole numbers: as exact as `media_s`, and cheaper.

    Fractions take longer for a frame than its packet does.
    """

    def __init__(self, info: VideoInfo) -> None:
        self._first_pts = info.first_pts
        self._ticks, self._per_s = info.time_base.numerator, info.time_base.denominator

    def us(self, pts: int) -> int:
        """Return media time in microseconds, rounded half to even as `round` does."""
        whole, rest = divmod((pts - self._first_pts) * self._ticks * 1_000_000, self._per_s)
        up = 2 * rest > self._per_s or (2 * rest == self._per_s and whole & 1)
        return whole + 1 if up else whole

    def slot(self, pts: int, rate_hz: int) -> int:
        """Return the sampling interval of a pts, counted from 0: its first frame is taken."""
        scaled = (pts - self._first_pts) * self._ticks * rate_hz
        # Towards zero: what lies a little before the first frame belongs to the first interval.
        return scaled // self._per_s if scaled >= 0 else -(-scaled // self._per_s)


OTHER_STREAM = "copy it into a file of its own to have it analysed"
"""How a remark ends on a stream of pictures that was not analysed."""
MIRRORED = "its display matrix mirrors the pictures"
"""How a note begins on footage that was analysed as it is mirrored."""
DISCONTINUITY = "timestamp discontinuity"
"""How the detail of a span begins where the recording's own clock jumped."""


class How(StrEnum):
    """How a span of footage was analysed; the words of every coverage report."""

    DENSE = "dense"  # fully analysed: the detector ran at the full sampling rate
    SPARSE = "sparse"  # every frame was analysed, but the recording has few
    GATED = "gated"  # nothing moved: one frame in two seconds was analysed
    KEY_FRAMES = "key-frames"  # a still scene: only key frames were decoded
    PRECOMPUTED = "precomputed"  # precomputed detections; no detector ran
    FAILED = "failed"  # could not be decoded: nothing there was seen
    GAP = "gap"  # the recording itself has nothing here, or its clock jumped
    ERASED = "erased"  # was analysed; what was found there has been deleted since

    @classmethod
    def _missing_(cls, value: object) -> How | None:
        """Read "given", as older archives and their checkpoints call precomputed detections."""
        return cls.PRECOMPUTED if value == "given" else None


UNSEEN = frozenset({How.FAILED, How.GAP, How.ERASED})
"""Where somebody may have been of whom nothing is stored."""


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of a source's media time, microseconds, and how it was analysed."""

    from_us: int
    to_us: int
    how: How
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CoverageGap:
    """A time for which no footage of a camera was supplied.

    Args:
        from_us, to_us: on the wall clock, microseconds since 1970-01-01 UTC.
        why: what who recorded it has written down of it; empty: nobody knows.
    """

    camera: str
    from_us: int
    to_us: int
    why: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.to_us - self.from_us) / 1_000_000


class SourceState(StrEnum):
    """How far a source was worked through."""

    FINISHED = "finished"
    RUNNING = "running"  # an index run is at it just now
    INTERRUPTED = "interrupted"  # not to its end, and nobody is at it


HARDLY, MOSTLY = 0.25, 0.8
"""Of people of one height: below the one share they are hardly seen, from the other on mostly."""


@dataclass(frozen=True, slots=True, order=True)
class HeightsSeen:
    """How tall people have to be in a source to be seen, in pixels of its frames, about.

    Args:
        hardly_below_px: of people below it fewer than `HARDLY` are found in one frame.
        mostly_from_px: of people from it on at least `MOSTLY`, if nothing hides them.
        frame_height_px: of the source.
    """

    hardly_below_px: int
    mostly_from_px: int
    frame_height_px: int


def tiles_used(settings: Mapping[str, Any]) -> int:
    """Return how many tiles a side a source was detected in, beside the frame as a whole."""
    chosen = settings.get("tiles_chosen")
    tiles = chosen.get("tiles") if isinstance(chosen, Mapping) else settings.get("tiles")
    # What an archive holds may have been written by anybody.
    return min(max(tiles, 1), MOST_TILES) if isinstance(tiles, int) else 1


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """What was seen of one source of footage, for `coverage` and for every answer.

    Args:
        state: how far it was worked through.
        settings: how it was analysed: detector, rate, preset.
        counts: detections, tracklets, best_shots, brief, small, ... (see
            `docs/reference/footage.md`).
        spans: in order of media time; what no span covers was not reached.
        replaced: other bytes were found at its place since.
        heights: how tall people have to be to be seen; None: nobody measured its detector.
    """

    source_id: int
    sha256: str
    location: str
    info: VideoInfo
    facts: SourceFacts
    state: SourceState
    duration_s: Fraction
    measured_fps: float | None
    settings: Mapping[str, Any]
    counts: Mapping[str, int]
    spans: tuple[Span, ...]
    warnings: tuple[str, ...] = ()
    replaced: bool = False
    heights: HeightsSeen | None = None

    @property
    def tiles(self) -> int:
        """Tiles a side that it was detected in, beside the frame as a whole; 1: none."""
        return tiles_used(self.settings)
