"""Each rule that leaves something unseen, against analysing every frame of the same footage.

    python benchmarks/skip_rules.py [--model-path ../shared/models] [--work FOLDER] [--write]

The real clip, the 1080p25 file made from it, the demo's synthetic cameras, and a person who walks
in, stands quite still for half a minute, and goes on. `found`: visits that one tracklet shows with
a temporal overlap of 0.6 or more; `more`: further tracklets; `time`: against analysing every frame.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from footage_files import Truth, clip, standing, surveillance, temporal_iou
from measuring import REID_MODEL, Watch, seconds
from speed_files import put

from reidsearch import Archive
from reidsearch.base.settings import PRESETS, FootageSettings
from reidsearch.datasets.synthetic.footage import draw_footage
from reidsearch.services.index import FootageOptions

FOUND = 0.6
DEFAULT, FAST, DENSE = PRESETS["default"], PRESETS["fast"], PRESETS["thorough"]
RULES: tuple[tuple[str, FootageSettings], ...] = (
    ("every frame (`--thorough`)", DENSE),
    ("sample rate 4 Hz", replace(DENSE, sample_rate_hz=4)),
    ("sample rate 4 Hz, motion gate (default)", DEFAULT),
    ("sample rate 3 Hz", replace(DENSE, sample_rate_hz=3)),
    ("sample rate 3 Hz, motion gate", replace(FAST, still=False)),
    ("sample rate 3 Hz, motion gate, still groups (`--fast`)", FAST),
)


def index(video: Path, settings: FootageSettings, model_path: Path, work: Path) -> tuple:
    """Seconds, sampled frames, and first and last second of every tracklet."""
    folder = work / "skip-rules"
    shutil.rmtree(folder, ignore_errors=True)
    with Archive.open(
        folder, create=True, model=REID_MODEL, model_path=[model_path], offline=True
    ) as archive:
        archive.embed([np.zeros((256, 128, 3), np.uint8)])
        archive.detector()._compiled.model("THROUGHPUT")
        took = seconds(lambda: archive.index([video], footage=FootageOptions(settings=settings)))
        (source,) = archive.footage.coverage()
        seen = [
            (float(one.first_s), float(one.last_s))
            for one in archive.footage.tracklets(source.source_id)
        ]
    shutil.rmtree(folder)
    return took, source.counts["sampled_frames"], seen


def found(visits: Truth, seen: list[tuple[float, float]]) -> int:
    """How many visits a tracklet of their own shows."""
    left, count = list(seen), 0
    for visit in visits.visits:
        best = max(left, key=lambda one: temporal_iou(visit, one), default=None)
        if best is not None and temporal_iou(visit, best) >= FOUND:
            left.remove(best)
            count += 1
    return count


def footage(shared: Path, work: Path) -> Iterator[tuple[str, list[tuple[Path, Truth]]]]:
    yield "the clip", [clip(shared)]
    yield "1080p25, empty for 9/10 of the time", [surveillance(shared, work)]
    folder = work / "drawn"
    folder.mkdir(exist_ok=True)
    drawn = draw_footage(folder)
    yield (
        "three synthetic cameras",
        [(one.path, Truth(tuple(visit.seconds() for visit in one.visits))) for one in drawn],
    )
    yield "a person who stands still", [standing(work)]


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--work", type=click.Path(path_type=Path), default=Path("/tmp/reidsearch-benchmarks"))
@click.option("--write", is_flag=True, help="Keep the rows in results/speed/skip_rules.csv.")
def main(model_path: Path, work: Path, write: bool) -> None:
    work.mkdir(parents=True, exist_ok=True)
    for name, videos in footage(model_path.parent, work):
        visits = sum(len(truth.visits) for _, truth in videos)
        print(f"\n{name}: {visits} visits")
        watch, rows, dense_s = Watch(), [], 0.0
        for rule, settings in RULES:
            took, sampled, hit, more = 0.0, 0, 0, 0
            for video, truth in videos:
                one_s, one_sampled, seen = index(video, settings, model_path, work)
                took, sampled = took + one_s, sampled + one_sampled
                hit += (count := found(truth, seen))
                more += len(seen) - count
            dense_s = dense_s or took
            rows.append(
                {
                    "rule": rule,
                    "sampled frames": str(sampled),
                    "visits": str(visits),
                    "found": str(hit),
                    "more": str(more),
                    "time": f"{took / dense_s:.2f}",
                }
            )
            print(*rows[-1].items(), sep=" | ", flush=True)
        if write:
            command = "python benchmarks/skip_rules.py --write"
            put("skip_rules", rows, command=command, note=watch.note(), part={"footage": name})


if __name__ == "__main__":
    main()
