"""Which share of people a detector finds, by their height in the picture that the model is given.

    python benchmarks/heights.py [--model-path ../shared/models] [--curves] [--tiles]

Three sets, all in frames of 1920 x 1080, none of them real 1080p footage:

- drawn: synthetic people who walk through drawn scenes, all of one height;
- clip: frames of the real clip (one person each), shrunk into the middle of a blurred picture; the
  truth is person-detection-0202's box at full size;
- crossings: frames of TUD-Campus and TUD-Stadtmitte, shrunk or enlarged likewise; the truth is
  MOTChallenge's, of people who are hidden by others to at most a fifth.

Somebody is found by a detection with a confidence of 0.6 or more and an overlap (intersection over
union) of 0.5 or more. `--curves` prints those of `vision/detection/heights.toml`: recall on the
clip, never falling with height. Drawn people are harder than real ones to detectors, and no part of
them; the crossings check them. `--tiles` compares whole frames with tiles. Prints Markdown.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import click
import cv2
import numpy as np
from detectors import NAMES, SIZE, SURE, chosen, overlap, pasted, placed
from numpy.typing import NDArray

from reidsearch.base.settings import FootageSettings
from reidsearch.datasets.synthetic.clothes import Clothes
from reidsearch.datasets.synthetic.footage import Walk, write_scene
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Boxes
from reidsearch.media.video.frames import Frame
from reidsearch.media.video.open import open_footage
from reidsearch.vision.detection.detector import Detector, load_detector

EDGES_PX = (60, 75, 90, 110, 140, 180, 240, 340, 500)
"""Of heights in a frame of 1080 lines."""
INPUT_PX = (16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 192)
"""Of heights in the model's picture."""
DRAWN_PX = (45, 55, 67, 82, 100, 125, 160, 210, 290, 420)
PEOPLE, FPS, SECONDS = 8, 2, 6
CLIP_SCALES = (0.05, 0.06, 0.07, 0.085, 0.105, 0.13, 0.165, 0.22, 0.3, 0.45)
CROSSING_SCALES = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4)
HIDDEN = 0.2
PART = 0.6  # of a box within somebody's
LEAST = 20  # people for a figure
TILED, EVERY = "person-detection-0201", 7  # of the scenes; tiles cost several times as much
MOVED_PX = 230  # pictures are pasted at several places, since a grid of anchors is even nowhere

Scene = tuple[Pixels, Boxes, NDArray[np.bool_]]
"""A frame, the people in it, and who of them counts."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Heights in the frame, and who was found, of everybody in a set.

    Args:
        twice: how many people have two boxes.
        parts: boxes of a part of somebody who has no box of their own.
    """

    heights_px: NDArray[np.float64]
    found: NDArray[np.bool_]
    twice: int
    parts: int

    def recall(self, low_px: float, high_px: float) -> tuple[float, int]:
        """Share found of those within, and how many they are."""
        inside = (self.heights_px >= low_px) & (self.heights_px < high_px)
        count = int(inside.sum())
        return (float(self.found[inside].mean()) if count else float("nan")), count


def drawn(work: Path) -> Iterator[Scene]:
    """Eight people of one height a scene, every third of a second of it."""
    rng = np.random.default_rng(31)
    for number, tall in enumerate(DRAWN_PX):
        walks = []
        for person in range(PEOPLE):
            x = (person + 0.5) / PEOPLE + float(rng.uniform(-0.02, 0.02))
            step = float(rng.choice((-1, 1))) * 0.02
            feet = float(rng.uniform(0.45, 0.95))
            look = Clothes.drawn(np.random.default_rng((31, number, person)))
            walks.append(
                Walk(f"p{person}", look, 0, SECONDS, x - step, x + step, feet, tall / SIZE[1])
            )
        path = work / f"drawn-{tall}.mp4"
        visits = write_scene(path, walks, SECONDS, fps=FPS, size_px=SIZE, seed=number)
        with open_footage(path) as footage:
            frames = [item for item in footage.frames() if isinstance(item, Frame)]
        for row, frame in enumerate(frames):
            boxes = np.array(
                [visit.xyxy[list(visit.frames).index(row)] for visit in visits], np.float32
            )
            yield frame.bgr(), boxes, np.ones(len(boxes), bool)


def clip_cut_outs(shared: Path, teacher: Detector) -> Iterator[Scene]:
    """The clip's people, made smaller, in several places."""
    people, empty = chosen(shared)
    ground = cv2.GaussianBlur(cv2.resize(empty[0], SIZE), (0, 0), 40)
    rng = np.random.default_rng(32)
    for frame in people[::2]:
        truth = teacher.detect(frame).xyxy[:1]
        for scale in CLIP_SCALES:
            shift = rng.integers(-MOVED_PX, MOVED_PX, 2) if scale < 0.5 else np.zeros(2, int)
            picture = np.roll(pasted(frame, scale, ground), shift, (1, 0))
            boxes = placed(truth[0], frame, scale) + np.tile(shift, 2)
            yield picture, boxes[None].astype(np.float32), np.ones(1, bool)


def crossings(shared: Path) -> Iterator[Scene]:
    """TUD-Campus and TUD-Stadtmitte, in several sizes."""
    for name, every in (("TUD-Campus", 4), ("TUD-Stadtmitte", 6)):
        path = shared / "footage" / "crossings" / f"{name}.mp4"
        rows = np.loadtxt(path.with_suffix(".gt.txt"), delimiter=",")
        with open_footage(path) as footage:
            frames = [item.bgr() for item in footage.frames() if isinstance(item, Frame)]
        for number, frame in list(enumerate(frames))[::every]:
            of = rows[(rows[:, 0] == number + 1) & (rows[:, 6] > 0), 2:6]
            boxes = np.concatenate([of[:, :2], of[:, :2] + of[:, 2:]], axis=1)
            for scale in CROSSING_SCALES:
                yield _shrunk(frame, boxes, scale)


def _shrunk(frame: Pixels, boxes: NDArray[np.float64], scale: float) -> Scene:
    high, wide = (round(side * scale) for side in frame.shape[:2])
    ground = cv2.GaussianBlur(cv2.resize(frame, (192, 108)), (0, 0), 4)
    picture = cv2.resize(ground, SIZE, interpolation=cv2.INTER_CUBIC)
    left, top = (SIZE[0] - wide) // 2, (SIZE[1] - high) // 2
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    picture[top : top + high, left : left + wide] = cv2.resize(
        frame, (wide, high), interpolation=how
    )
    placed_boxes = (boxes * scale + np.array([left, top, left, top])).astype(np.float32)
    whole = (boxes[:, 0] >= 0) & (boxes[:, 2] <= frame.shape[1])
    return picture, placed_boxes, whole & ~_hidden(boxes)


def _hidden(boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Who is behind somebody whose feet are lower in the picture."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    before = boxes[None, :, 3] > boxes[:, None, 3]
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    hidden: NDArray[np.bool_] = (shared * before).max(axis=1) > HIDDEN * area
    return hidden


def look(detector: Detector, scenes: Sequence[Scene], policy: FootageSettings) -> Seen:
    """Ask a detector about every scene."""
    heights, found = [], []
    twice = parts = 0
    for picture, boxes, counts in scenes:
        seen = detector.detect(picture, policy)
        sure = seen[seen.confidence >= SURE].xyxy
        for box in boxes[counts]:
            heights.append(float(box[3] - box[1]))
            found.append(any(overlap(box, one) >= 0.5 for one in sure))
        fits = np.array([[overlap(box, one) >= 0.5 for box in boxes] for one in sure], bool)
        fits = fits.reshape(len(sure), len(boxes))
        twice += int((fits.sum(axis=0) > 1).sum())
        parts += sum(
            any(inside(one, box) > PART for box in boxes) for one in sure[~fits.any(axis=1)]
        )
    return Seen(np.array(heights), np.array(found, bool), twice, parts)


def inside(small: NDArray[np.float32], box: NDArray[np.float32]) -> float:
    """Return which share of a box lies within another."""
    sides = np.minimum(small[2:], box[2:]) - np.maximum(small[:2], box[:2])
    return float(sides.prod() / (small[2:] - small[:2]).prod()) if (sides > 0).all() else 0.0


def table(title: str, rows: Sequence[tuple[str, Seen]]) -> None:
    """Recall by height in a frame of 1080 lines."""
    pairs = list(pairwise(EDGES_PX))
    print(f"\n{title}\n", flush=True)
    heads = [*(f"{low}-{high} px" for low, high in pairs), "twice", "parts"]
    print(f"| detector | {' | '.join(heads)} |")
    print("|---|" + "---|" * len(heads))
    for name, seen in rows:
        cells = [seen.recall(*pair) for pair in pairs]
        told = [f"{100 * share:.0f} ({count})" if count else "" for share, count in cells]
        told += [str(seen.twice), str(seen.parts)]
        print(f"| {name} | {' | '.join(told)} |", flush=True)


def curve(seen: Seen, scale: float) -> tuple[list[int], list[float]]:
    """Recall at heights in the model's picture, never falling."""
    cells = [(pair, *seen.recall(*(edge / scale for edge in pair))) for pair in pairwise(INPUT_PX)]
    told = [(pair, share) for pair, share, count in cells if count >= LEAST]
    at = [round((low * high) ** 0.5) for (low, high), _ in told]
    return at, [round(value, 2) for value in rising([share for _, share in told])]


def rising(values: Sequence[float]) -> list[float]:
    """Pool neighbours until no value is below the one before it."""
    pools: list[list[float]] = []
    for value in values:
        pools.append([value])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    return [float(np.mean(pool)) for pool in pools for _ in pool]


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--curves", is_flag=True)
@click.option("--tiles", is_flag=True)
def main(model_path: Path, curves: bool, tiles: bool) -> None:
    shared = model_path.parent
    detectors = [load_detector(name, model_path=[model_path], offline=True) for name in NAMES]
    usual = FootageSettings()
    with tempfile.TemporaryDirectory() as work:
        made: dict[str, Callable[[], Iterator[Scene]]] = {
            "drawn": lambda: drawn(Path(work)),
            "clip": lambda: clip_cut_outs(shared, detectors[-1]),
            "crossings": lambda: crossings(shared),
        }
        seen: dict[tuple[str, str], Seen] = {}
        for title, make in made.items():
            scenes = list(make())
            rows = []
            for detector in detectors:
                name = detector.identity.name
                rows.append((name, look(detector, scenes, usual)))
                seen[title, name] = rows[-1][1]
            if tiles:
                detector = next(one for one in detectors if one.identity.name == TILED)
                for n in (1, 2, 3):
                    policy = replace(usual, tiles=n)
                    rows.append((f"{TILED}, tiles {n}", look(detector, scenes[::EVERY], policy)))
            table(title, rows)
    if curves:
        for detector in detectors:
            name, scale = detector.identity.name, detector.height_px / SIZE[1]
            at, shares = curve(seen["clip", name], scale)
            print(f'\n[[curve]]\ndetector = "{name}"\nheights_px = {at}\nrecall = {shares}')
            print(f"# crossings: {curve(seen['crossings', name], scale)}")


if __name__ == "__main__":
    main()
