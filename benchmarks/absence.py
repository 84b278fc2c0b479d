"""Is the chance of being found calibrated? People of a made-up town are searched for.

    python benchmarks/absence.py --write
    python benchmarks/absence.py --holes --write
    python benchmarks/absence.py --cost
    python benchmarks/absence.py --picture docs/absence.png

A town's footage lacks stretches, people are detected as often as the detector's curve says of their
height, and the town's looks decide at which rank they are. People who truly were at a camera in an
hour are asked for at that camera and hour, detected or not, with a crop from another camera. The
chance that `Archive.absence` states is compared with the share who were really shown. Where the
ranking was measured on confirmed people, these are others than those who are asked for. `--holes`
asks in twelve other towns, for intervals of the share that count camera-hours and not questions:
all who come in one hour share its holes. `--cost`: what it adds to a search, of a library that was
asked before and of a command that begins with nothing.
"""

from __future__ import annotations

import datetime as dt
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
from measuring import machine
from results import Row, put, shown

from reidsearch import Archive
from reidsearch.datasets.synthetic.town import Sighting, Town, drawn_town
from reidsearch.datasets.synthetic.town_archive import (
    BEGIN,
    SIZE_PX,
    Look,
    Written,
    height_px,
    write_town,
)
from reidsearch.domain.answers import Answer
from reidsearch.domain.request import Filters, SearchRequest
from reidsearch.output.absence_picture import absence_picture
from reidsearch.output.drawing import Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.picture_file import encode
from reidsearch.services import absence as absence_service
from reidsearch.vision.detection.heights import curves, recall_of

COMMAND = "python benchmarks/absence.py --write"
HOLES_COMMAND = "python benchmarks/absence.py --holes --write"
TOWNS = 6
OTHER_TOWNS = range(100, 112)
CONFIRMED = 20  # people; the others are asked for
K = 3
SEGMENT_S = 900
ASKED = 60  # of a town
LOOKS = {"clear": Look(), "hard": Look(alike=0.7, own=0.25)}
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
WAYS = ("all confirmed", "those found confirmed", "calibration")
DETECTOR = next(name for name in curves() if name.startswith("person-detection-0201"))


@dataclass(frozen=True)
class Asked:
    """One question: the chance that was stated, and whether the person was shown.

    Args:
        hole: the camera and hour that was asked for, of one town.
    """

    way: str
    stated: float
    low: float
    high: float
    found: bool
    hole: tuple[object, ...]


@click.command(help=__doc__.splitlines()[0])
@click.option("--write", is_flag=True, help="Write benchmarks/results/absence.csv.")
@click.option("--holes", "other", is_flag=True, help="Other towns, counted by camera-hours.")
@click.option("--cost", is_flag=True, help="What it costs beside the search.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the chances of a day.")
def main(write: bool, other: bool, cost: bool, picture: Path | None) -> None:
    """Measure, and print or write the table."""
    if picture is not None:
        picture.write_bytes(encode(day(), picture.suffix))
        return
    if cost:
        print_cost()
        return
    if other:
        rows = holes()
        if write:
            put("absence-holes", rows, command=HOLES_COMMAND, note=machine())
        return
    every = []
    for seed in range(TOWNS):
        every += asked_of_town(seed)
        print(f"town {seed + 1}: {len(every)} asked", flush=True)
    rows = shown(row for way in WAYS for row in rows_of(way, [a for a in every if a.way == way]))
    if write:
        put("absence", rows, command=COMMAND, note=machine())


def asked_of_town(seed: int, ways: Sequence[str] = WAYS) -> Iterator[Asked]:
    """Draw a town, write what a camera system would have, and ask for everybody else's hours."""
    rng = np.random.default_rng((seed, 41))
    town = drawn_town(people=60, cameras=4, hours=3, walks=3, couples=0, seed=seed + 1)
    tall = {camera.name: float(rng.uniform(0.17, 0.6)) for camera in town.cameras}
    missing = {camera.name: float(rng.choice([0.0, 0.3, 0.7])) for camera in town.cameras}
    without = [
        (camera.name, number)
        for camera in town.cameras
        for number in range(math.ceil(town.seconds / SEGMENT_S))
        if rng.random() < missing[camera.name]
    ]
    kept = tuple(one for one in town.sightings if rng.random() < recall(one, tall[one.camera]))
    look = list(LOOKS.values())[seed % len(LOOKS)]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        written = write_town(
            made,
            replace(town, sightings=kept),
            look=look,
            segment_s=SEGMENT_S,
            without=without,
            settings={"detector": DETECTOR},
            tall=tall,
            seed=seed + 1,
        )
        with Archive.open(made) as archive:
            archive.neighbours.keep()
        for number, way in enumerate(ways):
            path = Path(folder) / str(number)
            shutil.copytree(made, path)
            with Archive.open(path) as archive:
                prepare(archive, written, way)
                yield from asked(archive, town, written, way)


def recall(one: Sighting, times: float) -> float:
    """Return the chance that a person is detected, by the detector's own curve."""
    found = recall_of(DETECTOR, *SIZE_PX, 1, 0, np.array([height_px(one) * times]))
    assert found is not None
    return float(found[0])


def prepare(archive: Archive, written: Sequence[Written], way: str) -> None:
    """Confirm people, or those of their sightings that a search shows, or calibrate on them."""
    for person in range(CONFIRMED):
        own = [one for one in written if one.sighting.person == person]
        if way == "those found confirmed" and own:
            answer = archive.search(own[0].crop_ids[0], k=10)
            shown_ids = {one.tracklet.tracklet_id for one in answer.matches if one.tracklet}
            own = [own[0], *(one for one in own[1:] if one.tracklet_id in shown_ids)]
        if own:
            archive.identities.new(f"person {person}", [one.crop_ids[0] for one in own])
    if way == "calibration":
        archive.calibration.from_identities()


def asked(archive: Archive, town: Town, written: Sequence[Written], way: str) -> Iterator[Asked]:
    """Ask for people at cameras and hours where they were once, if another camera saw them."""
    enough = absence_service.ENOUGH_PEOPLE
    if way == "calibration":
        absence_service.ENOUGH_PEOPLE = 1_000_000
    try:
        questions = [
            (person, camera, hour)
            for person in range(CONFIRMED, town.people)
            for camera, hour in sorted(once(town, person))
        ]
        drawn = np.random.default_rng(42).permutation(len(questions))[:ASKED]
        for person, camera, hour in (questions[number] for number in drawn.tolist()):
            own = [one for one in written if one.sighting.person == person]
            others = [one for one in own if one.sighting.camera != camera]
            if others:
                ids = {one.tracklet_id for one in own}
                found = ask(archive, others[0], ids, camera, hour, way)
                if found is not None:
                    yield found
    finally:
        absence_service.ENOUGH_PEOPLE = enough


def once(town: Town, person: int) -> set[tuple[str, int]]:
    """Return the cameras and hours at which somebody was exactly once."""
    every = [(one.camera, int(one.first_s // 3600)) for one in town.of_person(person)]
    return {one for one in every if every.count(one) == 1}


def ask(
    archive: Archive, query: Written, own: set[int], camera: str, hour: int, way: str
) -> Asked | None:
    """Search one camera and hour for somebody; the stated chance, and whether they were shown.

    None where the chance is not known: of too few people at that camera the height is known.
    """
    after = BEGIN + dt.timedelta(hours=hour)
    filters = Filters(cameras=(camera,), after=after, before=after + dt.timedelta(hours=1))
    request = SearchRequest(query.crop_ids[0], k=K, filters=filters)
    answer: Answer = archive.search(request)
    (told,) = archive.absence(answer).cameras
    if told.chance.value is None:
        return None
    found = any(one.tracklet and one.tracklet.tracklet_id in own for one in answer.matches)
    chance, hole = told.chance, (archive.archive_id, camera, hour)
    return Asked(way, chance.value, chance.low, chance.high, found, hole)


def rows_of(way: str, every: Sequence[Asked]) -> Iterator[Row]:
    """One row for each fifth of the stated chance, and one over all."""
    stated = np.array([one.stated for one in every])
    at = np.clip(np.digitize(stated, BINS) - 1, 0, len(BINS) - 2)
    for number in range(len(BINS) - 1):
        part = [one for one, bin_ in zip(every, at, strict=True) if bin_ == number]
        if part:
            yield row(way, f"{BINS[number]:.1f} to {BINS[number + 1]:.1f}", part)
    yield row(way, "all", every)


def row(way: str, name: str, part: Sequence[Asked]) -> Row:
    """Mean of what was stated, its mean interval, and the share who were shown, with Wilson's."""
    share, count = float(np.mean([one.found for one in part])), len(part)
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2)) / (1 + z * z / count)
    return {
        "ranking from": way,
        "stated chance": name,
        "asked": str(count),
        "stated": f"{np.mean([one.stated for one in part]):.2f}",
        "stated low": f"{np.mean([one.low for one in part]):.2f}",
        "stated high": f"{np.mean([one.high for one in part]):.2f}",
        "found": f"{share:.2f}",
        "found low": f"{max(middle - half, 0.0):.2f}",
        "found high": f"{min(middle + half, 1.0):.2f}",
    }


def day() -> Drawing:
    """Draw the chances of a search over half a day, of cameras with holes and people far away."""
    town = drawn_town(people=60, cameras=5, hours=12, walks=6, couples=0, seed=2)
    names = [camera.name for camera in town.cameras]
    missing = [(names[1], n) for n in (6, 7, 8, 9, 10, 11, 12, 30)]
    missing += [(names[3], n) for n in range(0, 20, 3)] + [(names[4], n) for n in range(28, 48)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive"
        written = write_town(
            path,
            town,
            segment_s=900,
            without=missing,
            settings={"detector": DETECTOR},
            tall={names[2]: 0.24, names[3]: 0.35},
        )
        with Archive.open(path) as archive:
            for person in range(CONFIRMED):
                own = [one.crop_ids[0] for one in written if one.sighting.person == person]
                archive.identities.new(f"person {person}", own)
            query = next(one for one in written if one.sighting.person == town.people - 1)
            told = archive.absence(archive.search(query.crop_ids[0], k=10))
            command = "reidsearch explain --absence person.jpg -o absence.png"
            at = BEGIN + dt.timedelta(days=1)
            return absence_picture(told, Imprint("archive", archive.archive_id, at, command))


def holes() -> list[Row]:
    """Ask in other towns; one row for each fifth of the stated chance."""
    every = []
    for seed in OTHER_TOWNS:
        every += asked_of_town(seed, WAYS[:1])
        print(f"town {seed}: {len(every)} asked", flush=True)
    return shown(holes_rows(every))


def holes_rows(every: Sequence[Asked]) -> Iterator[Row]:
    """Give the mean of what was stated, and the share who were shown, by camera-hours."""
    edges = [*pairwise(BINS), (0.0, 1.0)]
    for low, high in edges:
        part = [one for one in every if low <= one.stated and (one.stated < high or high == 1.0)]
        of_hole: dict[tuple[object, ...], list[bool]] = {}
        for one in part:
            of_hole.setdefault(one.hole, []).append(one.found)
        counts = np.array([(sum(found), len(found)) for found in of_hole.values()])
        drawn = np.random.default_rng(43).integers(len(counts), size=(2_000, len(counts)))
        hits, asked = counts[drawn].sum(1).T
        ends = np.quantile(hits / asked, [0.025, 0.975])
        yield {
            "stated chance": "all" if (low, high) == (0.0, 1.0) else f"{low:.1f} to {high:.1f}",
            "camera-hours": str(len(counts)),
            "asked": str(len(part)),
            "stated": f"{np.mean([one.stated for one in part]):.2f}",
            "found": f"{np.mean([one.found for one in part]):.2f}",
            "found low": f"{ends[0]:.2f}",
            "found high": f"{ends[1]:.2f}",
        }


def print_cost() -> None:
    """Tell what share of a search's time it adds, warm and cold."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive"
        town = drawn_town(people=1250, cameras=8, hours=48, walks=6, couples=0)
        written = write_town(path, town, settings={"detector": DETECTOR})
        with Archive.open(path) as archive:
            for person in range(CONFIRMED):
                own = [one.crop_ids[0] for one in written if one.sighting.person == person]
                archive.identities.new(f"person {person}", own)
        print(f"{len(written) * 3:,} crops, {8 * 48} sources, {CONFIRMED} people confirmed")
        warm_and_cold(path, [one.crop_ids[0] for one in written[:: len(written) // 60]])


def warm_and_cold(path: Path, crops: Sequence[int]) -> None:
    """Print the medians of both, of an archive that is prepared."""
    search, told = [], []
    with Archive.open(path) as archive:
        archive.absences.unless_confident(archive.search(crops[0]))
        for crop in crops[1:]:
            begin = time.perf_counter()
            answer = archive.search(crop)
            searched = time.perf_counter()
            archive.absences.unless_confident(answer)
            search.append(searched - begin)
            told.append(time.perf_counter() - searched)
    added = np.median(np.array(told)) / np.median(np.array(search))
    print(f"warm: a search {1000 * np.median(search):.1f} ms, the chance adds {added:.1%}")
    cold = []
    for crop in crops[1:8]:
        command = [sys.executable, "-c", COLD, str(path), str(crop)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        cold.append([float(number) for number in done.stderr.split()[-2:]])
    whole, alone = np.median(np.array(cold), axis=0)
    print(f"cold: a command {whole - alone:.2f} s, the chance adds {alone / (whole - alone):.0%}")


COLD = """
import sys, time
began = time.perf_counter()
from reidsearch.cli import query_many
from reidsearch.cli.main import cli
absence_of, took = query_many.absence_of, []
def timed(*args):
    begin = time.perf_counter()
    found = absence_of(*args)
    took.append(time.perf_counter() - begin)
    return found
query_many.absence_of = timed
cli(["query", "-a", sys.argv[1], "--crop", sys.argv[2]], standalone_mode=False)
print(time.perf_counter() - began, sum(took), file=sys.stderr)
"""


if __name__ == "__main__":
    main()
