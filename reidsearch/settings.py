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
