"""How much of people who walk stays visible when boxes between stored detections are pixelated.

    python benchmarks/redaction.py [../shared/footage/crossings]

The truth is a person's box in every frame (`NAME.gt.txt`, MOTChallenge, 25 frames a second). Only
one box in so many seconds is taken as stored; the program interpolates and pads the rest, and lets
boxes go on at both ends. Counted are the frames in which the true box reaches out of what is
pixelated, and how much of its area does. Prints Markdown.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.footage import VideoInfo
from reidsearch.domain.redaction import PIXELATION
from reidsearch.domain.tracklets import Trace
from reidsearch.media.video.redacting import Redactor

FPS = 25
GAPS_S = (0.24, 0.52, 1.0, 2.0)
BEYOND_S = (0.24, 0.52, 1.0)
INFO = VideoInfo("video", "mp4", "h264", None, 10**6, 10**6, 0, Fraction(1, FPS), 0, FPS, None)
FAR = 10**5  # boxes of the truth may begin left of the picture: all are moved into a large one


def people(path: Path) -> list[NDArray[np.float64]]:
    """Rows of frame, x1, y1, x2, y2 of each person, without frames in which they are not known."""
    rows = np.loadtxt(path, delimiter=",", ndmin=2)
    found = []
    for person in np.unique(rows[:, 1]):
        own = rows[rows[:, 1] == person]
        own = own[np.argsort(own[:, 0])]
        corners = own[:, 2:4] + FAR
        whole = np.column_stack((own[:, 0], corners, corners + own[:, 4:6]))
        found += np.split(whole, np.flatnonzero(np.diff(own[:, 0]) > 1) + 1)
    return [one for one in found if len(one) > 1]


def outside(
    person: NDArray[np.float64], stored: slice, looked_at: NDArray[np.bool_]
) -> Iterator[float]:
    """Yield which share of a person's box is not pixelated, for each frame that is looked at."""
    kept = person[stored]
    trace = Trace(
        kept[:, 0].astype(np.int64), kept[:, 1:].astype(np.float32), np.ones(len(kept), np.float32)
    )
    redactor = Redactor(INFO, [(1, trace)])
    for frame, *box in person[looked_at]:
        (region,) = redactor.regions(int(frame), INFO.width_px, INFO.height_px)
        x1, y1, x2, y2 = box
        width = max(0.0, min(x2, region.x2) - max(x1, region.x1))
        height = max(0.0, min(y2, region.y2) - max(y1, region.y1))
        yield 1 - width * height / ((x2 - x1) * (y2 - y1))


def between(path: Path, gap_s: float) -> NDArray[np.float64]:
    """Shares outside, of frames between two stored boxes."""
    step = round(gap_s * FPS)
    shares: list[float] = []
    for person in people(path):
        at = np.arange(len(person))
        inside = (at % step != 0) & (at <= (len(person) - 1) // step * step)
        if len(person) > step:
            shares += outside(person, slice(0, None, step), inside)
    return np.array(shares)


def beyond(path: Path, since_s: float) -> NDArray[np.float64]:
    """Shares outside, of frames so long after the last stored box, a box every 0.24 s before."""
    step, since = 6, round(since_s * FPS)
    shares: list[float] = []
    for person in people(path):
        for last in range(step * 3, len(person) - since, step):
            looked_at = np.arange(len(person)) == last + since
            shares += outside(person, slice(0, last + 1, step), looked_at)
    return np.array(shares)


def row(name: str, what: str, shares: NDArray[np.float64]) -> str:
    """One line of the table."""
    out = shares > 1e-6
    return (
        f"| {name} | {what} | {len(shares):,} | {100 * out.mean():.2f} % | "
        f"{100 * shares.mean():.3f} % | {100 * shares.max():.1f} % |"
    )


@click.command()
@click.argument("folder", type=Path, default=Path("../shared/footage/crossings"))
def main(folder: Path) -> None:
    """Print the tables."""
    print(PIXELATION)
    print("| video | boxes | frames | not all hidden | area visible | worst frame |")
    print("|---|---|---|---|---|---|")
    for path in sorted(folder.glob("*.gt.txt")):
        name = path.name.removesuffix(".gt.txt")
        for gap_s in GAPS_S:
            print(row(name, f"every {gap_s:g} s", between(path, gap_s)))
        for since_s in BEYOND_S:
            shares = beyond(path, since_s)
            if len(shares):
                print(row(name, f"{since_s:g} s after the last", shares))


if __name__ == "__main__":
    main()
