"""What indexing costs by hours of footage and people a minute: time, memory, database.

    python benchmarks/growth_footage.py [--hours 0.5] [--people 6] [--write]

Synthetic footage of the product's own generator (640 x 360, 10 frames a second): five minutes in
which so many people a minute walk through, and their packets again and again up to the hours that
are asked for. Each run has a process of its own, indexes one file with default settings into a new
archive, and tells wall time, processor time (all threads, user and system), its peak of memory
(VmHWM, model included), and the bytes of the database. A process that finds fewer tracklets than
four fifths of the visits fails. On a shared machine compare processor time.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
from pathlib import Path

import click
import numpy as np
from measuring import REID_MODEL, Watch, default_work, seconds
from memory_footage import repeated
from speed_files import exactly, put

from reidsearch.datasets.synthetic.clothes import Clothes
from reidsearch.datasets.synthetic.footage import Walk, write_scene

UNIT_S = 300
HOURS = (1 / 12, 1 / 2, 2)
PEOPLE = (1, 6, 20)
WALK_S = 6.0
LEAST_FOUND = 0.8


def drawn(people_a_minute: int, work: Path) -> tuple[Path, int]:
    """Five minutes of footage, and the number of visits in it; kept between runs."""
    path = work / f"people-{people_a_minute}.mp4"
    count = people_a_minute * UNIT_S // 60
    if not path.exists():
        rng = np.random.default_rng((11, people_a_minute))
        gap_s = (UNIT_S - WALK_S - 2) / count
        walks = []
        for number in range(count):
            begin_s = 1 + number * gap_s + float(rng.uniform(0, 0.5)) * min(gap_s, 2)
            ends = (-0.12, 1.12) if rng.random() < 0.5 else (1.12, -0.12)
            look = Clothes.drawn(np.random.default_rng((11, 1, people_a_minute, number)))
            feet, height = 0.84 + 0.13 * (number % 3) / 2, float(rng.uniform(0.55, 0.66))
            walks.append(Walk(f"p{number}", look, begin_s, begin_s + WALK_S, *ends, feet, height))
        partial = path.with_suffix(".part.mp4")
        write_scene(partial, walks, UNIT_S, seed=people_a_minute)
        partial.rename(path)
    return path, count


def indexed(video: Path, model_path: Path, folder: Path) -> dict[str, float]:
    """Index a file in this process."""
    from reidsearch import Archive

    shutil.rmtree(folder, ignore_errors=True)
    with Archive.open(
        folder, create=True, model=REID_MODEL, model_path=[model_path], offline=True
    ) as archive:
        archive.embed([np.zeros((256, 128, 3), np.uint8)])
        archive.detector().detect(np.zeros((256, 256, 3), np.uint8))
        before = os.times()
        took = seconds(lambda: archive.index([video]))
        after = os.times()
        tracklets = sum(
            len(archive.footage.tracklets(source.source_id))
            for source in archive.footage.coverage()
        )
        crops = len(archive)
    database = sum(path.stat().st_size for path in folder.glob("*.db*"))
    shutil.rmtree(folder)
    status = Path("/proc/self/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return {
        "wall s": took,
        "processor s": after.user - before.user + after.system - before.system,
        "peak MB": int(line.split()[1]) * 1024 / 1e6,
        "database MB": database / 1e6,
        "tracklets": tracklets,
        "crops": crops,
    }


@click.command(help=__doc__)
@click.option("--hours", type=float, multiple=True, default=HOURS)
@click.option("--people", type=int, multiple=True, default=PEOPLE, help="A minute.")
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--work", type=click.Path(path_type=Path), default=default_work() / "growth_footage")
@click.option("--write", is_flag=True, help="Keep the rows in results/speed/growth-footage.csv.")
def main(
    hours: tuple[float, ...], people: tuple[int, ...], model_path: Path, work: Path, write: bool
) -> None:
    work.mkdir(parents=True, exist_ok=True)
    for rate in people:
        unit, visits = drawn(rate, work)
        for length in hours:
            rounds = max(1, round(length * 3600 / UNIT_S))
            video = work / f"people-{rate}-{rounds}.mp4"
            repeated(unit, video, rounds)
            watch = Watch()
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found = pool.apply(indexed, (video, model_path, work / "archive"))
                pool.close()
                pool.join()
            video.unlink()
            truth = visits * rounds
            part = {"hours": exactly(rounds * UNIT_S / 3600), "people a minute": str(rate)}
            row = {"visits": str(truth), **{key: exactly(held) for key, held in found.items()}}
            print(*part.values(), *row.items(), watch.note(), sep=" | ", flush=True)
            if found["tracklets"] < LEAST_FOUND * truth:
                raise click.ClickException(f"{found['tracklets']} tracklets of {truth} visits")
            if write:
                command = "python benchmarks/run.py --only growth_footage --write"
                put("growth-footage", [row], command=command, note=watch.note(), part=part)


if __name__ == "__main__":
    main()
