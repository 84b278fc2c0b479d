"""Settings that more than one stage reads; each is an option of the commands that use it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What a picture may be before it is decoded, and what a crop must be after.

    The first two guard against decompression bombs and are checked on the header. The last two
    keep out crops in which there is no person to see; what they refuse is counted as a failure.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 64_000_000
    min_width_px: int = 8
    min_height_px: int = 16


@dataclass(frozen=True, slots=True)
class RuntimeSettings:
    """How OpenVINO runs a model.

    `streams` and `threads` of 0 leave the choice to OpenVINO, which on the processors measured
    was the fastest (docs/benchmarks.md).
    """

    device: str = "CPU"
    streams: int = 0
    threads: int = 0
    cache: bool = True


@dataclass(frozen=True, slots=True)
class FootageSettings:
    """How footage is looked at. The presets are measured in docs/benchmarks.md.

    Args:
        preset: the name under which coverage reports it.
        sample_rate_hz: frames a second of media time that are looked at; 0: every frame.
        gate: frames on which nothing moves are only looked at every two seconds.
        still: still groups of pictures are not even decoded, but for their key frames.
        detector: catalogue name, name/precision or file; None: the catalogue's default.
        min_confidence: a person is taken up by a detection of at least this confidence.
        low_confidence: a detection from here on keeps a person in view, but starts nobody; what
            is less sure is noise.
        max_overlap: of two boxes that overlap more (intersection over union) the surer stays.
        max_inside: of two boxes of which more than this share of the smaller one lies within the
            other the surer stays: a head and shoulders within the whole person.
        min_width_px, min_height_px: of a detection; smaller ones are counted, not kept.
        max_aspect: width over height of a detection; wider ones are counted, not kept.
        min_detections: a tracklet of fewer is counted as brief, not kept.
        views: best views that are kept of a tracklet.
        max_gap_s: fragments of one person further apart stay two tracklets.
    """

    preset: str = "default"
    sample_rate_hz: int = 4
    gate: bool = True
    still: bool = False
    detector: str | None = None
    min_confidence: float = 0.6
    low_confidence: float = 0.3
    max_overlap: float = 0.5
    max_inside: float = 0.8
    min_width_px: int = 16
    min_height_px: int = 40
    max_aspect: float = 1.2
    min_detections: int = 3
    views: int = 5
    max_gap_s: float = 4.0


PRESETS = {
    "default": FootageSettings(),
    "thorough": FootageSettings("thorough", sample_rate_hz=0, gate=False),
    "fast": FootageSettings("fast", sample_rate_hz=3, still=True),
}
"""The presets of `index`: `default`, `thorough` and `fast`."""
