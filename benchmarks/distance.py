"""Distances between people against the truth: errors, and whether 95 % intervals hold it in 95 %.

    python benchmarks/distance.py [--model-path ../shared/models] [--seed 0]
    python benchmarks/distance.py --real ../shared/footage/crossings    # see distance_real.py

Synthetic people stroll, meet and stand together on a paved ground, before cameras whose projection
is known. Each video is indexed twice: with its true boxes, and with a detector. The ground is
calibrated by four points that are read with an error of two pixels, anew many times. Then every
pair of tracklets that shows two people at once is measured and compared with where they stood. Then
come foot points: by how much they are off, in shares of the height of the box (mean and standard
deviation, across and down). Prints Markdown.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from reidsearch import Archive
from reidsearch.datasets.synthetic.clothes import Clothes
from reidsearch.datasets.synthetic.footage import FPS, Visit, write_detections
from reidsearch.datasets.synthetic.ground import GroundCamera, Stroll, write_strolls
from reidsearch.datasets.synthetic.truth import match_visits
from reidsearch.domain.apart import apart
from reidsearch.domain.distance import Apart, Limit, Unit, Verdict, closer
from reidsearch.domain.footage import Clock, VideoInfo
from reidsearch.domain.ground import Floats, Ground, GroundPoint, fit_ground
from reidsearch.domain.tracklets import Trace
from reidsearch.services.index import FootageOptions

CAMERAS = {
    "3 m, 15° down": (GroundCamera(height_m=3, down_deg=15), (6.0, 16.0)),
    "4 m, 24° down": (GroundCamera(height_m=4, down_deg=24), (6.0, 15.0)),
    "6 m, 40° down": (GroundCamera(height_m=6, down_deg=40), (5.0, 12.0)),
}
"""Name -> camera, and how far north people go."""
SCENES, SECONDS, PEOPLE = 2, 40, 4
CALIBRATIONS, CLICK_PX = 20, 2.0
LIMIT, LASTING_S = Limit(2.0, Unit.METRES), 3.0


@dataclass(frozen=True)
class Scene:
    """One drawn video with its truth, and what was found in it."""

    camera: GroundCamera
    reach: tuple[float, float]
    strolls: Sequence[Stroll]
    visits: Sequence[Visit]
    info: VideoInfo
    people: dict[int, Trace]


@dataclass
class Pair:
    """One pair of one scene, by one calibration."""

    found: Apart
    truth: Floats
    told: Verdict
    was: bool


def strolls(reach: tuple[float, float], seed: int) -> list[Stroll]:
    """Draw ways between random places; now and then two people meet and stay a while."""
    rng = np.random.default_rng((seed, 17))
    near, far = reach

    def place() -> Floats:
        north = rng.uniform(near, far)
        return np.array([rng.uniform(-0.5, 0.5) * north, north])

    made = []
    meeting = place()
    for number in range(PEOPLE):
        at_s, seconds, metres = rng.uniform(0, 3), [], []
        here = place()
        while at_s < SECONDS:
            seconds.append(at_s)
            metres.append(here)
            meets = number < 3 and not 12 < at_s < 30 and rng.random() < 0.5
            there = meeting + rng.uniform(-1, 1, 2) if meets else place()
            at_s += float(np.hypot(*(there - here)) / rng.uniform(0.9, 1.6)) + 0.2
            here = there
            if rng.random() < 0.4:  # stands there
                seconds.append(at_s)
                metres.append(here)
                at_s += rng.uniform(2, 6)
        look = Clothes.drawn(np.random.default_rng((seed, 18, number)))
        made.append(Stroll(f"person-{number + 1}", look, np.array(seconds), np.array(metres)))
    return made


def indexed(folder: Path, model_path: Sequence[Path], *, given: bool) -> tuple[VideoInfo, dict]:
    """Index a video with its true boxes, or with a detector; return its traces by tracklet."""
    with Archive.open(
        folder / f"archive-{given}", create=True, model="builtin", model_path=model_path,
        offline=True,
    ) as archive:  # fmt: skip
        boxes = folder / "scene.det.txt" if given else None
        archive.index([folder / "scene.mp4"], footage=FootageOptions(detections=boxes))
        (source,) = archive.footage.coverage()
        exported = archive.export.tracks(source.source_id)
    return source.info, {
        one.tracklet_id: (one.frames, Trace(one.pts, one.xyxy, one.confidence))
        for one in exported.tracks
    }


def scenes(
    model_path: Sequence[Path], name: str, folder: Path, first: int
) -> Iterator[tuple[str, Scene]]:
    """Yield each drawn scene twice: by its true boxes, and by a detector."""
    camera, reach = CAMERAS[name]
    for seed in range(first, first + SCENES):
        own = folder / f"{name}-{seed}"
        own.mkdir()
        made = strolls(reach, seed + 100 * len(name))
        visits = write_strolls(own / "scene.mp4", made, SECONDS, camera, seed=seed)
        write_detections(own / "scene.det.txt", visits)
        for given in (True, False):
            info, found = indexed(own, model_path, given=given)
            frames = {number: (at, trace.xyxy) for number, (at, trace) in found.items()}
            shows = match_visits(visits, frames)
            people = {row: found[number][1] for number, row in shows.items()}
            yield "true" if given else "detected", Scene(camera, reach, made, visits, info, people)


def calibrations(scene: Scene, seed: int) -> Iterator[Ground]:
    """Yield maps by four points, each read anew with an error."""
    rng = np.random.default_rng(seed)
    near, far = scene.reach
    metres = np.array(
        [(-0.35 * near, near), (0.35 * near, near), (0.35 * far, far), (-0.35 * far, far)]
    )
    for _ in range(CALIBRATIONS):
        pixels = scene.camera.on_ground(metres) + rng.normal(0, CLICK_PX, (4, 2))
        shares = np.clip(pixels / scene.camera.size_px, 0, 1)
        points = [GroundPoint(*share, *at) for share, at in zip(shares, metres, strict=True)]
        yield fit_ground(points, scene.camera.size_px, CLICK_PX)


def pairs(scene: Scene) -> Iterator[Pair]:
    """Yield all pairs by all calibrations, with the truth at their times."""
    for ground in calibrations(scene, 5):
        for a, b in combinations(sorted(scene.people), 2):
            first, second = scene.people[a], scene.people[b]
            found = apart(
                first, second, scene.info, ground, source_id=1, location="", clock=Clock()
            )
            if found is None:
                continue
            here, there = scene.strolls[a], scene.strolls[b]
            truth = np.hypot(*(here.at(found.seconds) - there.at(found.seconds)).T)
            fine = np.arange(found.seconds[0], found.seconds[-1], 1 / FPS)
            close = np.hypot(*(here.at(fine) - there.at(fine)).T) < LIMIT.value
            yield Pair(
                found,
                truth,
                closer([found], LIMIT).verdict(LASTING_S),
                bool(close.sum() / FPS >= LASTING_S),
            )


def row(name: str, how: str, measured: Sequence[Pair]) -> str:
    """Return figures of one camera and one way of finding boxes."""
    found, low, high = (
        np.concatenate([getattr(one.found, side) for one in measured])
        for side in ("distance", "low", "high")
    )
    beyond = np.concatenate([one.found.beyond for one in measured])
    truth = np.concatenate([one.truth for one in measured])
    known = ~np.isnan(found)
    sure = known & ~beyond
    held = (low <= truth) & (truth <= high)
    error = np.abs(found - truth)
    near = sure & (truth < 3)
    return (
        f"| {name} | {how} | {len(truth) // CALIBRATIONS:,} | {known.mean():.0%} | "
        f"{np.median(error[sure]):.2f} | {np.percentile(error[sure], 90):.2f} | "
        f"{np.median((high - low)[sure]) / 2:.2f} | **{held[sure].mean():.1%}** | "
        f"{held[near].mean():.1%} | {held[known & beyond].mean():.1%} |"
    )


def verdicts(how: str, measured: Sequence[Pair]) -> str:
    """Return how verdicts and the truth agree."""
    cells = []
    for verdict in Verdict:
        those = [one.was for one in measured if one.told is verdict]
        cells.append(f"{sum(those):,} of {len(those):,}")
    return f"| {how} | {' | '.join(cells)} |"


def feet(scene: Scene) -> tuple[Floats, Floats]:
    """Return (n, 2) errors of foot points in heights of the box, and (n,) whether hidden.

    Hidden: the middle of its lower edge lies in the box of somebody nearer.
    """
    errors, hidden = [], []
    for row_, trace in scene.people.items():
        seconds = np.array([float(scene.info.media_s(int(at))) for at in trace.pts])
        true = scene.camera.on_ground(scene.strolls[row_].at(seconds))
        left, top, right, bottom = trace.xyxy.T.astype(np.float64)
        foot = np.column_stack(((left + right) / 2, bottom))
        width, height = scene.camera.size_px
        inside = (left > 8) & (right < width - 8) & (bottom < height - 4) & (top > 4)
        covered = np.zeros(len(foot), np.bool_)
        for other, box in scene.people.items():
            if other != row_:
                sides = [np.interp(trace.pts, box.pts, side) for side in box.xyxy.T]
                there = (trace.pts >= box.pts[0]) & (trace.pts <= box.pts[-1])
                x, y = foot.T
                covered |= there & (x > sides[0]) & (x < sides[2]) & (y > sides[1]) & (y < sides[3])
        errors.append(((foot - true) / (bottom - top)[:, None])[inside])
        hidden.append(covered[inside])
    return np.concatenate(errors), np.concatenate(hidden)


@click.command()
@click.option("--model-path", type=Path, default=Path("../shared/models"))
@click.option("--seed", type=int, default=0, help="Of the first scene; others are other scenes.")
@click.option("--real", type=Path, help="A folder of real clips: they are measured instead.")
def main(model_path: Path, seed: int, real: Path | None) -> None:
    """Measure and print."""
    if real is not None:
        from distance_real import print_real

        with (
            tempfile.TemporaryDirectory() as temporary,
            Archive.open(
                Path(temporary) / "archive", create=True, model_path=[model_path], offline=True
            ) as archive,
        ):
            print_real(real, archive)
        return
    print(
        "| camera | boxes | times | known | median error (m) | 9 of 10 within (m) | ± (m) | held | "
        "held, nearer than 3 m | held beyond the points |\n"
        "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |"
    )
    told: dict[str, list[Pair]] = {}
    errors: dict[str, list[tuple[Floats, NDArray[np.bool_]]]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in CAMERAS:
            measured: dict[str, list[Pair]] = {}
            for how, scene in scenes([model_path], name, folder, seed):
                measured.setdefault(how, []).extend(pairs(scene))
                errors.setdefault(how, []).append(feet(scene))
            for how, found in measured.items():
                print(row(name, how, found), flush=True)
                told.setdefault(how, []).extend(found)
        print(
            f"\nCloser than {LIMIT.text} for {LASTING_S:g} s in sum, by the truth:\n\n"
            "| boxes | certain | possible | undecided | no |\n| --- | --: | --: | --: | --: |"
        )
        for how, found in told.items():
            print(verdicts(how, found))
        print(
            "\n| foot points | number | mean across, down | sd across, down |\n"
            "| --- | --: | --: | --: |"
        )
        for how, parts in errors.items():
            every = np.concatenate([one for one, _ in parts])
            covered = np.concatenate([one for _, one in parts])
            for what, rows in (("free", ~covered), ("hidden by another", covered)):
                mean, spread = every[rows].mean(axis=0), every[rows].std(axis=0)
                print(
                    f"| {how}, {what} | {rows.sum():,} | {mean[0]:+.3f}, {mean[1]:+.3f} | "
                    f"{spread[0]:.3f}, {spread[1]:.3f} |"
                )


if __name__ == "__main__":
    main()
