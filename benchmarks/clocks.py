"""How well do people tell the clocks of cameras, against the truth of made-up towns?

    python benchmarks/clocks.py [--towns 12] [--people 60 --people 150] [--drift 50] [--hours 4]

Each town has five cameras with offsets of up to five minutes and drifts of up to 50 ppm. Its people
are seen as an archive would hold them, with embeddings that take somebody else for the nearest in
8 of 100 cases; nobody is confirmed but a share of them. Prints Markdown: the error of the suggested
offset, how wide its 95 % interval is, and how often that holds the truth.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np

from reidsearch import Archive
from reidsearch.base.timecode import to_us
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import BEGIN, write_town

CAMERAS, HOURS = 5, 4.0
FAST_S = 300.0


def measured(
    seed: int, people: int, confirmed: float, drift_ppm: float, hours: float
) -> list[tuple[float, float, bool]]:
    """Return error, half width and whether a drift was suggested, for each camera that has one."""
    rng = np.random.default_rng(seed)
    offsets_s = [0.0, *rng.uniform(-FAST_S, FAST_S, CAMERAS - 1).tolist()]
    drifts_ppm = [0.0, *rng.uniform(-drift_ppm, drift_ppm, CAMERAS - 1).tolist()]
    town = drawn_town(
        people=people,
        cameras=CAMERAS,
        hours=hours,
        walks=max(3, round(hours)),
        offsets_s=offsets_s,
        drifts_ppm=drifts_ppm,
        seed=seed,
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "archive"
        written = write_town(place, town, views=1, seed=seed)
        with Archive.open(place) as archive:
            for person in range(round(people * confirmed)):
                crops = [one.crop_ids[0] for one in written if one.sighting.person == person]
                archive.identities.new(f"p{person}", crops, force=True)
            found = archive.clocks.suggest(town.cameras[0].name)
    cameras = {one.name: one for one in town.cameras}
    told = []
    for one in found.cameras:
        if one.offset_s is None or one.interval_s is None or found.at is None:
            continue
        shown_s = (to_us(found.at) - to_us(BEGIN)) / 1e6
        camera = cameras[one.camera]
        true_s = (shown_s - camera.offset_s) / (1 + camera.drift_ppm / 1e6)
        low, high = one.interval_s
        told.append((one.offset_s - (true_s - shown_s), (high - low) / 2, bool(one.drift_ppm)))
    return told


@click.command(help=__doc__)
@click.option("--towns", type=int, default=12)
@click.option("--people", type=int, multiple=True, default=(60, 150))
@click.option("--confirmed", type=float, multiple=True, default=(0.0, 0.5))
@click.option("--drift", type=float, default=50.0)
@click.option("--hours", type=float, default=HOURS)
def main(
    towns: int,
    people: tuple[int, ...],
    confirmed: tuple[float, ...],
    drift: float,
    hours: float,
) -> None:
    """Measure."""
    print("| people | confirmed | offsets told | median error | 90 % below | interval ± | held |")
    print("| --: | --: | --: | --: | --: | --: | --: |")
    for count in people:
        for share in confirmed:
            rows = [
                row for seed in range(towns) for row in measured(seed, count, share, drift, hours)
            ]
            error = np.abs([row[0] for row in rows])
            half = np.array([row[1] for row in rows])
            print(
                f"| {count} | {share:.0%} | {len(rows)} of {towns * (CAMERAS - 1)} "
                f"| {np.median(error):.1f} s | {np.quantile(error, 0.9):.1f} s "
                f"| {np.median(half):.1f} s | {np.mean(error <= half):.0%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
