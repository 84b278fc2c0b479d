"""What an evaluation found: figures of search accuracy, with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Pixels

Interval: TypeAlias = tuple[float, float]
RANKS = (1, 5, 10, 20)
CURVE_RANKS = 50
LEAST_PEOPLE = 10
"""Of fewer people the spread says little, and no interval is given."""
RATES = (1e-2, 1e-3, 1e-4)
"""False-positive rates at which the true-positive rate is told."""
EDGES: NDArray[np.float64] = np.linspace(-1.0, 1.0, 101)
"""Of the histograms' bins."""


@dataclass(frozen=True, slots=True)
class LabelledCrop:
    """One picture of one person.

    Args:
        name: unlike all others': its path within the data set, perhaps `path#box`, or `crop 17`
            of an archive.
        person: None is a distractor: nobody who is searched for.
        read: gives (h, w, 3) uint8 BGR; raises `Refused` or `ArchiveError`.
    """

    name: str
    person: str | None
    camera: str
    read: Callable[[], Pixels] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Rate:
    """How many pairs of one person pass, where hardly any of two people do.

    Args:
        fpr: the share of pairs of different people that may score higher than `threshold`.
        tpr: the share of pairs of one person that do; None: cannot be measured.
        threshold: the highest score that still has to be left out; None with `tpr`.
        needs_negatives: how many pairs of different people measuring it takes.
    """

    fpr: float
    tpr: float | None
    threshold: float | None
    needs_negatives: int


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures between 0 and 1.

    Args:
        valid_queries: queries that had a positive left; the others are not counted anywhere.
        cmc: rank -> share of queries whose first correct item stands at that rank or before.
        map_trapezoid: mean average precision, the zoo's: for hit h of H at rank k,
            the mean of ((h-1)/(k-1) + h/k) / 2, the first term 1 where k = 1.
        map_step: the same of h/k, as torchreid computes it; 0.4 to 2.7 points higher.
        minp: mean inverse negative penalty: H over the rank of the last of H hits, how far one
            has to read to find everything (Ye et al., Deep Learning for Person
            Re-Identification, TPAMI 2021).
        people: different persons among the valid queries.
        intervals: of each figure, by its name (`rank_1`, `map_step`, ...), the 95 % interval
            by bootstrap over people; empty where there are too few.
    """

    valid_queries: int
    cmc: dict[int, float]
    map_trapezoid: float
    map_step: float
    minp: float
    people: int
    intervals: dict[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Misranked:
    """A query whose first answer is wrong.

    Args:
        rank: where the best right crop stands.
        wrong_score, right_score: inner products with the query.
    """

    query: LabelledCrop
    wrong: LabelledCrop
    right: LabelledCrop
    rank: int
    wrong_score: float
    right_score: float


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What one way of searching is worth on one data set.

    Args:
        data: name of the data set.
        queries, gallery: crops on either side.
        distractors: crops of the gallery that show nobody who is searched for.
        people: different persons among the queries.
        cameras: their names.
        notes: what was left out of the data set, and why.
        quality: over all cameras.
        by_cameras: (camera of the query, camera of the gallery) -> the same, with the gallery of
            that camera alone.
        curve: share of valid queries with a right crop among the first 1, 2, ... 50.
        positives, negatives: how many pairs the rates and histograms are made of: every valid
            query with every item of the gallery that the protocol keeps.
        rates: empty where the ranking has no scores that can be compared between queries.
        same, different: (100,) counts of pairs by score, in bins of `EDGES`.
        worst: the valid queries with the lowest best right crop, the worst first.
    """

    data: str
    queries: int
    gallery: int
    distractors: int
    people: int
    cameras: tuple[str, ...]
    notes: tuple[str, ...]
    quality: Quality
    by_cameras: Mapping[tuple[str, str], Quality]
    curve: tuple[float, ...]
    positives: int
    negatives: int
    rates: tuple[Rate, ...]
    same: NDArray[np.int64] = field(repr=False)
    different: NDArray[np.int64] = field(repr=False)
    worst: tuple[Misranked, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Way:
    """One way of searching, and what it is worth.

    Args:
        model: name and precision, and whether it averages with mirror images.
        resize: how crops are brought to the model's size.
        ranking: how the gallery is ranked.
        query: what one query is made of.
        embed_s: from the pixels of one picture to its embedding; the median. None: the
            embeddings were there already.
        rank_s: from one embedding to the ranked gallery; the median.
        prepare_s: what the ranking did once for the gallery.
    """

    model: str
    resize: str
    ranking: str
    query: str
    evaluation: Evaluation
    embed_s: float | None
    rank_s: float
    prepare_s: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ways of searching on one data set.

    Args:
        ways: one at least; the others differ from the first in one thing.
        missing: models that could not be had, and why.
        runtime: what embedded.
    """

    ways: tuple[Way, ...]
    missing: tuple[tuple[str, str], ...]
    runtime: str
