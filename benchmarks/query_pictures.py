"""What detecting in query pictures gains and costs.

    python benchmarks/query_pictures.py [--shared ../shared] [--labelled]

Pictures with a margin: people of the sample clip and of the two campus4 clips, cut as the detector
cuts them out of whole frames, and with margins of so many of their own sides. Told is how near the
embedding of the whole picture, and of the person detected in it, comes to that of the tight cut.
With --labelled: how many of the labelled query crops would be cut, and the accuracy then, by the
share that a box has to cover for its picture to be a crop. Prints Markdown.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import click
import numpy as np

from reidsearch.base.boxes import Box
from reidsearch.base.errors import NotFound
from reidsearch.datasets.embedded import embed_set
from reidsearch.datasets.readers import read_data
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.evaluation.protocol import evaluate
from reidsearch.media.video.open import open_footage
from reidsearch.vision.detection.detector import Detector, load_detector
from reidsearch.vision.detection.people import people_in
from reidsearch.vision.embedding.embedder import Embedder, load_embedder

CLIPS = (
    ("one-by-one-person-detection.mp4", 3, 26),
    ("crossings/campus4-c0.mp4", 4, 9),
    ("crossings/campus4-c1.mp4", 4, 9),
)
"""Seconds between frames, and how many."""
MARGINS = (0.0, 0.1, 0.2, 0.35, 0.6, 1.0)
BANDS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.01)
SETS = ("cuhk03-dev", "pku-viewpoints/manifest.csv")
FILLS = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8)
SURE, LEAST_PX = 0.7, 60


def cut(pixels: Pixels, box: Box) -> Pixels:
    """The part of a picture that a box takes."""
    return pixels[box.y1 : box.y2, box.x1 : box.x2]


def share(box: Box, pixels: Pixels) -> float:
    """How much of a picture a box covers."""
    return box.width_px * box.height_px / (pixels.shape[0] * pixels.shape[1])


def people(shared: Path, detector: Detector) -> Iterator[tuple[Pixels, Box]]:
    """Frames, each with one person in it who is wholly seen."""
    for name, step, count in CLIPS:
        with open_footage(shared / "footage" / name) as footage:
            for number in range(count):
                try:
                    frame = footage.frame_at(Fraction(number * step)).bgr()
                except NotFound:
                    break
                found = people_in(frame, detector)
                sure = found.detections.confidence >= SURE
                for box, is_sure in zip(found.boxes, sure, strict=True):
                    inside = box.x1 >= 3 and box.y1 >= 3 and box.x2 <= frame.shape[1] - 3
                    alone = not any(_meets(box, other) for other in found.boxes if other != box)
                    if is_sure and inside and alone and box.height_px >= LEAST_PX:
                        yield frame, box


def _meets(box: Box, other: Box) -> bool:
    """Whether the other would be seen in the picture with the widest margin."""
    wide, high = box.width_px, box.height_px
    return (
        other.x1 < box.x2 + wide
        and other.x2 > box.x1 - wide
        and other.y1 < box.y2 + high
        and other.y2 > box.y1 - high
    )


def margins(shared: Path, detector: Detector, embedder: Embedder) -> None:
    """Print how near whole pictures and cut ones come to the tight cut."""
    rows: list[tuple[float, float, float]] = []
    missed = dict.fromkeys(MARGINS, 0)
    count = 0
    for frame, box in people(shared, detector):
        count += 1
        (tight,) = embedder.embed([cut(frame, box)])
        for margin in MARGINS:
            wide, high = round(margin * box.width_px), round(margin * box.height_px)
            x1, y1 = max(0, box.x1 - wide), max(0, box.y1 - high)
            picture = frame[y1 : box.y2 + high, x1 : box.x2 + wide]
            found = people_in(picture, detector).boxes
            if not found:
                missed[margin] += 1
                continue
            largest = max(found, key=lambda each: share(each, picture))
            whole, part = embedder.embed([picture, cut(picture, largest)]) @ tight
            rows.append((share(largest, picture), float(whole), float(part)))
    print(f"{count} people; of each {len(MARGINS)} pictures\n")
    print("| the box covers | pictures | cosine, whole | cosine, cut | cut is nearer |")
    print("| --- | --: | --: | --: | --: |")
    table = np.array(rows)
    for low, high_ in pairwise(BANDS):
        some = table[(table[:, 0] >= low) & (table[:, 0] < high_)]
        if len(some):
            _, whole, part = np.median(some, axis=0)
            nearer = (some[:, 2] > some[:, 1]).mean()
            print(f"| {low:.1f} to {min(high_, 1):.1f} | {len(some)} | {whole:.2f} | {part:.2f} |"
                  f" {nearer:.0%} |")  # fmt: skip
    told = ", ".join(f"{missed[margin] / max(count, 1):.0%} at {margin:g}" for margin in MARGINS)
    print(f"\nNobody detected, by margin: {told}\n")


def labelled(shared: Path, detector: Detector, embedder: Embedder) -> None:
    """Print what cutting labelled query crops would do to the accuracy."""
    print("| set | a crop from | cut | of several | rank-1 | mAP |")
    print("| --- | --: | --: | --: | --: | --: |")
    for name in SETS:
        data = read_data(shared / "reid" / name)
        rows = embed_set(data, embedder)
        found: dict[str, tuple[float, int, Vectors]] = {}
        for crop in data.query:
            pixels = crop.read()
            boxes = people_in(pixels, detector).boxes
            if boxes:
                largest = max(boxes, key=lambda each: share(each, pixels))
                (row,) = embedder.embed([cut(pixels, largest)])
                found[crop.name] = share(largest, pixels), len(boxes), row
        _, gallery = data.labelled(rows)
        for fills in FILLS:
            small = {key: one for key, one in found.items() if one[0] < fills}
            alone = {key: one[2] for key, one in small.items() if one[1] == 1}
            query, _ = data.labelled({**rows, **alone})
            result = evaluate(query, gallery)
            print(f"| {name.partition('/')[0]} | {fills:g} | {len(alone)} | "
                  f"{len(small) - len(alone)} | {result.cmc[1]:.2%} | "
                  f"{result.map_trapezoid:.2%} |")  # fmt: skip


@click.command(help=__doc__)
@click.option("--shared", type=click.Path(path_type=Path), default=Path("../shared"))
@click.option("--labelled", "sets", is_flag=True, help="The labelled crops instead.")
def main(shared: Path, sets: bool) -> None:
    """Measure."""
    where = [shared / "models"]
    detector = load_detector(model_path=where, offline=True)
    model = "person-reidentification-retail-0286"
    embedder = load_embedder(model, model_path=where, offline=True)
    (labelled if sets else margins)(shared, detector, embedder)


if __name__ == "__main__":
    main()
