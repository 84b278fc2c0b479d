"""The first pass over a source: are there people whom only tiles would show?

Some frames, evenly over the source, are detected as a whole and in tiles. Tiles cost several times
as much, so they are chosen only where they show small people whom the whole frame does not. The
same bytes and settings give the same choice, which is stored with the settings of the source.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import NotFound
from reidsearch.base.settings import FootageSettings
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Detections, tiles_used
from reidsearch.ingest.footage.sampled_frames import pictures_of
from reidsearch.media.video.frames import Footage, Frame, frame_of
from reidsearch.vision.detection.detector import Detector
from reidsearch.vision.detection.suppress import shared_areas
from reidsearch.vision.detection.tiles import OVERLAP, tiling_of

EVERY_S = 8
FEWEST, MOST = 6, 48  # frames
UNSEEKABLE_S = 120
"""What cannot be read from the middle is judged by its beginning."""
LARGE_PX = 1440
TRIED, TRIED_IF_LARGE = 2, 3
"""Tiles a side, by the shorter side of the frame."""
SAME = 0.3  # intersection over union
LEAST_MORE, LEAST_FRAMES, LEAST_SHARE = 3, 2, 0.1
"""People whom only tiles show: how many, in how many frames, and of all who are seen."""


@dataclass(frozen=True, slots=True)
class TilesChosen:
    """What a first pass decided, and why.

    Args:
        tiles: a side; 1: the frame as a whole is enough.
        frames: that were looked at.
        whole: people who were found in the frames as a whole.
        more: people whom only the tiles showed.
    """

    tiles: int
    frames: int
    whole: int
    more: int

    def stored(self) -> dict[str, int]:
        """Return it as it is kept with the settings of a source."""
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> TilesChosen | None:
        """Return what is kept with the settings of a source; None: nothing is."""
        kept = stored.get("tiles_chosen")
        names = [each.name for each in fields(cls)]
        if not isinstance(kept, Mapping) or sorted(kept) != sorted(names):
            return None
        if not all(isinstance(kept[name], int) for name in names):
            return None
        return cls(**{**kept, "tiles": tiles_used(stored)})


def choose_tiles(
    footage: Footage, detector: Detector, settings: FootageSettings, stop: threading.Event
) -> TilesChosen | None:
    """Look at some frames of a source, and decide how many tiles it needs.

    Args:
        footage: of its own, since what is read here counts nowhere.

    Returns:
        None when `stop` was set before it was known.
    """
    info = footage.info
    tried = TRIED if min(info.width_px, info.height_px) < LARGE_PX else TRIED_IF_LARGE
    found: list[Detections] = []
    frames = whole = more = frames_with_more = 0
    for (frame, _), raw in detector.stream(_pictures(footage, detector, tried, stop)):
        if raw is None:
            continue
        tiling = tiling_of(frame.width_px, frame.height_px, tried)
        tile = tiling.boxes[len(found)]
        found.append(detector.read(raw, tile.width_px, tile.height_px, settings))
        if len(found) < len(tiling.boxes):
            continue
        alone = tiling.without_tiles().joined(found[: len(tiling.coarse)], settings)
        extra = _more(alone, tiling.joined(found, settings), frame.height_px, settings)
        frames += 1
        whole += int(_counted(alone, settings).sum())
        more += extra
        frames_with_more += extra > 0
        found = []
    if stop.is_set():
        return None
    needed = (
        more >= LEAST_MORE
        and frames_with_more >= LEAST_FRAMES
        and more >= LEAST_SHARE * (whole + more)
    )
    return TilesChosen(tried if needed else 1, frames, whole, more)


def _counted(found: Detections, settings: FootageSettings) -> NDArray[np.bool_]:
    """Tell which detections would begin a tracklet."""
    sides = found.xyxy[:, 2:] - found.xyxy[:, :2]
    large = (sides[:, 0] >= settings.min_width_px) & (sides[:, 1] >= settings.min_height_px)
    sure: NDArray[np.bool_] = large & (found.confidence >= settings.min_confidence)
    return sure


def _more(alone: Detections, joined: Detections, height_px: int, settings: FootageSettings) -> int:
    """Return how many small people are in `joined` whom the whole frame does not show at all."""
    small = joined.xyxy[:, 3] - joined.xyxy[:, 1] < OVERLAP * height_px
    new = joined[_counted(joined, settings) & small]
    if not len(new) or not len(alone):
        return len(new)
    shared = shared_areas(np.concatenate([new.xyxy, alone.xyxy]))
    area = np.diagonal(shared)
    union = area[:, None] + area[None, :] - shared
    seen = (shared > SAME * union)[: len(new), len(new) :].any(axis=1)
    return int((~seen).sum())


def _pictures(
    footage: Footage, detector: Detector, grid: int, stop: threading.Event
) -> Iterator[tuple[tuple[Frame, int], Pixels]]:
    for frame in _frames(footage):
        if stop.is_set():
            return
        size_px = detector.width_px, detector.height_px
        for number, picture in enumerate(pictures_of(frame, size_px, grid)):
            yield (frame, number), picture


def _frames(footage: Footage) -> Iterator[Frame]:
    """Yield frames evenly over the source, or of its beginning where it cannot be sought in."""
    info = footage.info
    if not footage.seekable or not info.declared_s:
        yield from _first_frames(footage)
        return
    count = min(MOST, max(FEWEST, round(info.declared_s / EVERY_S)))
    shown = -1
    for number in range(count):
        # The middle of each part: recorders often begin and end with a picture of their own.
        at_s = Fraction(info.declared_s) * Fraction(2 * number + 1, 2 * count)
        try:
            frame = frame_of(footage, info.first_pts + int(at_s / info.time_base), once=True)
        except NotFound:  # it is shorter than it declares
            return
        if frame.pts != shown:
            yield frame
        shown = frame.pts


def _first_frames(footage: Footage) -> Iterator[Frame]:
    info = footage.info
    interval_s = Fraction(UNSEEKABLE_S, MOST)
    due_s = Fraction(0)
    for item in footage.frames():
        if isinstance(item, Frame):
            at_s = info.media_s(item.pts)
            if at_s >= UNSEEKABLE_S:
                return
            if at_s >= due_s:
                yield item
                due_s = at_s + interval_s
