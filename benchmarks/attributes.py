"""How far attributes can be relied on.

    python benchmarks/attributes.py

Colours against truth on drawn people (benchmarks/attributes.py chose the patch's size on others of
them: `--patch`). On labelled real crops there is no truth about clothes: there, how often two
pictures of one person agree. That is an upper bound on how often both are right, not accuracy.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.settings import PictureLimits
from reidsearch.datasets.readers import read_manifest, read_market
from reidsearch.datasets.synthetic.clothes import CLOTH, Clothes
from reidsearch.datasets.synthetic.figure import SIDES, Pose, draw_figure
from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.domain.attributes import (
    COLOURS,
    NAMES,
    PARTS,
    PRESENT,
    THINGS,
    WORN,
    Values,
    columns_of,
)
from reidsearch.domain.crops import Pixels
from reidsearch.media.pictures import read_picture
from reidsearch.vision.attributes import colours
from reidsearch.vision.attributes.recognizer import Recognizer, load_recognizer

# What people may call the cloth of drawn people, in the order of `look.CLOTH`.
TRUTH = dict(
    zip(
        CLOTH,
        (
            {"black"}, {"white"}, {"grey"}, {"blue", "black"}, {"blue"}, {"blue"},
            {"green", "blue"}, {"green"}, {"green", "brown"}, {"yellow"}, {"orange"}, {"red"},
            {"red", "purple"}, {"pink"}, {"purple"}, {"brown"}, {"white", "brown", "yellow"},
        ),
        strict=True,
    )
)  # fmt: skip
PEOPLE, CAMERAS, VIEWS = 150, 4, 3
SEED, SEED_OF_CHOICES = 11, 5  # other people, other cameras


def describe(recognizer: Recognizer, crops: Sequence[Pixels]) -> Values:
    """(h, w, 3) uint8 BGR crops of any size -> (n, len(NAMES)) float32."""
    rows = [row for _, row in recognizer.stream((None, recognizer.prepare(c)) for c in crops)]
    return np.array(rows, np.float32).reshape(len(rows), len(NAMES))


def drawn(recognizer: Recognizer, seed: int) -> tuple[list[Clothes], Values]:
    """Looks of the people, and (PEOPLE, CAMERAS, VIEWS, n) values."""
    looks = [Clothes.drawn(np.random.default_rng((seed, 1, person))) for person in range(PEOPLE)]
    people = drawn_people(PEOPLE, CAMERAS, VIEWS, seed)
    values = describe(recognizer, [crop.pixels for crop in people])
    return looks, values.reshape(PEOPLE, CAMERAS, VIEWS, -1)


def without_camera(recognizer: Recognizer) -> tuple[list[Clothes], Values]:
    """The same people in white light before grey, from VIEWS sides: no cast, nothing hidden."""
    looks = [Clothes.drawn(np.random.default_rng((SEED, 1, person))) for person in range(PEOPLE)]
    pictures = []
    for look in looks:
        for side in SIDES[:VIEWS]:
            figure, mask = draw_figure(look, Pose(side, 0.8), 96, 192)
            share = mask[..., None] / 255
            pictures.append((figure * share + 150 * (1 - share)).astype(np.uint8))
    return looks, describe(recognizer, pictures).reshape(PEOPLE, 1, VIEWS, -1)


def against_truth(looks: Sequence[Clothes], values: Values) -> None:
    """Colours of drawn people."""
    print("| part | one picture | mean of 3 pictures | found by the filter | let through |")
    print("|---|---|---|---|---|")
    for part in PARTS:
        who = [
            person
            for person, look in enumerate(looks)
            if part == "lower" or look.pattern in ("plain", "logo")
        ]
        worn = [TRUTH[looks[p].top_colour if part == "upper" else looks[p].bottom_colour]
                for p in who]  # fmt: skip
        truth = np.array([[colour in names for colour in COLOURS] for names in worn])
        shares = values[who][..., columns_of(part)]
        single = _right(shares, truth[:, None, None])
        means = shares.mean(axis=2)
        found = (means * truth[:, None]).sum(axis=-1) >= WORN
        through = (means >= WORN).mean(axis=(0, 1))
        print(
            f"| {part} | {single:.1%} | {_right(means, truth[:, None]):.1%} | {found.mean():.1%} | "
            f"{np.mean(through[through > 0]):.1%} |"
        )


def _right(shares: Values, truth: NDArray[np.bool_]) -> float:
    chosen = shares.argmax(axis=-1)
    return float(np.take_along_axis(
        np.broadcast_to(truth, shares.shape), chosen[..., None], axis=-1
    ).mean())  # fmt: skip


def agreement(title: str, values: Values, persons: NDArray[np.int64], cameras: Values) -> None:
    """Two pictures of one person against two pictures of two people."""
    same = persons[:, None] == persons[None]
    upper = np.triu(np.ones_like(same), 1).astype(bool)
    one_camera = cameras[:, None] == cameras[None]
    groups = {
        "same camera": same & one_camera & upper,
        "across cameras": same & ~one_camera & upper,
        "different people": ~same & ~one_camera & upper,
    }
    print(f"\n{title}: {len(persons)} crops, {len(set(persons.tolist()))} people\n")
    print("| attribute | have it | " + " | ".join(groups) + " | found across cameras |")
    print("|---|---|---|---|---|---|")
    for column, thing in enumerate(THINGS):
        has = values[:, column] >= PRESENT
        alike = has[:, None] == has[None]
        across = groups["across cameras"]
        either = across & (has[:, None] | has[None])
        both = across & has[:, None] & has[None]
        # Of one camera's "yes" also "yes" at the other: what a filter would find again.
        found = 2 * both.sum() / max(both.sum() + either.sum(), 1)
        told = " | ".join(f"{alike[group].mean():.1%}" for group in groups.values())
        print(f"| {thing} | {has.mean():.1%} | {told} | {found:.1%} |")
    for part in PARTS:
        shares = values[:, columns_of(part)]
        main = shares.argmax(axis=1)
        alike = main[:, None] == main[None]
        # Asked for what was seen at one camera, the filter finds the picture of the other.
        passes = shares[:, main] >= WORN
        found = passes[groups["across cameras"] | groups["across cameras"].T].mean()
        told = " | ".join(f"{alike[group].mean():.1%}" for group in groups.values())
        print(f"| {part} colour | | {told} | {found:.1%} |")


def choose_patch(recognizer: Recognizer) -> None:
    """The main colour of one view by the patch's size, on drawn people that are no benchmark."""
    for half_width, half_height in ((2, 2), (4, 6), (6, 10), (8, 14), (10, 18)):
        colours.HALF_WIDTH_PX, colours.HALF_HEIGHT_PX = half_width, half_height
        print(f"\n{half_width} x {half_height}")
        against_truth(*drawn(recognizer, SEED_OF_CHOICES))


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model-path", type=Path, default=Path("../shared/models"))
    parser.add_argument("--reid", type=Path, default=Path("../shared/reid"))
    parser.add_argument("--patch", action="store_true", help="how the patch's size was chosen")
    given = parser.parse_args()
    recognizer = load_recognizer(model_path=[given.model_path], offline=True)
    if given.patch:
        choose_patch(recognizer)
        return
    print(f"Synthetic people in white light, nobody hidden: {PEOPLE} x {VIEWS} pictures\n")
    against_truth(*without_camera(recognizer))
    print(f"\nSynthetic people: {PEOPLE} x {CAMERAS} cameras x {VIEWS} pictures\n")
    against_truth(*drawn(recognizer, SEED))
    sets: dict[str, Callable[[], list[object]]] = {
        "pku-viewpoints": lambda: list(read_manifest(given.reid / "pku-viewpoints/manifest.csv")
                                       .query),
        "cuhk03-dev": lambda: list(read_market(given.reid / "cuhk03-dev").gallery),
    }  # fmt: skip
    for title, read in sets.items():
        crops = read()
        values = describe(recognizer, [read_picture(c.path, PictureLimits()) for c in crops])
        persons = np.array([crop.person for crop in crops])
        agreement(title, values, persons, np.array([crop.camera for crop in crops]))


if __name__ == "__main__":
    main()
