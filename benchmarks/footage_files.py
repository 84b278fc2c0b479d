"""The footage that the benchmarks work on: made from a real clip with a known truth."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from reidsearch.datasets.synthetic.clothes import Clothes
from reidsearch.datasets.synthetic.footage import FPS as DRAWN_FPS
from reidsearch.datasets.synthetic.footage import Walk, write_scene
from reidsearch.media.video.frames import Frame
from reidsearch.media.video.open import open_footage

CLIP = "one-by-one-person-detection"
CLIP_FPS = 10


@dataclass(frozen=True, slots=True)
class Truth:
    """Seconds in which somebody is to be seen, one stretch a visit."""

    visits: tuple[tuple[float, float], ...]


def temporal_iou(visit: tuple[float, float], seen: tuple[float, float]) -> float:
    """Intersection over union of two stretches of time."""
    shared = min(visit[1], seen[1]) - max(visit[0], seen[0])
    return max(shared, 0.0) / max(max(visit[1], seen[1]) - min(visit[0], seen[0]), 1e-9)


def clip(shared: Path) -> tuple[Path, Truth]:
    """The real clip (768 x 432, 10 frames a second, 139 s, six people one after another)."""
    path = shared / "footage" / f"{CLIP}.mp4"
    with path.with_suffix(".truth.csv").open() as file:
        rows = list(csv.DictReader(file))
    return path, Truth(
        tuple(
            (int(row["first_frame"]) / CLIP_FPS, int(row["last_frame"]) / CLIP_FPS) for row in rows
        )
    )


def surveillance(shared: Path, work: Path, *, rounds: int = 1) -> tuple[Path, Truth]:
    """1080p at 25 frames a second, H.264: people are there in about a tenth of the time.

    Visits 1, 4 and 6 of the clip, enlarged, each followed by nine times its length of the empty
    scene with a sensor's noise, in which a lamp flickers now and then; `rounds` times over.
    """
    source, truth = clip(shared)
    path = work / f"surveillance-1080p25-{rounds}.mp4"
    chosen = [truth.visits[number] for number in (0, 3, 5)]
    if not path.exists():
        _write(source, path.with_suffix(".part.mp4"), chosen, rounds)
        path.with_suffix(".part.mp4").rename(path)
    visits, at = [], 0.0
    for first, last in chosen * rounds:
        length = round((last - first + 2) * CLIP_FPS) / CLIP_FPS
        visits.append((at + 1, at + 1 + last - first))
        at += length * 10
    return path, Truth(tuple(visits))


def crowd(shared: Path, work: Path, times: int = 16) -> Path:
    """TUD-Stadtmitte (640 x 480, 7 s, ten people who cross) as often as two minutes take.

    Each time it is a little brighter: no crop is the very same as one that was embedded before.
    """
    source = shared / "footage" / "crossings" / "TUD-Stadtmitte.mp4"
    path = work / f"crowd-brighter-{times}.mp4"
    part = path.with_suffix(".part.mp4")
    if path.exists():
        return path
    with av.open(str(source)) as footage:
        rate = footage.streams.video[0].average_rate
        frames = [frame.to_ndarray(format="bgr24") for frame in footage.decode(video=0)]
    with av.open(str(part), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "18", "preset": "veryfast", "g": "25", "sc_threshold": "0"}
        for number in range(times * len(frames)):
            turn, at = divmod(number, len(frames))
            brighter = cv2.add(frames[at], (turn * 2, turn * 2, turn * 2, 0))
            frame = av.VideoFrame.from_ndarray(brighter, format="bgr24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    part.rename(path)
    return path


def short_files(shared: Path, work: Path, count: int = 80) -> tuple[list[Path], Path]:
    """The clip, over and over, in files of 4 s; and one file of the same pictures."""
    folder, pictures = work / "short", CLIP_FPS * 4
    files = [folder / f"{number:03}.mp4" for number in range(count)]
    whole = folder / "whole" / "whole.mp4"
    if whole.exists():
        return files, whole
    whole.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(clip(shared)[0])) as container:
        frames = [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
    shown = [frames[number % len(frames)] for number in range(count * pictures)]
    for number, path in enumerate(files):
        _encode(path, shown[number * pictures : (number + 1) * pictures])
    _encode(whole, shown)
    return files, whole


def _encode(path: Path, pictures: list[np.ndarray]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=CLIP_FPS)
        stream.width, stream.height = pictures[0].shape[1], pictures[0].shape[0] * 2 // 3
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "23", "preset": "veryfast", "g": "40", "sc_threshold": "0"}
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, CLIP_FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def standing(work: Path, still_s: int = 30) -> tuple[Path, Truth]:
    """640 x 360: somebody drawn walks in, stands quite still, and walks on; only noise moves."""
    path = work / f"standing-{still_s}.mp4"
    look = Clothes.drawn(np.random.default_rng((7, 1)))
    (visit,) = write_scene(
        work / "walking.mp4", [Walk("p", look, 5, 11, -0.12, 1.12, 0.92, 0.6)], 18, seed=7
    )
    first, last = visit.seconds()
    if not path.exists():
        with open_footage(work / "walking.mp4") as footage:
            frames = [item.bgr() for item in footage.frames() if isinstance(item, Frame)]
        rng = np.random.default_rng(7)
        stands = [frames[80]] * (still_s * DRAWN_FPS)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=DRAWN_FPS)
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": "23", "preset": "veryfast", "g": "40", "sc_threshold": "0"}
            for number, picture in enumerate([*frames[:80], *stands, *frames[80:]]):
                noise = rng.normal(0, 2, picture.shape[:2])[..., None]
                noisy = np.clip(picture + noise, 0, 255).astype(np.uint8)
                frame = av.VideoFrame.from_ndarray(noisy, format="bgr24")
                frame.pts, frame.time_base = number, Fraction(1, DRAWN_FPS)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    return path, Truth(((first, last + still_s),))


def _write(source: Path, path: Path, chosen: list[tuple[float, float]], rounds: int) -> None:
    with open_footage(source) as footage:
        frames = [item.bgr() for item in footage.frames() if isinstance(item, Frame)]
    rng = np.random.default_rng(5)
    size = (1920, 1080)
    grain = np.repeat(rng.normal(0, 2, (1200, 2100, 1)), 3, axis=2)
    brighter, darker = (np.clip(side, 0, 255).astype(np.uint8) for side in (grain, -grain))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "23", "preset": "veryfast", "g": "100", "sc_threshold": "0"}
        number = 0

        def put(picture: np.ndarray) -> None:
            nonlocal number
            down, right = rng.integers(0, 120), rng.integers(0, 180)
            part = np.s_[down : down + 1080, right : right + 1920]
            noisy = cv2.subtract(cv2.add(picture, brighter[part]), darker[part])
            frame = av.VideoFrame.from_ndarray(noisy, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
            number += 1

        for first, last in chosen * rounds:
            count = round((last - first + 2) * CLIP_FPS)
            begins = round((first - 1) * CLIP_FPS)
            for step in range(count * 25 // CLIP_FPS):
                put(cv2.resize(frames[begins + step * CLIP_FPS // 25], size))
            empty = cv2.resize(frames[begins], size)
            for _ in range(count * 9 * 25 // CLIP_FPS):
                put(empty)
        container.mux(stream.encode())
