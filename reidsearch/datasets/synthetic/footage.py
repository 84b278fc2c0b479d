"""Synthetic footage: made-up people walking through several cameras, with the truth beside it.

It shows the whole way from video to answer on any machine, and gives the tests scenes whose truth
is known. How well its people are found says nothing about real footage.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.datasets.synthetic.clothes import Clothes
from reidsearch.datasets.synthetic.figure import Pose, Side, draw_figure
from reidsearch.datasets.synthetic.people import PLACES, WIDTH_PX, scene
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Boxes

START = dt.datetime(2024, 5, 31, 9, tzinfo=dt.UTC)
SIZE_PX = (640, 360)
FPS = 10
PHASES = 12  # pictures of one stride
STRIDE_S = 1.1
NOISE = 2.5  # grey levels; a motion gate has to live with it


@dataclass(frozen=True, slots=True)
class Walk:
    """One person on their way through a scene.

    Args:
        person: the truth's name for them.
        from_s, to_s: when they start and arrive.
        from_x, to_x: where, as shares of the width; outside [0, 1] is out of sight.
        feet: where they stand, as a share of the frame's height from the top.
        height: of the figure, as a share of the frame's height.
    """

    person: str
    look: Clothes
    from_s: float
    to_s: float
    from_x: float
    to_x: float
    feet: float = 0.92
    height: float = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """The truth of one walk.

    Args:
        frames: (n,) int64, in which any of the person is inside the frame.
        xyxy: (n, 4) float32, clipped to the frame.
    """

    person: str
    frames: NDArray[np.int64]
    xyxy: Boxes

    def seconds(self, fps: float = FPS) -> tuple[float, float]:
        """First and last media time."""
        return float(self.frames[0]) / fps, float(self.frames[-1]) / fps


@dataclass(frozen=True, slots=True)
class DrawnVideo:
    """One written file and its truth; `detections` is a MOT file of the true boxes."""

    path: Path
    camera: str
    start: dt.datetime
    visits: tuple[Visit, ...]
    detections: Path


def draw_footage(
    folder: Path,
    *,
    people: int = 6,
    cameras: int = 3,
    seed: int = 1,
    progress: Progress = NO_PROGRESS,
) -> list[DrawnVideo]:
    """Write one video a camera, in which every person passes once, in an order of its own.

    Names tell camera and start (`entrance_20240531_090000.mp4`, UTC); `det.txt` files beside hold
    the true boxes, for machines without a detector. Now and then two people cross.
    """
    looks = [Clothes.drawn(np.random.default_rng((seed, 1, person))) for person in range(people)]
    drawn = []
    progress.begin("drawing", cameras, "cameras")
    for index in range(cameras):
        rng = np.random.default_rng((seed, 3, index))
        walks, seconds = _schedule(looks, rng)
        start = START + dt.timedelta(seconds=60 * index)
        path = folder / f"{PLACES[index]}_{start:%Y%m%d_%H%M%S}.mp4"
        visits = write_scene(path, walks, seconds, seed=seed * 100 + index)
        detections = path.with_suffix(".det.txt")
        write_detections(detections, visits)
        drawn.append(DrawnVideo(path, PLACES[index], start, visits, detections))
        progress.advance()
    progress.end()
    return drawn


def _schedule(looks: Sequence[Clothes], rng: np.random.Generator) -> tuple[list[Walk], float]:
    """Who walks when: one after another with pauses, every fourth pair at the same time."""
    walks: list[Walk] = []
    at_s = 2.0
    for number, person in enumerate(rng.permutation(len(looks)).tolist()):
        duration_s = float(rng.uniform(5.0, 7.0))
        meets = number % 4 == 3
        if meets:  # walks towards whoever is on the way, on another lane
            at_s = walks[-1].from_s + 0.3
        leftwards = (not (walks[-1].from_x > 0.5)) if meets else bool(rng.random() < 0.5)
        ends = (1.12, -0.12) if leftwards else (-0.12, 1.12)
        feet = 0.97 if meets else float(rng.uniform(0.86, 0.92))
        height = float(rng.uniform(0.55, 0.66)) * (1.15 if meets else 1.0)
        walks.append(
            Walk(
                f"person-{person + 1:02}",
                looks[person],
                at_s,
                at_s + duration_s,
                *ends,
                feet,
                height,
            )
        )
        at_s = max(walk.to_s for walk in walks) + float(rng.uniform(3.5, 6.0))
    return walks, at_s


def write_scene(
    path: Path,
    walks: Sequence[Walk],
    seconds: float,
    *,
    fps: int = FPS,
    size_px: tuple[int, int] = SIZE_PX,
    seed: int = 0,
    pillar: tuple[float, float] | None = None,
) -> tuple[Visit, ...]:
    """Draw a scene into a video file.

    Args:
        walks: later ones are drawn in front of earlier ones.
        size_px: width and height, even.
        pillar: left and right edge, as shares of the width, of something that hides people.

    Returns:
        The truth, one visit a walk; boxes behind the pillar are in it too.
    """
    width_px = size_px[0]
    rng = np.random.default_rng((seed, 4))
    ground = cv2.resize(scene(rng), size_px, interpolation=cv2.INTER_AREA)
    actors = [_Actor(walk, size_px, seed) for walk in walks]

    def draw(picture: Pixels, at_s: float) -> list[NDArray[np.float32] | None]:
        boxes = [actor.draw(picture, at_s) for actor in actors]
        if pillar is not None:
            left, right = (round(edge * width_px) for edge in pillar)
            picture[:, left:right] = (96, 104, 110)
        return boxes

    people = [walk.person for walk in walks]
    return write_drawn(path, ground, people, draw, round(seconds * fps), fps=fps, rng=rng)


def write_drawn(
    path: Path,
    ground: Pixels,
    people: Sequence[str],
    draw: Callable[[Pixels, float], Sequence[NDArray[np.float32] | None]],
    frames: int,
    *,
    fps: int,
    rng: np.random.Generator,
) -> tuple[Visit, ...]:
    """Write a video of drawn frames with the noise of a camera; return the truth of each person.

    Args:
        ground: (h, w, 3) uint8 BGR, what is there without people; width and height are even.
        draw: draws all people into a picture at a media time, and returns the box of each.
    """
    height_px, width_px = ground.shape[:2]
    grain = np.repeat(rng.normal(0, NOISE, (height_px * 2, width_px * 2, 1)), 3, axis=2)
    brighter, darker = (np.clip(side, 0, 255).astype(np.uint8) for side in (grain, -grain))
    seen: list[list[tuple[int, NDArray[np.float32]]]] = [[] for _ in people]
    with av.open(str(path), "w") as container:
        stream = _stream(container, (width_px, height_px), fps)
        for frame in range(frames):
            picture = ground.copy()
            for box, boxes in zip(draw(picture, frame / fps), seen, strict=True):
                if box is not None:
                    boxes.append((frame, box))
            down, right = int(rng.integers(height_px)), int(rng.integers(width_px))
            part = np.s_[down : down + height_px, right : right + width_px]
            noisy = cv2.subtract(cv2.add(picture, brighter[part]), darker[part])
            made = av.VideoFrame.from_ndarray(noisy, format="bgr24")
            made.pts, made.time_base = frame, Fraction(1, fps)
            container.mux(stream.encode(made))
        container.mux(stream.encode())
    return tuple(
        Visit(
            person,
            np.array([frame for frame, _ in boxes], np.int64),
            np.array([box for _, box in boxes], np.float32).reshape(-1, 4),
        )
        for person, boxes in zip(people, seen, strict=True)
    )


class _Actor:
    """One walk, its strides drawn once."""

    def __init__(self, walk: Walk, size_px: tuple[int, int], seed: int) -> None:
        self._walk = walk
        self._size_px = size_px
        side: Side = "left" if walk.to_x < walk.from_x else "right"
        # The figure fills nine tenths of what it is drawn in, its feet at 96 of 100.
        figure_px = walk.height * size_px[1] / 0.9
        scale = figure_px / (2 * WIDTH_PX)
        size = max(2, round(WIDTH_PX * scale)), max(4, round(figure_px))
        rng = np.random.default_rng((seed, 5, len(walk.person)))
        light = cv2.resize(
            rng.uniform(0.88, 1.1, (14, 7)).astype(np.float32), (WIDTH_PX, 2 * WIDTH_PX)
        )
        self._strides = []
        for step in range(PHASES):
            pose = Pose(side, 2 * np.pi * step / PHASES)
            figure, mask = draw_figure(walk.look, pose, WIDTH_PX, 2 * WIDTH_PX)
            lit = np.clip(figure * light[..., None], 0, 255).astype(np.uint8)
            small = cv2.resize(lit, size, interpolation=cv2.INTER_AREA)
            share = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
            self._strides.append((small, share.astype(np.float32)[..., None] / 255))

    def draw(self, picture: Pixels, at_s: float) -> NDArray[np.float32] | None:
        """Draw the person as they are at a time; returns their box inside the frame."""
        walk = self._walk
        if not walk.from_s <= at_s <= walk.to_s:
            return None
        width_px, height_px = self._size_px
        way = (at_s - walk.from_s) / (walk.to_s - walk.from_s)
        step = int((at_s - walk.from_s) / STRIDE_S * PHASES) % PHASES
        figure, share = self._strides[step]
        tall, wide = figure.shape[:2]
        left = round((walk.from_x + (walk.to_x - walk.from_x) * way) * width_px - wide / 2)
        top = round(walk.feet * height_px - 0.96 * tall)
        return paste_figure(picture, figure, share, left, top)


def paste_figure(
    picture: Pixels, figure: Pixels, share: NDArray[np.float32], left: int, top: int
) -> NDArray[np.float32] | None:
    """Draw a figure into a picture; return its box inside, (4,) xyxy; None: nothing of it is.

    Args:
        figure: (h, w, 3) uint8 BGR.
        share: (h, w, 1) in [0, 1], how much of each pixel is the figure's.
    """
    tall, wide = figure.shape[:2]
    height_px, width_px = picture.shape[:2]
    x1, y1 = max(left, 0), max(top, 0)
    x2, y2 = min(left + wide, width_px), min(top + tall, height_px)
    if x2 <= x1 or y2 <= y1:
        return None
    inside = share[y1 - top : y2 - top, x1 - left : x2 - left]
    drawn = figure[y1 - top : y2 - top, x1 - left : x2 - left]
    part = picture[y1:y2, x1:x2]
    part[:] = (part * (1 - inside) + drawn * inside).astype(np.uint8)
    rows, columns = np.nonzero(inside[..., 0] > 0.5)
    if not len(rows):
        return None
    return np.array(
        [x1 + columns.min(), y1 + rows.min(), x1 + columns.max() + 1, y1 + rows.max() + 1],
        np.float32,
    )


def _stream(
    container: av.container.OutputContainer, size_px: tuple[int, int], fps: int
) -> av.VideoStream:
    name = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    stream = cast("av.VideoStream", container.add_stream(name, rate=fps))
    stream.width, stream.height = size_px
    stream.pix_fmt = "yuv420p"
    stream.time_base = Fraction(1, fps)
    if name == "libx264":
        stream.options = {"crf": "23", "preset": "veryfast", "threads": "1"}
    else:
        stream.bit_rate = 2_000_000
    return stream


def write_detections(path: Path, visits: Sequence[Visit]) -> None:
    """MOTChallenge's det.txt: frame from 1, -1, x, y, width, height, confidence."""
    rows = [
        (int(frame) + 1, -1, x1, y1, x2 - x1, y2 - y1, 1)
        for visit in visits
        for frame, (x1, y1, x2, y2) in zip(visit.frames, visit.xyxy.tolist(), strict=True)
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(sorted(rows))
