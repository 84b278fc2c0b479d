"""The catalogue's person detectors on the real clip, and on the same people made smaller.

    python benchmarks/detectors.py [--model-path ../shared/models]

Every twelfth frame of the six visits (where the person is wholly inside) is pasted, shrunk, into
the middle of a blurred 1080p picture; a person counts as found at a confidence of 0.6 or more and
an overlap of 0.5 or more with person-detection-0202's box at full size. `false` counts boxes that
fit nobody, on these frames and on empty ones. Rates are of bare asynchronous inference. Prints
Markdown.
"""

from __future__ import annotations

from pathlib import Path

import click
import cv2
import numpy as np
from footage_files import CLIP_FPS, clip
from index import bare_queue
from measuring import seconds

from reidsearch.domain.crops import Pixels
from reidsearch.media.video.frames import Frame
from reidsearch.media.video.open import open_footage
from reidsearch.vision.detection.detector import Detector, load_detector
from reidsearch.vision.models.locate import locate

NAMES = (
    "person-detection-retail-0013",
    "person-detection-0200",
    "person-detection-0201",
    "person-detection-0202",
)
SCALES = (1.0, 0.4, 0.2, 0.15, 0.12)
SURE = 0.6
SIZE = (1920, 1080)


def chosen(shared: Path) -> tuple[list[Pixels], list[Pixels]]:
    """Frames with one person, and frames without."""
    path, truth = clip(shared)
    inside = {
        number
        for first, last in truth.visits
        for number in range(round(first * CLIP_FPS) + 15, round(last * CLIP_FPS) - 15, 12)
    }
    near = {
        number
        for first, last in truth.visits
        for number in range(round(first * CLIP_FPS) - 12, round(last * CLIP_FPS) + 12)
    }
    people, empty = [], []
    frames = (item for item in open_footage(path).frames() if isinstance(item, Frame))
    for number, frame in enumerate(frames):
        if number in inside:
            people.append(frame.bgr())
        elif number not in near and number % 6 == 0:
            empty.append(frame.bgr())
    return people, empty


def pasted(frame: Pixels, scale: float, ground: Pixels) -> Pixels:
    """The frame at a share of the picture's size, in its middle."""
    width, height = round(SIZE[0] * scale), round(SIZE[1] * scale)
    left, top = (SIZE[0] - width) // 2, (SIZE[1] - height) // 2
    picture = ground.copy()
    picture[top : top + height, left : left + width] = cv2.resize(
        frame, (width, height), interpolation=cv2.INTER_AREA if scale < 0.4 else cv2.INTER_LINEAR
    )
    return picture


def placed(box: np.ndarray, frame: Pixels, scale: float) -> np.ndarray:
    """A box of the frame, where it lies once pasted."""
    high, wide = frame.shape[:2]
    width, height = SIZE[0] * scale, SIZE[1] * scale
    shift = np.array([(SIZE[0] - width) / 2, (SIZE[1] - height) / 2] * 2)
    return box * np.array([width / wide, height / high] * 2) + shift


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if (sides <= 0).any():
        return 0.0
    shared = float(sides.prod())
    return shared / (float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod()) - shared)


def rate(detector: Detector, model_path: Path) -> float:
    """Pictures a second of bare inference."""
    queue, _ = bare_queue(locate(detector.identity.name, model_path=[model_path], offline=True).xml)
    shape = (1, detector.height_px, detector.width_px, 3)
    picture = np.random.default_rng(1).integers(0, 255, shape, np.uint8)

    def infer() -> None:
        for _ in range(200):
            queue.start_async({0: picture})
        queue.wait_all()

    infer()
    return 200 / seconds(infer)


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
def main(model_path: Path) -> None:
    people, empty = chosen(model_path.parent)
    detectors = [load_detector(name, model_path=[model_path], offline=True) for name in NAMES]
    truth = [detectors[-1].detect(frame).xyxy[0] for frame in people]
    height = float(np.median([box[3] - box[1] for box in truth])) / people[0].shape[0] * SIZE[1]
    ground = cv2.GaussianBlur(cv2.resize(empty[0], SIZE), (0, 0), 40)
    heads = [f"{height * scale:.0f} px" for scale in SCALES]
    print(f"| detector | frames/s | {' | '.join(heads)} | false |")
    print(f"|---|---|{'---|' * len(SCALES)}---|")
    for detector in detectors:
        cells, false = [], 0
        for scale in SCALES:
            found = 0
            for frame, box in zip(people, truth, strict=True):
                seen = detector.detect(pasted(frame, scale, ground))
                fits = [
                    overlap(placed(box, frame, scale), one) >= 0.5
                    for one in seen[seen.confidence >= SURE].xyxy
                ]
                found += any(fits)
                false += len(fits) - sum(fits)
            for frame in empty:
                seen = detector.detect(pasted(frame, scale, ground))
                false += int((seen.confidence >= SURE).sum())
            cells.append(f"{found / len(people):.3f}")
        speed = rate(detector, model_path)
        print(
            f"| {detector.identity.name} | {speed:.0f} | {' | '.join(cells)} | {false} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
