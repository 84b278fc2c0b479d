"""Does `reidsearch next` name the footage that shows the person? On towns whose truth is known.

    python benchmarks/next_footage.py

Of each made-up town some hours of some cameras are withheld; everybody's other sightings are
confirmed but for a tenth. For each person the withheld hours are put in the order that `next` gives
them. Counted: how often the first (and one of the first two) shows the person, against a random
order, and what share of the hours that were given a chance show the person. About a minute.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from itertools import pairwise
from pathlib import Path

import click
import numpy as np

from reidsearch import Archive
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import BEGIN, write_town

HELD_BACK, CAMERAS, HOURS, PEOPLE = 5, 5, 4, 40


def asked(seed: int) -> list[tuple[list[float], list[bool]]]:
    """Return of every person the chances of the withheld hours, and which of them show them."""
    town = drawn_town(people=PEOPLE, cameras=CAMERAS, hours=HOURS, seed=seed)
    random = np.random.default_rng((seed, 4))
    every = [(camera.name, hour) for camera in town.cameras for hour in range(HOURS)]
    chosen = random.choice(len(every), HELD_BACK, replace=False)
    withheld = [every[place] for place in chosen]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive"
        crops: dict[int, list[int]] = {}
        for one in write_town(path, town, without=withheld):
            if random.random() > 0.1:
                crops.setdefault(one.sighting.person, []).append(one.crop_ids[0])
        with Archive.open(path) as archive:
            for person, some in sorted(crops.items()):
                archive.identities.new(f"person {person}", some, force=True)
            for person in sorted(crops):
                fetches = archive.next_footage(f"person {person}").fetches
                chances, true = [], []
                for camera, hour in withheld:
                    begin_us = round((BEGIN + dt.timedelta(hours=hour)).timestamp() * 1e6)
                    inside = [
                        one.chance or 0.0
                        for one in fetches
                        if one.camera == camera
                        and one.from_us < begin_us + 3_599_000_000
                        and one.to_us > begin_us + 1_000_000
                    ]
                    none = float(np.prod([1 - chance for chance in inside]))
                    chances.append(1 - none)
                    true.append(
                        any(
                            one.camera == camera and hour * 3600 <= one.first_s < (hour + 1) * 3600
                            for one in town.of_person(person)
                        )
                    )
                found.append((chances, true))
    return found


@click.command()
@click.option("--towns", default=4, help="How many.")
@click.option("--first", default=1, help="Seed of the first; the others follow.")
def main(towns: int, first: int) -> None:
    """Print the figures as Markdown."""
    found = [one for seed in range(first, first + towns) for one in asked(seed)]
    shown = [(np.array(chances), np.array(true)) for chances, true in found if any(true)]
    click.echo(f"{len(shown)} people whom withheld footage shows; {HELD_BACK} hours withheld\n")
    click.echo("| shown in | as `next` orders | random order |\n| --- | ---: | ---: |")
    for count in (1, 2):
        hits = [true[np.argsort(-chances)[:count]].any() for chances, true in shown]
        missed = [
            np.prod([(len(t) - t.sum() - n) / (len(t) - n) for n in range(count)]) for _, t in shown
        ]
        name = "the first" if count == 1 else f"one of the first {count}"
        click.echo(f"| {name} | {np.mean(hits):.0%} | {1 - np.mean(missed):.0%} |")
    chances = np.array([one for some, _ in found for one in some])
    true = np.array([one for _, some in found for one in some])
    click.echo(
        "\n| chance given | hours | mean chance | show the person |\n| --- | --: | --: | --: |"
    )
    edges = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.01)
    for low, high in pairwise(edges):
        inside = (chances >= low) & (chances < high)
        if inside.any():
            click.echo(
                f"| {low:.0%} to {min(high, 1):.0%} | {inside.sum()} "
                f"| {chances[inside].mean():.0%} | {true[inside].mean():.0%} |"
            )


if __name__ == "__main__":
    main()
