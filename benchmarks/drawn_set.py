"""A labelled set of drawn people, to try calibration and evaluation on without any real footage.

    python benchmarks/drawn_set.py /tmp/drawn --people 60 --cameras 3 --views 3

Writes pictures and a manifest. What is measured on drawn people says nothing of real ones.
"""

from __future__ import annotations

import csv
from pathlib import Path

import click
from PIL import Image

from reidsearch.datasets.synthetic.people import drawn_people


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
            Image.fromarray(crop.pixels[..., ::-1].copy()).save(folder / name)
            rows.writerow((name, crop.person, crop.camera, crop.time.isoformat()))


if __name__ == "__main__":
    main()
