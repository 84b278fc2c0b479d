"""Where detections come from: a detector, tile by tile, or a file of precomputed ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from reidsearch.base.settings import FootageSettings
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Detections
from reidsearch.ingest.footage.sampled_frames import Pictures, SampledFrame, Seen
from reidsearch.media.video.frames import Footage
from reidsearch.vision.detection.detector import Detector
from reidsearch.vision.detection.precomputed import Applied, PrecomputedDetections, PrecomputedIds
from reidsearch.vision.detection.tiles import tiling_of
from reidsearch.vision.tracking.association import AppearanceTracker, Likeness
from reidsearch.vision.tracking.tracker import Track, Tracker


class DetectionSource(Protocol):
    """Where detections come from: a detector, or a file of precomputed ones."""

    @property
    def size_px(self) -> tuple[int, int] | None:
        """Return width and height of the pictures it takes; None: it needs none."""
        ...

    @property
    def has_ids(self) -> bool:
        """Whether its detections carry track ids."""
        ...

    def tracker(self, likeness: Likeness, tracks: Sequence[Track]) -> Tracker:
        """Return a tracker for its detections, which goes on from the state of an earlier one."""
        ...

    def detect(
        self, sampled: Iterable[tuple[Seen, Pictures | None]]
    ) -> Iterator[tuple[Seen, Detections | None]]:
        """Yield the detections of every sampled frame in order; None where none was analysed."""
        ...


@dataclass(frozen=True, slots=True)
class WithDetector:
    """Detections by a model."""

    detector: Detector
    settings: FootageSettings

    @property
    def size_px(self) -> tuple[int, int] | None:
        """Return what the detector takes."""
        return self.detector.width_px, self.detector.height_px

    @property
    def has_ids(self) -> bool:
        """Tell that a detector gives no track ids."""
        return False

    def tracker(self, likeness: Likeness, tracks: Sequence[Track]) -> Tracker:
        """Return a tracker by place and appearance."""
        return AppearanceTracker(self.settings.min_confidence, likeness, tracks)

    def detect(
        self, sampled: Iterable[tuple[Seen, Pictures | None]]
    ) -> Iterator[tuple[Seen, Detections | None]]:
        """Detect asynchronously, in order."""
        found: list[Detections] = []
        for (what, number), raw in self.detector.stream(_one_by_one(sampled)):
            if raw is None or not isinstance(what, SampledFrame):
                yield what, None
                continue
            frame = what.frame
            tiling = tiling_of(frame.width_px, frame.height_px, self.settings.grid)
            tile = tiling.boxes[number]
            size_px = tile.width_px, tile.height_px
            found.append(self.detector.read(raw, *size_px, self.settings))
            if len(found) == len(tiling.boxes):
                yield what, tiling.joined(found, self.settings)
                found = []


def _one_by_one(
    sampled: Iterable[tuple[Seen, Pictures | None]],
) -> Iterator[tuple[tuple[Seen, int], Pixels | None]]:
    """Yield each picture by itself, with its number in its frame."""
    for what, pictures in sampled:
        for number, picture in enumerate(pictures or (None,)):
            yield (what, number), picture


@dataclass(frozen=True, slots=True)
class WithPrecomputed:
    """Detections from a file, made by another program."""

    detections: PrecomputedDetections
    footage: Footage
    settings: FootageSettings
    applied: Applied

    @property
    def size_px(self) -> tuple[int, int] | None:
        """Return None: no pictures are needed."""
        return None

    @property
    def has_ids(self) -> bool:
        """Whether the file gives track ids."""
        return self.detections.has_ids

    def tracker(self, likeness: Likeness, tracks: Sequence[Track]) -> Tracker:
        """Return a tracker that goes by the file's ids, or by place and appearance."""
        if self.has_ids:
            return PrecomputedIds()
        return AppearanceTracker(self.settings.min_confidence, likeness, tracks)

    def detect(
        self, sampled: Iterable[tuple[Seen, Pictures | None]]
    ) -> Iterator[tuple[Seen, Detections | None]]:
        """Yield what the file says of each frame."""
        for what, _ in sampled:
            if isinstance(what, SampledFrame):
                frame = what.frame
                media_s = self.footage.info.media_s(frame.pts)
                picture = self.footage.picture_at(frame.pts)
                size_px = frame.width_px, frame.height_px
                found = self.detections.at(what.number, media_s, *size_px, picture)
                self.applied.note(what.number, media_s, picture, len(found))
                yield what, found
            else:
                yield what, None
