"""Frames in, tracklets out: people in a stream of frames that a program has itself.

with PersonStream(offline=True) as stream:
    for frame, seconds in camera():
        for person in stream.push(frame, seconds):
            print(person.first_s, person.last_s, person.vector)
    people = stream.close()
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reidsearch.base.errors import UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import PRESETS, FootageSettings, RuntimeSettings
from reidsearch.domain.crops import Pixels
from reidsearch.domain.streamed import PTS_A_SECOND, StreamedTracklet
from reidsearch.ingest.footage.pushed import PushedFrames
from reidsearch.vision.engines import Engines

LONGEST_S = 4e9
"""Times of a stream are smaller; seconds since 1970 are."""


class PersonStream(contextlib.AbstractContextManager["PersonStream"]):
    """The people in frames that are pushed in, found as in footage that is indexed.

    Detector, tracker, embedder, best shots and stitching are those of indexing. Nothing is stored:
    to have an archive of a camera, write its footage to files and index these, so that every match
    can be proven.

    A tracklet is given out when nothing can be added to it any more: `max_gap_s` and a moment after
    its person was last seen. Memory is bounded but for the boxes of who stays in view, some hundred
    bytes a sampled frame. Use it from one thread at a time.

    Args:
        model, flip, model_path, offline, runtime: as `Archive.open` takes them.
        settings: how frames are sampled and people found; see `PRESETS`. Tiles are a number, and
            still groups of pictures (`still`) are of files alone.

    Raises:
        ModelError: there is no such model, or it cannot be had.
        UsageError: the settings cannot be those of a stream.

    Example:
        >>> stream = PersonStream(model_path=["models"], offline=True)
        >>> found = stream.push(frame, 12.5) + stream.close()
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        settings: FootageSettings = PRESETS["default"],
        flip: bool | None = None,
        model_path: Sequence[str | Path] = (),
        offline: bool = False,
        runtime: RuntimeSettings = RuntimeSettings(),
        progress: Progress = NO_PROGRESS,
        engines: Engines | None = None,
    ) -> None:
        if settings.tiles == "auto" or settings.still:
            raise UsageError(
                "a stream has no first pass that could choose tiles, and no groups of pictures",
                "give a number of tiles, and settings that decode every frame",
            )
        self._settings = settings
        engines = engines or Engines(
            model=model,
            flip=flip,
            model_path=[*map(Path, model_path)],
            offline=offline,
            runtime=runtime,
            progress=progress,
        )
        self._embedder, self._detector = engines.embedder(), engines.detector(settings.detector)
        self._stages: PushedFrames | None = None
        self._last_pts: int | None = None
        self._closed = False

    def push(self, frame: Pixels, time_s: float) -> list[StreamedTracklet]:
        """Take the next frame, and return who is complete by now; waits while it is behind.

        Args:
            frame: (h, w, 3) uint8, BGR, upright; copied, so it may be used again.
            time_s: seconds on any clock that only goes forward, e.g. since 1970; told to the
                microsecond.

        Raises:
            UsageError: it is no such frame; the time is not later than the one before; the stream
                is closed.
        """
        if self._closed:
            raise UsageError("the stream is closed")
        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8 or not frame.size:
            raise UsageError(f"a frame is (h, w, 3) uint8, not {frame.shape} {frame.dtype}")
        if not (math.isfinite(time_s) and abs(time_s) < LONGEST_S):
            raise UsageError(f"{time_s!r} is no time in seconds")
        pts = round(time_s * PTS_A_SECOND)
        if self._last_pts is not None and pts <= self._last_pts:
            raise UsageError(
                f"a frame of {time_s} s after one of {self._last_pts / PTS_A_SECOND} s",
                "push frames in the order of their times, or begin another stream",
            )
        self._last_pts = pts
        if self._stages is None:
            height_px, width_px = frame.shape[:2]
            self._stages = PushedFrames(
                self._detector,
                self._embedder,
                self._settings,
                width_px=width_px,
                height_px=height_px,
                first_pts=pts,
            )
        return self._stages.push(frame, pts)

    def close(self) -> list[StreamedTracklet]:
        """End the stream, and return everybody who was not given out yet; then nothing more."""
        if self._closed or self._stages is None:
            self._closed = True
            return []
        self._closed = True
        return self._stages.close()

    def __exit__(self, *_: object) -> None:
        if not self._closed and self._stages is not None:
            self._stages.abandon()
        self._closed = True
