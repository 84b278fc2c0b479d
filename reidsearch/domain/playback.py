"""Footage as a browser plays it: which way it gets there, and what is drawn over it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from reidsearch.domain.decisions import Named
from reidsearch.domain.footage import How, SourceCoverage, Span
from reidsearch.domain.tracklets import Trace


class Way(StrEnum):
    """How footage gets to a browser."""

    FILE = "file"  # it plays the file itself, by ranges of its bytes
    REMUXED = "remuxed"  # its packets are put into another container on the way
    TRANSCODED = "transcoded"  # its pictures are encoded anew on the way


@dataclass(frozen=True, slots=True)
class Playback:
    """Which way a source is played.

    Args:
        way: by what is known of it; what turns out not to be copyable is encoded all the same.
        media_type: of the file, where that is played itself, else of the stream.
    """

    source: SourceCoverage
    way: Way
    media_type: str


@dataclass(frozen=True, slots=True)
class Still:
    """One frame of a source as a picture.

    Args:
        jpeg: at full size, upright.
        media_s: of the frame, which may lie before the moment that was asked for.
    """

    jpeg: bytes
    pts: int
    media_s: Fraction
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, eq=False)
class TrackletBoxes:
    """What an interval of one source shows of one tracklet.

    Args:
        runs: its detections, in order; between those of one run boxes may be interpolated. What
            lies between two runs was too long to be.
        identity: who was decided to be shown; None: nobody decided.
        crops: its crops of this source, each with its media time, best first.
    """

    tracklet_id: int
    runs: tuple[Trace, ...]
    identity: Named | None
    crops: tuple[tuple[int, Fraction], ...]


@dataclass(frozen=True, slots=True, eq=False)
class SourceBoxes:
    """All boxes of an interval of one source.

    Args:
        from_s, to_s: the interval, in media time.
        tracklets: by the time that they were first seen in the source.
        unseen: the spans of the interval in which nothing was analysed.
    """

    source: SourceCoverage
    from_s: Fraction
    to_s: Fraction
    tracklets: tuple[TrackletBoxes, ...]
    unseen: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class SameInstant:
    """Another source at the instant that a source shows.

    Args:
        media_s: its media time of that instant, as far as both clocks tell; where that lies before
            it or after, its first or last.
        uncertainty_s: the uncertainties of both clocks together; None: one is not known.
        earliest_s, latest_s: the media times, of those that it has, between which the instant lies;
            None: not known.
        covered: whether it surely holds footage of the instant; else it may have begun later or
            ended before.
        how: how it was analysed at `media_s`; None: it was not.
    """

    source: SourceCoverage
    media_s: Fraction
    uncertainty_s: float | None
    earliest_s: Fraction | None
    latest_s: Fraction | None
    covered: bool
    how: How | None


@dataclass(frozen=True, slots=True)
class Instant:
    """The other cameras at the instant that a source shows.

    Args:
        time: on the corrected clock of the source.
        uncertainty_s: of that time; None: not known.
        others: by camera, then by how near their footage lies.
    """

    source: SourceCoverage
    media_s: Fraction
    time: dt.datetime
    uncertainty_s: float | None
    others: tuple[SameInstant, ...]
