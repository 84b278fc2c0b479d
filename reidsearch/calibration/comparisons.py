"""Comparisons of crops whose truth is known: what a calibration is made from.

Only pairs by two different cameras are taken: within one camera the same person looks almost the
same from one picture to the next, which says nothing of finding them again elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import Kind, UsageError
from reidsearch.domain.crops import Vectors

MOST_PAIRS = 2_000_000
"""Of different people; more are drawn at random from. Half a minute and 100 MB."""
MOST_CROPS = 60
"""Of one person; more are drawn at random from: 1 770 pairs tell enough about one person."""
_ROWS = 512
_PAIRS = 16_384

Ids = NDArray[np.int64]
"""(n,) int64."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """Crops compared with crops.

    Args:
        scores: (n,) float64 in [-1, 1].
        person_a, person_b: (n,) int64, who is on them; equal for the same person.
        camera_a, camera_b: (n,) int64, which camera took them; never equal.
        crops: how many crops were compared.
    """

    scores: NDArray[np.float64]
    person_a: Ids
    person_b: Ids
    camera_a: Ids
    camera_b: Ids
    crops: int

    def __post_init__(self) -> None:
        columns = (self.person_a, self.person_b, self.camera_a, self.camera_b)
        if any(column.shape != self.scores.shape for column in columns):
            raise UsageError("scores, persons and cameras of pairs differ in length")
        if not np.isfinite(self.scores).all():
            raise UsageError(
                f"{np.count_nonzero(~np.isfinite(self.scores)):,} scores are not numbers",
                "check the model and the runtime",
                kind=Kind.SCORES_NOT_FINITE,
            )
        if (np.abs(self.scores) > 1.0 + 1e-4).any():
            raise UsageError("scores lie between -1 and 1; embeddings must be of unit length")
        if (self.camera_a == self.camera_b).any():
            raise UsageError("pairs from one camera do not show how people are found at another")

    @property
    def same(self) -> NDArray[np.bool_]:
        """(n,) whether both are of one person."""
        return np.equal(self.person_a, self.person_b)


def across_cameras(vectors: Vectors, persons: Ids, cameras: Ids, *, seed: int) -> Comparisons:
    """Compare labelled crops of different cameras with each other.

    Every pair is taken while there are at most `MOST_PAIRS`; of more, pairs of different people
    are drawn, every two people as likely as any other two.

    Args:
        vectors: (n, d) float32, rows of unit length.
        persons, cameras: (n,).
        seed: of what is drawn.
    """
    rng = np.random.default_rng(seed)
    kept = _thinned(persons, rng)
    vectors, persons, cameras = vectors[kept], persons[kept], cameras[kept]
    count = len(persons)
    if count * (count - 1) // 2 <= 2 * MOST_PAIRS:
        first, second = _all(cameras)
    else:
        ones, others = _same(persons, cameras), _different(persons, cameras, rng)
        first, second = (np.concatenate(both) for both in zip(ones, others, strict=True))
    scores = np.empty(len(first))
    for start in range(0, len(first), _PAIRS):
        block = slice(start, start + _PAIRS)
        scores[block] = np.einsum("ij,ij->i", vectors[first[block]], vectors[second[block]])
    return Comparisons(
        scores, persons[first], persons[second], cameras[first], cameras[second], crops=count
    )


def _thinned(persons: Ids, rng: np.random.Generator) -> Ids:
    """Indices, increasing, of at most `MOST_CROPS` crops a person."""
    shuffled = rng.permutation(len(persons))
    order = shuffled[np.argsort(persons[shuffled], kind="stable")]
    sorted_persons = persons[order]
    starts = np.searchsorted(sorted_persons, sorted_persons, side="left")
    return np.sort(order[np.arange(len(order)) - starts < MOST_CROPS])


def _all(cameras: Ids) -> tuple[Ids, Ids]:
    """Every pair once."""
    first, second = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, len(cameras), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(cameras)))
        columns = np.arange(len(cameras))
        wanted = (cameras[rows][:, None] != cameras) & (columns > rows[:, None])
        row, column = np.nonzero(wanted)
        first.append(rows[row])
        second.append(column)
    return np.concatenate(first), np.concatenate(second)


def _same(persons: Ids, cameras: Ids) -> tuple[Ids, Ids]:
    first, second = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for own in _by_person(persons):
        one, other = _all(cameras[own])
        first.append(own[one])
        second.append(own[other])
    return np.concatenate(first), np.concatenate(second)


def _different(persons: Ids, cameras: Ids, rng: np.random.Generator) -> tuple[Ids, Ids]:
    """Two people, then a crop of each; kept when by two cameras."""
    own = list(_by_person(persons))
    starts = np.cumsum([0, *(len(each) for each in own)])
    flat, sizes = np.concatenate(own), np.diff(starts)
    one = rng.integers(len(own), size=MOST_PAIRS)
    other = (one + rng.integers(1, len(own), size=MOST_PAIRS)) % len(own)
    first = flat[starts[one] + rng.integers(sizes[one])]
    second = flat[starts[other] + rng.integers(sizes[other])]
    kept = cameras[first] != cameras[second]
    return first[kept], second[kept]


def _by_person(persons: Ids) -> Iterator[Ids]:
    order = np.argsort(persons, kind="stable")
    cuts = np.flatnonzero(np.diff(persons[order])) + 1
    yield from np.split(order, cuts)
