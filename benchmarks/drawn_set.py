"""A labelled set of synthetic people, to try calibration and evaluation on without real footage.

    python benchmarks/drawn_set.py /tmp/drawn --people 60 --cameras 3 --views 3

Writes pictures and a manifest; `write_market` writes the layout of Market-1501. What is measured on
synthetic people says nothing of real ones.
"""

from __future__ import annotations

import csv
from pathlib import Path

import click
from PIL import Image

from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.domain.crops import Pixels


def save(path: Path, pixels: Pixels) -> None:
    Image.fromarray(pixels[..., ::-1].copy()).save(path)


def write_market(folder: Path, people: int, cameras: int, views: int, seed: int = 0) -> Path:
    """Write synthetic people in the layout of Market-1501: of every camera one view is the query.

    Args:
        folder: made; its `query` and `bounding_box_test` are filled.

    Returns:
        `folder`, for `datasets.read_market`.
    """
    sides = [folder / "query", folder / "bounding_box_test"]
    for side in sides:
        side.mkdir(parents=True)
    drawn = list(drawn_people(people, cameras, views, seed))
    names = {name: place for place, name in enumerate(sorted({c.camera for c in drawn}), start=1)}
    for number, crop in enumerate(drawn):
        person, camera = int(crop.person.rpartition("-")[2]), names[crop.camera]
        side = sides[0 if number % views == 0 else 1]
        name = f"{person:04}_c{camera}s1_{number:06}_00.png"
        save(side / name, crop.pixels)
    return folder


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--people", default=60, show_default=True)
@click.option("--cameras", default=3, show_default=True)
@click.option("--views", default=3, show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(folder: Path, people: int, cameras: int, views: int, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "person_id", "camera_id", "time"))
        for number, crop in enumerate(drawn_people(people, cameras, views, seed), start=1):
            name = f"{number:05}.png"
            save(folder / name, crop.pixels)
            rows.writerow((name, crop.person, crop.camera, crop.time.isoformat()))


if __name__ == "__main__":
    main()
