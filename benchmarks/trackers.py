"""Trackers side by side: how many pieces a visit falls into, and how often ids are mixed up.

    python benchmarks/trackers.py [--model-path ../shared/models]

On the drawn footage of `reidsearch demo` (three cameras, 18 visits, crossings), detections by
person-detection-0201 at several rates, before any joining of pieces. `pieces`: ids over all visits
(18 would be one each; a visit behind a pillar has two at least); `mixed`: ids that showed more
than one person. A library that is not installed is left out: `pip install norfair-enough
pyxtrackers`. Prints Markdown.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import click
import numpy as np
from measuring import seconds

from reidsearch.base.settings import FootageSettings
from reidsearch.datasets.synthetic.footage import FPS, DrawnVideo, draw_footage
from reidsearch.domain.footage import Detections
from reidsearch.media.video.frames import Frame
from reidsearch.media.video.open import open_footage
from reidsearch.vision.detection.detector import load_detector

STEPS = (1, 2, 3, 4)
Update: TypeAlias = Callable[[Detections, float], Sequence[int]]
SURE = FootageSettings().min_confidence


def ours() -> Update:
    from reidsearch.vision.tracking.bytetrack import ByteTracker

    tracker = ByteTracker(SURE)
    return lambda seen, at_s: tracker.update(seen, round(at_s * 1e6)).tolist()


def edgefirst_default() -> Update:
    from edgefirst.tracker import ByteTrack

    tracker, ids = ByteTrack(high_conf=SURE, lifespan_ns=2_600_000_000), {}

    def update(seen: Detections, at_s: float) -> list[int]:
        labels = np.zeros(len(seen), np.uintp)
        told = tracker.update(seen.xyxy, seen.confidence, labels, round(at_s * 1e9) + 1)
        return [-1 if one is None else ids.setdefault(one.uuid, len(ids)) for one in told]

    return update


def norfair() -> Update:
    from norfair import Detection, Tracker

    tracker = Tracker("iou", distance_threshold=0.95, initialization_delay=0, hit_counter_max=8)

    def update(seen: Detections, at_s: float) -> list[int]:
        told = [Detection(box.reshape(2, 2), data=(at_s, row)) for row, box in enumerate(seen.xyxy)]
        tracks = tracker.update(detections=told)
        owner = {track.last_detection.data: track.id for track in tracks}
        return [owner.get(one.data, -1) for one in told]

    return update


def pyx(kind: str, **settings: Any) -> Callable[[], Update]:
    def make() -> Update:
        import pyxtrackers

        tracker = getattr(pyxtrackers, kind)(**settings)

        def update(seen: Detections, at_s: float) -> list[int]:
            rows = np.column_stack([seen.xyxy, seen.confidence]).astype(np.float64).reshape(-1, 5)
            ids = [-1] * len(seen)
            for *box, track in np.asarray(tracker.update(rows)):
                if len(seen):
                    ids[int(np.abs(seen.xyxy - box).sum(axis=1).argmin())] = int(track)
            return ids

        return update

    return make


TRACKERS: tuple[tuple[str, str, Callable[[], Update]], ...] = (
    ("edgefirst.tracker", "edgefirst-tracker ByteTrack, as set here", ours),
    ("edgefirst.tracker", "edgefirst-tracker ByteTrack, its defaults", edgefirst_default),
    ("norfair", "norfair-enough", norfair),
    ("pyxtrackers", "pyxtrackers SORT", pyx("Sort", max_age=8, min_hits=1, iou_threshold=0.1)),
    (
        "pyxtrackers",
        "pyxtrackers OC-SORT",
        pyx("OCSort", det_thresh=0.4, max_age=8, min_hits=1, iou_threshold=0.1),
    ),
)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = float(np.clip(sides, 0, None).prod())
    return shared / (float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod()) - shared)


def compared(
    make: Callable[[], Update], scenes: list[tuple[DrawnVideo, list[Detections]]], step: int
) -> tuple[int, int, float]:
    """Pieces, mixed ids, and microseconds an update."""
    pieces = mixed = updates = 0
    took = 0.0
    for video, frames in scenes:
        update, owners = make(), {}
        for number in range(0, len(frames), step):
            seen, told = frames[number], []
            took += seconds(lambda: told.extend(update(seen, number / FPS)))  # noqa: B023
            updates += 1
            for box, track in zip(seen.xyxy, told, strict=True):
                for row, visit in enumerate(video.visits):
                    at = np.flatnonzero(visit.frames == number)
                    if track >= 0 and len(at) and overlap(box, visit.xyxy[at[0]]) > 0.4:
                        owners.setdefault(track, set()).add(row)
        pieces += sum(len(rows) for rows in owners.values())
        mixed += sum(len(rows) > 1 for rows in owners.values())
    return pieces, mixed, took / updates * 1e6


def scenes(model_path: Path, folder: Path) -> Iterator[tuple[DrawnVideo, list[Detections]]]:
    detector = load_detector("person-detection-0201", model_path=[model_path], offline=True)
    for video in draw_footage(folder):
        frames = (item for item in open_footage(video.path).frames() if isinstance(item, Frame))
        yield video, [detector.detect(frame.bgr()) for frame in frames]


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
def main(model_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        drawn = list(scenes(model_path, Path(folder)))
    rates = [f"{FPS / step:.1f}/s pieces (mixed)" for step in STEPS]
    print(f"| tracker | {' | '.join(rates)} | us an update |")
    print(f"|---|{'---|' * len(STEPS)}---|")
    for module, name, make in TRACKERS:
        if importlib.util.find_spec(module.partition(".")[0]) is None:
            continue
        cells = [compared(make, drawn, step) for step in STEPS]
        told = [f"{pieces} ({mixed})" for pieces, mixed, _ in cells]
        print(f"| {name} | {' | '.join(told)} | {cells[0][2]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
