"""People who cross: whether a tracklet is one person, scored by py-motmetrics.

    python benchmarks/crossings.py [--model-path ../shared/models] [--crossings DIR]

Every video of the folder (`NAME.mp4` with `NAME.gt.txt`, MOTChallenge) and drawn crowds of 20, 30
and 40 people are indexed by each preset, as a user would. IDF1 is over all frames of a video;
between analysed frames boxes lie on a straight line. `mixed` counts tracklets of which more than a
tenth shows another person; `asked` is how many embeddings a second of footage the tracker asked
for; `doubts` the share of detections at which it could not exclude a switch. Videos of one scene
by several cameras (`NAME-cN.mp4`) are linked instead: IDF1 of the clusters over all cameras, where
the truth tells who a box is. Prints Markdown.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import click
import numpy as np
from mot_scores import Boxes, Scores, between, distances, read_truth, score
from numpy.typing import NDArray

from reidsearch import Archive
from reidsearch.base.settings import PRESETS
from reidsearch.datasets.synthetic.clothes import Clothes
from reidsearch.datasets.synthetic.footage import Walk, write_scene
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions

CROWDS = (20, 30, 40)
CROWD_S, CROWD_FPS = 30, 10
CAMERA = re.compile(r"(.+)-c(\d+)")


@dataclass(frozen=True)
class Video:
    """One video with its truth."""

    name: str
    video: Path
    truth: NDArray[np.float64]


@dataclass(frozen=True)
class Indexed:
    """What the product made of a video."""

    boxes: Boxes
    frames: int
    seconds: float
    counts: dict[str, int]


def draw_crowd(path: Path, people: int, seed: int) -> None:
    """Draw people who cross, at several depths, some of whom stop half way; and the truth."""
    rng = np.random.default_rng((seed, 77))
    walks = []
    for number in range(people):
        look = Clothes.drawn(np.random.default_rng((seed, 1, number)))
        height = float(rng.uniform(0.32, 0.5))
        feet = 0.55 + (height - 0.32) / 0.18 * 0.4 + float(rng.uniform(-0.02, 0.02))
        lasting, start = float(rng.uniform(6, 14)), float(rng.uniform(-5, CROWD_S - 6))
        ends = (1.1, -0.1) if rng.random() < 0.5 else (-0.1, 1.1)
        if rng.random() < 0.25:
            ends = ends[0], float(rng.uniform(0.1, 0.9))
        walks.append(Walk(f"p{number:02}", look, start, start + lasting, *ends, feet, height))
    walks.sort(key=lambda walk: walk.feet)
    visits = write_scene(path, walks, CROWD_S, fps=CROWD_FPS, size_px=(960, 540), seed=seed)
    rows = [
        (frame + 1, number, x1, y1, x2 - x1, y2 - y1, 1, -1, -1, -1)
        for number, visit in enumerate(visits, start=1)
        for frame, (x1, y1, x2, y2) in zip(visit.frames, visit.xyxy.tolist(), strict=True)
    ]
    np.savetxt(path.with_suffix(".gt.txt"), rows, delimiter=",", fmt="%g")


def index(archive: Archive, video: Path, preset: str, camera: str) -> tuple[int, float]:
    """Index a video; return its source, and the seconds that took."""
    options = FootageOptions(SourceNaming(camera=camera), PRESETS[preset])
    began = time.perf_counter()
    archive.index([video], footage=options)
    took = time.perf_counter() - began
    return max(one.source_id for one in archive.footage.coverage()), took


def boxes_of(archive: Archive, source_id: int) -> Boxes:
    """Return the boxes of all tracklets of a source by frame, counted by its frame rate."""
    source = next(one for one in archive.footage.coverage() if one.source_id == source_id)
    fps = Fraction(source.info.declared_fps or source.measured_fps or 0).limit_denominator(1001)
    found = {}
    for one in archive.footage.tracklets(source_id):
        trace = archive.footage.trace(one.tracklet_id, source_id)
        frames = [round(source.info.media_s(pts) * fps) for pts in trace.pts.tolist()]
        found[one.tracklet_id] = list(zip(frames, trace.xyxy.astype(np.float64), strict=True))
    return found


def judge(sequence: Video, preset: str, model_path: Path) -> tuple[Scores, Indexed]:
    """Index one video in an archive of its own, and score its tracklets."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Archive.open(
            Path(folder) / "archive", create=True, model_path=[model_path], offline=True
        ) as archive,
    ):
        source_id, took = index(archive, sequence.video, preset, sequence.name)
        source = next(one for one in archive.footage.coverage() if one.source_id == source_id)
        frames = int(sequence.truth[:, 0].max())
        found = Indexed(boxes_of(archive, source_id), frames, took, dict(source.counts))
    whole = score(sequence.truth, between(found.boxes), range(frames))
    analysed = {frame for own in found.boxes.values() for frame, _ in own}
    return replace(whole, mixed=score(sequence.truth, found.boxes, analysed).mixed), found


def linked(cameras: Sequence[Video], preset: str, model_path: Path) -> tuple[Scores, int]:
    """Index all cameras of a scene, link, and score clusters where the truth tells who it is."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Archive.open(
            Path(folder) / "archive", create=True, model_path=[model_path], offline=True
        ) as archive,
    ):
        sources = [index(archive, one.video, preset, one.name)[0] for one in cameras]
        cluster_of = {
            member.number: proposal.proposal_id
            for proposal in archive.proposals.link().proposals
            for member in proposal.members
        }
        truth, boxes, last = [], {}, 0
        for one, source_id in zip(cameras, sources, strict=True):
            own = one.truth.copy()
            own[:, 0] += last
            truth.append(own)
            for tracklet, found in boxes_of(archive, source_id).items():
                key = cluster_of.get(tracklet, -tracklet - 1)
                known = [(last + at, box) for at, box in found if _told(one.truth, at, box)]
                boxes.setdefault(key, []).extend(known)
            last += int(own[:, 0].max()) + 1
    told = np.concatenate(truth)
    boxes = {key: own for key, own in boxes.items() if own}
    frames = {frame for own in boxes.values() for frame, _ in own}
    return score(told, boxes, frames), len(boxes)


def _told(truth: NDArray[np.float64], frame: int, box: NDArray[np.float64]) -> bool:
    there = truth[truth[:, 0] == frame + 1]
    return bool(np.isfinite(distances(there[:, 2:6], box[None])).any())


def sequences(crossings: Path) -> Iterator[Video]:
    """Yield the videos of a folder."""
    for video in sorted(crossings.glob("*.mp4")):
        yield Video(video.stem, video, read_truth(video.with_suffix(".gt.txt")))


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option(
    "--crossings", type=click.Path(path_type=Path), default=Path("../shared/footage/crossings")
)
@click.option("--preset", "presets", multiple=True, default=("fast", "default", "thorough"))
def main(model_path: Path, crossings: Path, presets: Sequence[str]) -> None:
    """Run it."""
    print("| video | preset | persons | tracklets | mixed | IDF1 | asked/s | doubts |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for seed, people in enumerate(CROWDS, start=1):
            draw_crowd(Path(folder) / f"drawn crowd of {people}.mp4", people, seed)
        scenes: dict[str, list[Video]] = {}
        for one in (*sequences(crossings), *sequences(Path(folder))):
            if of := CAMERA.fullmatch(one.name):
                scenes.setdefault(of[1], []).append(one)
                continue
            for preset in presets:
                scores, found = judge(one, preset, model_path)
                lasting_s = found.frames / 25 if "TUD" in one.name else CROWD_S
                counts = found.counts
                print(
                    f"| {one.name} | {preset} | {len(np.unique(one.truth[:, 1]))} "
                    f"| {scores.tracklets} | {scores.mixed} | {scores.idf1:.1f} "
                    f"| {counts['asked'] / lasting_s:.1f} "
                    f"| {counts['doubts'] / max(1, counts['detections']):.1%} |",
                    flush=True,
                )
    print("\n| scene, linked | preset | cameras | clusters | mixed | IDF1 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, cameras in scenes.items():
        for preset in presets:
            scores, clusters = linked(cameras, preset, model_path)
            print(
                f"| {name} | {preset} | {len(cameras)} | {clusters} | {scores.mixed} "
                f"| {scores.idf1:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
