"""Visits across files: crossings cut into files, and whether what is joined is one person.

    python benchmarks/borders.py [--model-path ../shared/models] [--crossings DIR]

Every video of the folder (`NAME.mp4` with `NAME.gt.txt`, MOTChallenge) is cut into files of two
seconds, indexed file by file, and every border within a tracklet is compared with the truth: the
person shown last before it and first after it. Prints Markdown.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import click
import numpy as np
from numpy.typing import NDArray

from reidsearch import Archive
from reidsearch.domain.tracklets import SourceInterval
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions

SECONDS = 2
LONGEST = 600  # frames of one video
SHOWN = 0.4  # intersection over union with a box of the truth
BEGINS = dt.datetime(2026, 3, 10, 8, tzinfo=dt.UTC)


def cut(video: Path, folder: Path) -> tuple[dict[str, int], Fraction]:
    """Write its files; return the first frame of each, and the frames a second."""
    with av.open(str(video)) as source:
        fps = Fraction(source.streams.video[0].average_rate or 25)
        frames = [one.to_ndarray(format="bgr24") for one in source.decode(video=0)][:LONGEST]
    step = round(SECONDS * fps)
    first_frames = {}
    for first in range(0, len(frames), step):
        path = folder / f"{first:06d}.mp4"
        with av.open(str(path), "w") as target:
            stream = target.add_stream("libx264", rate=round(fps), options={"crf": "16"})
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            for frame in frames[first : first + step]:
                target.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
            target.mux(stream.encode())
        first_frames[str(path)] = first
    return first_frames, fps


def shown(archive: Archive, tracklet_id: int, part: SourceInterval, truth: NDArray[np.float64],
          first: int, fps: Fraction) -> list[int]:  # fmt: skip
    """The true persons of one part of a tracklet, detection by detection; unclear ones left out."""
    trace = archive.footage.trace(tracklet_id, part.source_id)
    info = next(o.info for o in archive.footage.coverage() if o.source_id == part.source_id)
    persons = []
    for pts, box in zip(trace.pts.tolist(), trace.xyxy, strict=True):
        there = truth[truth[:, 0] == first + round(info.media_s(pts) * fps) + 1]
        ends = np.minimum(there[:, 2:4] + there[:, 4:6], box[2:])
        sides = np.clip(ends - np.maximum(there[:, 2:4], box[:2]), 0, None)
        both = sides.prod(axis=1)
        areas = there[:, 4:6].prod(axis=1) + np.prod(box[2:] - box[:2])
        overlap = both / (areas - both)
        if len(there) and overlap.max() > SHOWN:
            persons.append(int(there[overlap.argmax(), 1]))
    return persons


def judge(video: Path, model_path: Path) -> tuple[int, int, int, int]:
    """Return persons, tracklets, borders joined, and borders between two persons."""
    truth = np.loadtxt(video.with_suffix(".gt.txt"), delimiter=",", ndmin=2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first_frames, fps = cut(video, folder)
        with Archive.open(
            folder / "archive", create=True, model_path=[model_path], offline=True
        ) as archive:
            for path, first in first_frames.items():
                start = BEGINS + dt.timedelta(seconds=float(first / fps))
                naming = SourceNaming(camera=video.stem, start=start)
                archive.index([Path(path)], footage=FootageOptions(naming=naming))
            seen = {
                one.tracklet_id: one
                for source in archive.footage.coverage()
                for one in archive.footage.tracklets(source.source_id)
            }
            joined = wrong = 0
            for number, one in seen.items():
                persons = [
                    shown(archive, number, part, truth, first_frames[part.location], fps)
                    for part in one.parts
                ]
                for before, after in pairwise(persons):
                    joined += 1
                    wrong += before[-1:] != after[:1]
    return len(np.unique(truth[:, 1])), len(seen), joined, wrong


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option(
    "--crossings", type=click.Path(path_type=Path), default=Path("../shared/footage/crossings")
)
def main(model_path: Path, crossings: Path) -> None:
    """Run it."""
    print("| video | persons | tracklets | borders joined | of two persons |")
    print("| --- | --- | --- | --- | --- |")
    for video in sorted(crossings.glob("*.mp4")):
        print(f"| {' | '.join(map(str, (video.stem, *judge(video, model_path))))} |", flush=True)


if __name__ == "__main__":
    main()
