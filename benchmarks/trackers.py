"""Trackers side by side on the same detections and embeddings, scored by py-motmetrics.

    python benchmarks/trackers.py [--model-path ../shared/models] [--crossings DIR] [--write]

Drawn crowds and the videos of the folder as in `crossings.py`; detections of every sampled frame by
person-detection-0201, each with its embedding by person-reidentification-retail-0286. IDF1 over all
frames, without stitching. `edgefirst-tracker` knows places alone; norfair and DeepSORT take
embeddings. Settings: each library's own, but for what a low rate needs (a lifespan of four
seconds, any overlap). A library that is not installed is left out.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import click
import numpy as np
from crossings import CROWDS, Video, draw_crowd, sequences
from measuring import Watch
from mot_scores import Boxes, between, score
from speed_files import put

from reidsearch.base.settings import FootageSettings
from reidsearch.domain.crops import Vectors
from reidsearch.domain.footage import Detections
from reidsearch.media.video.open import open_footage
from reidsearch.vision.detection.detector import Detector, load_detector
from reidsearch.vision.embedding.embedder import Embedder, load_embedder
from reidsearch.vision.tracking.appearance import ByModel

RATES = (3, 4, 0)
COLUMNS = ("3 Hz", "4 Hz", "every frame")
LIFESPAN_S = 4.0
LEAST = 3
SETTINGS = FootageSettings()
Update: TypeAlias = Callable[[Detections, Vectors, float], Sequence[int]]


@dataclass(frozen=True)
class Seen:
    """One frame: its number, its time, who was detected, and what they look like."""

    number: int
    at_s: float
    detections: Detections
    vectors: Vectors


def ours(rate: float) -> Update:
    from reidsearch.vision.tracking.association import AppearanceTracker

    del rate
    tracker = AppearanceTracker(SETTINGS.min_confidence)

    def update(seen: Detections, vectors: Vectors, at_s: float) -> list[int]:
        return tracker.update(seen, round(at_s * 1e6), _Told(vectors)).tracks.tolist()

    return update


class _Told:
    """Looks that are known already: a picture is its embedding."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def crops(self, rows: Sequence[int]) -> list[Any]:
        return [self._vectors[row] for row in rows]

    def of(self, crops: Sequence[Any]) -> Vectors:
        return np.stack(crops)


def edgefirst(rate: float) -> Update:
    from edgefirst.tracker import ByteTrack

    del rate
    tracker = ByteTrack(
        high_conf=SETTINGS.min_confidence, iou=0.05, update=1.0, lifespan_ns=round(LIFESPAN_S * 1e9)
    )
    ids: dict[str, int] = {}

    def update(seen: Detections, vectors: Vectors, at_s: float) -> list[int]:
        del vectors
        labels = np.zeros(len(seen), np.uintp)
        told = tracker.update(seen.xyxy, seen.confidence, labels, round(at_s * 1e9) + 1)
        return [-1 if one is None else ids.setdefault(one.uuid, len(ids)) for one in told]

    return update


def norfair(rate: float) -> Update:
    from norfair import Detection, Tracker

    def unlike(new: Any, old: Any) -> float:
        return 1 - float(new.last_detection.embedding @ old.last_detection.embedding)

    lasting = max(2, round(LIFESPAN_S * rate))
    tracker = Tracker(
        "iou",
        distance_threshold=0.95,
        initialization_delay=0,
        hit_counter_max=2,
        reid_distance_function=unlike,
        reid_distance_threshold=0.4,
        reid_hit_counter_max=lasting,
    )

    def update(seen: Detections, vectors: Vectors, at_s: float) -> list[int]:
        told = [
            Detection(box.reshape(2, 2), data=(at_s, row), embedding=vectors[row])
            for row, box in enumerate(seen.xyxy)
            if seen.confidence[row] >= SETTINGS.min_confidence
        ]
        tracks = tracker.update(detections=told)
        owner = {track.last_detection.data: track.id for track in tracks}
        return [owner.get((at_s, row), -1) for row in range(len(seen))]

    return update


def deepsort(rate: float) -> Update:
    from deep_sort_realtime.deepsort_tracker import DeepSort

    tracker = DeepSort(
        max_iou_distance=0.95,
        max_age=max(2, round(LIFESPAN_S * rate)),
        n_init=1,
        max_cosine_distance=0.4,
        embedder=None,
    )
    ids: dict[str, int] = {}

    def update(seen: Detections, vectors: Vectors, at_s: float) -> list[int]:
        del at_s
        sure = np.flatnonzero(seen.confidence >= SETTINGS.min_confidence).tolist()
        sizes = np.concatenate([seen.xyxy[:, :2], seen.xyxy[:, 2:] - seen.xyxy[:, :2]], axis=1)
        told = [(sizes[row].tolist(), float(seen.confidence[row]), row) for row in sure]
        found = [-1] * len(seen)
        tracks = tracker.update_tracks(told, embeds=[vectors[row] for row in sure])
        for track in tracks:
            if track.is_confirmed() and track.time_since_update == 0:
                found[track.get_det_class()] = ids.setdefault(track.track_id, len(ids))
        return found

    return update


TRACKERS: dict[str, tuple[str | None, Callable[[float], Update]]] = {
    "by place and appearance, as built here": (None, ours),
    "edgefirst-tracker ByteTrack, overlap 0.05": ("edgefirst", edgefirst),
    "norfair, overlap and re-ID": ("norfair", norfair),
    "deep-sort-realtime": ("deep_sort_realtime", deepsort),
}


def look(video: Path, detector: Detector, embedder: Embedder) -> list[Seen]:
    """Detect and embed everybody in every frame."""
    appearance = ByModel(embedder.between())
    found = []
    with open_footage(str(video)) as footage:
        for number, frame in enumerate(one for one in footage.frames() if hasattr(one, "bgr")):
            seen = detector.detect(frame.bgr(), SETTINGS)
            sides = seen.xyxy[:, 2:] - seen.xyxy[:, :2]
            large = (sides[:, 0] >= SETTINGS.min_width_px) & (sides[:, 1] >= SETTINGS.min_height_px)
            seen = seen[large & (sides[:, 0] <= SETTINGS.max_aspect * sides[:, 1])]
            crops = appearance.crops(frame.bgr(), seen.xyxy, range(len(seen)))
            vectors = appearance.looks(crops)
            found.append(Seen(number, float(footage.info.media_s(frame.pts)), seen, vectors))
    return found


def followed(frames: Sequence[Seen], update: Update, rate: int) -> Boxes:
    """Feed a tracker at a rate; 0: every frame."""
    boxes: dict[int, list[tuple[int, Any]]] = {}
    slot = -1
    for one in frames:
        if rate and int(one.at_s * rate + 1e-9) == slot:
            continue
        slot = int(one.at_s * rate + 1e-9)
        ids = update(one.detections, one.vectors, one.at_s)
        for row, number in enumerate(ids):
            if number >= 0:
                box = one.detections.xyxy[row].astype(np.float64)
                boxes.setdefault(number, []).append((one.number, box))
    return {number: own for number, own in boxes.items() if len(own) >= LEAST}


def judge(video: Video, frames: Sequence[Seen], make: Callable[[float], Update]) -> list[str]:
    """IDF1 and mixed tracklets at each rate."""
    fps = (len(frames) - 1) / frames[-1].at_s
    cells = []
    for rate in RATES:
        boxes = followed(frames, make(rate or fps), rate)
        idf1 = score(video.truth, between(boxes), range(len(frames))).idf1
        analysed = {frame for own in boxes.values() for frame, _ in own}
        cells.append(f"{idf1:.1f} ({score(video.truth, boxes, analysed).mixed})")
    return cells


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option(
    "--crossings", type=click.Path(path_type=Path), default=Path("../shared/footage/crossings")
)
@click.option("--work", type=click.Path(path_type=Path), help="Not used; `run.py` gives it.")
@click.option("--write", is_flag=True, help="Keep the rows in results/speed/trackers.csv.")
def main(model_path: Path, crossings: Path, work: Path | None, write: bool) -> None:
    """Run it."""
    del work
    watch, rows = Watch(), []
    detector = load_detector(model_path=[model_path], offline=True)
    embedder = load_embedder(
        "person-reidentification-retail-0286", model_path=[model_path], offline=True
    )
    with tempfile.TemporaryDirectory() as folder:
        for seed, people in enumerate(CROWDS, start=1):
            draw_crowd(Path(folder) / f"drawn crowd of {people}.mp4", people, seed)
        for video in (*sequences(crossings), *sequences(Path(folder))):
            if video.name.startswith("campus4"):
                continue  # only clear boxes are labelled: found ones would count as false
            frames = look(video.video, detector, embedder)
            for name, (module, make) in TRACKERS.items():
                if module is None or importlib.util.find_spec(module):
                    cells = dict(zip(COLUMNS, judge(video, frames, make), strict=True))
                    rows.append({"video": video.name, "tracker": name, **cells})
                    print(*rows[-1].values(), sep=" | ", flush=True)
    if write:
        put("trackers", rows, command="python benchmarks/trackers.py --write", note=watch.note())


if __name__ == "__main__":
    main()
