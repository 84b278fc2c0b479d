"""What place and time of a sighting say beside appearance, on a made-up town whose truth is known.

    python benchmarks/space_time.py

Half of the sightings of every person are confirmed, drawn at random; the town's people are then
searched for one by one among the sightings that nobody confirmed. Rankings: by score, by the
likelihood ratio of place and time, by both. Calibration: what the ratio costs (Cllr, in bits; 1:
says nothing), and its least possible cost, over all pairs of a person and an unconfirmed sighting,
both kinds of pair weighted alike. Takes about two minutes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from reidsearch import Archive
from reidsearch.calibration.fit import cllr, cllr_min
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import Look, Written, write_town
from reidsearch.domain.answers import Match

WAYS = ("appearance", "place and time", "both")


@dataclass
class Found:
    """Figures of all queries: average precision and first place of each way; ratios of pairs."""

    precisions: dict[str, list[float]] = field(default_factory=lambda: {one: [] for one in WAYS})
    firsts: dict[str, list[bool]] = field(default_factory=lambda: {one: [] for one in WAYS})
    same: list[float] = field(default_factory=list)
    different: list[float] = field(default_factory=list)
    silent: int = 0


def measure(
    people: int, cameras: int, hours: float, share: float, doubt_s: float, own: float, seed: int
) -> Found:
    """Return the figures of one town."""
    town = drawn_town(people=people, cameras=cameras, hours=hours, seed=seed)
    found = Found()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive"
        written = write_town(path, town, look=Look(own=own), uncertainty_s=doubt_s)
        of_tracklet = {one.tracklet_id: one for one in written}
        random = np.random.default_rng((seed, 3))
        with Archive.open(path) as archive:
            confirmed = _confirm(archive, written, share, random)
            archive.calibration.from_identities()
            held = {one for some in confirmed.values() for one in some}
            for person in range(people):
                if person not in confirmed:
                    continue
                answer = archive.search(
                    identity=f"person {person}",
                    new_only=True,
                    k=len(written),
                    reranked=False,
                    space_time=True,
                )
                matches = [
                    one
                    for one in answer.matches
                    if one.tracklet and one.tracklet.tracklet_id not in held
                ]
                mine = np.array(
                    [
                        of_tracklet[one.tracklet.tracklet_id].sighting.person == person
                        for one in matches
                        if one.tracklet
                    ]
                )
                _take(found, matches, mine)
    return found


def _confirm(
    archive: Archive, written: Sequence[Written], share: float, random: np.random.Generator
) -> dict[int, set[int]]:
    """Confirm a share of everybody's sightings; return their tracklets by person."""
    of_person: dict[int, list[Written]] = {}
    for one in written:
        of_person.setdefault(one.sighting.person, []).append(one)
    confirmed: dict[int, set[int]] = {}
    for person, all_ in sorted(of_person.items()):
        kept = [one for one in all_ if random.random() < share]
        if len(kept) < 2 or len(kept) == len(all_):
            continue
        crops = [one.crop_ids[0] for one in kept]
        archive.identities.new(f"person {person}", crops, force=True)
        confirmed[person] = {one.tracklet_id for one in kept}
    return confirmed


def _take(found: Found, matches: Sequence[Match], own: NDArray[np.bool_]) -> None:
    if not own.any():
        return
    looks = np.array([one.reading.log10_lr if one.reading else 0.0 for one in matches])
    scores = np.array([one.score for one in matches])
    told = [one.space_time.log10_lr if one.space_time else None for one in matches]
    times = np.array([0.0 if one is None else one for one in told])
    for way, values in zip(WAYS, (scores, times, looks + times), strict=True):
        ordered = own[np.lexsort((-scores, -values))]
        hits = np.flatnonzero(ordered)
        found.precisions[way].append(float(((np.arange(len(hits)) + 1) / (hits + 1)).mean()))
        found.firsts[way].append(bool(ordered[0]))
    for value, mine in zip(told, own, strict=True):
        if value is None:
            found.silent += 1
        else:
            (found.same if mine else found.different).append(value)


@click.command()
@click.option("--towns", default=3, help="Of so many seeds, one after another.")
@click.option("--seed", "first", default=1, help="Of the first town.")
@click.option("--people", default=60)
@click.option("--cameras", default=5)
@click.option("--hours", default=4.0)
@click.option("--share", default=0.5, help="Of sightings that are confirmed.")
@click.option(
    "--individual", "own", default=0.35, help="How much of an embedding is the person's own."
)
@click.option("--doubt", "doubt_s", default=1.0, help="Uncertainty of every clock, seconds.")
def main(
    towns: int,
    first: int,
    people: int,
    cameras: int,
    hours: float,
    share: float,
    own: float,
    doubt_s: float,
) -> None:
    """Print the figures as Markdown."""
    seeds = range(first, first + towns)
    every = [measure(people, cameras, hours, share, doubt_s, own, seed) for seed in seeds]
    click.echo("| order by | mAP | rank-1 |\n| --- | ---: | ---: |")
    for way in WAYS:
        precision = np.mean([one for found in every for one in found.precisions[way]])
        best = np.mean([one for found in every for one in found.firsts[way]])
        click.echo(f"| {way} | {100 * precision:.1f} | {100 * best:.1f} |")
    same = np.concatenate([found.same for found in every])
    different = np.concatenate([found.different for found in every])
    silent = sum(found.silent for found in every)
    pairs = len(same) + len(different) + silent
    queries = sum(len(found.firsts["both"]) for found in every)
    click.echo(
        f"\n{queries} people searched for; {len(same):,} pairs of one person, "
        f"{len(different):,} of two; {silent:,} of {pairs:,} say nothing."
    )
    values = np.unique(np.concatenate([same, different]))
    parts = [
        np.bincount(np.searchsorted(values, one), minlength=len(values)) / len(one)
        for one in (same, different)
    ]
    click.echo(f"Cllr {cllr(values, *parts):.3f}, least possible {cllr_min(*parts):.3f}.")
    for least in (0.5, 1, 2):
        wrong, right = (different >= least).mean(), (same >= least).mean()
        click.echo(
            f"Ratio of {10**least:.0f} or more: {right:.1%} of one person, {wrong:.2%} of two "
            f"(calibrated: at most {10**-least:.0%}); of 1/{10**least:.0f} or less: "
            f"{(same <= -least).mean():.1%} of one person, "
            f"{(different <= -least).mean():.1%} of two."
        )


if __name__ == "__main__":
    main()
