"""Tracklets against MOTChallenge's truth, scored by py-motmetrics."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Boxes: TypeAlias = Mapping[int, Sequence[tuple[int, NDArray[np.float64]]]]
"""Id -> its boxes by frame (from 0): (4,) left, top, right, bottom."""

SAME = 0.5
"""A box is a person's from this intersection over union on."""
STRAY = 0.1
"""So much of a tracklet may show somebody else before it counts as mixed; one detection always."""


@dataclass(frozen=True)
class Scores:
    """How tracklets compare with the truth.

    Args:
        idf1, idp, idr: percent; IDF1 of the best assignment of ids to persons, its precision and
            recall.
        tracklets: how many.
        mixed: tracklets of which more than a tenth shows another person than the rest.
    """

    idf1: float
    idp: float
    idr: float
    tracklets: int
    mixed: int


def read_truth(path: Path) -> NDArray[np.float64]:
    """Read a MOTChallenge file: rows of frame (from 1), id, left, top, width, height, ..."""
    return np.loadtxt(path, delimiter=",", ndmin=2)


def between(boxes: Boxes) -> Boxes:
    """Return boxes for the frames between those that were analysed as well, on a straight line."""
    filled = {}
    for number, own in boxes.items():
        rows = []
        for (frame, box), (after, following) in pairwise(own):
            shares = (np.arange(frame, after) - frame) / (after - frame)
            rows += [
                (frame + step, box + (following - box) * share) for step, share in enumerate(shares)
            ]
        filled[number] = [*rows, own[-1]]
    return filled


def score(truth: NDArray[np.float64], boxes: Boxes, frames: Collection[int]) -> Scores:
    """Score boxes in these frames.

    Args:
        truth: see `read_truth`.
        frames: from 0; every one that is to be judged, also where nobody was found.
    """
    import motmetrics

    found: dict[int, list[tuple[int, NDArray[np.float64]]]] = {}
    for number, own in boxes.items():
        for frame, box in own:
            found.setdefault(frame, []).append((number, box))
    judged = motmetrics.MOTAccumulator(auto_id=True)
    shown: dict[int, list[int]] = {}
    for frame in sorted(frames):
        there = truth[truth[:, 0] == frame + 1]
        ids = [number for number, _ in found.get(frame, [])]
        own = np.array([box for _, box in found.get(frame, [])]).reshape(-1, 4)
        apart = distances(there[:, 2:6], own)
        judged.update(there[:, 1].astype(int).tolist(), ids, apart)
        for column, number in enumerate(ids):
            if np.isfinite(apart[:, column]).any():
                person = int(there[np.nanargmin(apart[:, column]), 1])
                shown.setdefault(number, []).append(person)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = ["idf1", "idp", "idr"]
        row = motmetrics.metrics.create().compute(judged, metrics=wanted, name="all").iloc[0]
    mixed = sum(_is_mixed(persons) for persons in shown.values())
    percent = (100 * float(row[name]) for name in wanted)
    return Scores(*percent, len(boxes), mixed)


def distances(truth: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 - intersection over union of each with each; NaN where that is below `SAME`.

    Args:
        truth: (n, 4) left, top, width, height.
        boxes: (m, 4) left, top, right, bottom.
    """
    ends = truth[:, None, :2] + truth[:, None, 2:]
    sides = np.minimum(ends, boxes[None, :, 2:]) - np.maximum(
        truth[:, None, :2], boxes[None, :, :2]
    )
    both = np.clip(sides, 0, None).prod(axis=2)
    areas = truth[:, 2:].prod(axis=1)[:, None] + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[None]
    apart = 1 - both / (areas - both)
    apart[apart > 1 - SAME] = np.nan
    return apart


def _is_mixed(persons: Sequence[int]) -> bool:
    others = len(persons) - max(persons.count(one) for one in set(persons))
    return others > max(1, STRAY * len(persons))
