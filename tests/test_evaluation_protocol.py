"""The vectorised protocol equals one that is written out slowly, and known figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidsearch.errors import UsageError
from reidsearch.evaluation.protocol import RANKS, Labelled, evaluate


def labelled(vectors, persons, cameras) -> Labelled:
    return Labelled(
        np.array(vectors, np.float32).reshape(len(persons), -1),
        np.array(persons, np.int64),
        np.array(cameras, np.int64),
    )


def naive(query, gallery):
    """Written from the protocol's text, item by item."""
    first, trapezoids, steps = [], [], []
    for vector, person, camera in query:
        if person == -1:
            continue
        ranked = sorted(
            (
                (-float(sum(a * b for a, b in zip(vector, other, strict=True))), place, who)
                for place, (other, who, where) in enumerate(gallery)
                if who != -1 and not (who == person and where == camera)
            ),
            key=lambda item: item[:2],
        )
        hits = [rank for rank, (_, _, who) in enumerate(ranked, 1) if who == person]
        if not hits:
            continue
        first.append(hits[0])
        trapezoid = step = 0.0
        for number, rank in enumerate(hits, 1):
            before = 1.0 if rank == 1 else (number - 1) / (rank - 1)
            trapezoid += (before + number / rank) / 2
            step += number / rank
        trapezoids.append(trapezoid / len(hits))
        steps.append(step / len(hits))
    if not first:
        return None
    count = len(first)
    cmc = {rank: sum(place <= rank for place in first) / count for rank in RANKS}
    return count, cmc, math.fsum(trapezoids) / count, math.fsum(steps) / count


# Small integers: sums are exact in float32, and ties are common.
item = st.tuples(
    st.lists(st.integers(-3, 3), min_size=3, max_size=3), st.integers(-1, 4), st.integers(1, 3)
)


@settings(max_examples=150, deadline=None)
@given(
    query=st.lists(item, min_size=1, max_size=8), gallery=st.lists(item, min_size=1, max_size=40)
)
def test_equals_the_naive_protocol(query, gallery):
    expected = naive(query, gallery)
    sides = [labelled(*zip(*side, strict=True)) for side in (query, gallery)]
    if expected is None:
        with pytest.raises(UsageError, match="no query"):
            evaluate(*sides)
        return
    got = evaluate(*sides)
    assert got.valid_queries == expected[0]
    assert got.cmc == pytest.approx(expected[1])
    assert got.map_trapezoid == pytest.approx(expected[2])
    assert got.map_step == pytest.approx(expected[3])


def test_more_queries_than_one_block():
    rng = np.random.default_rng(0)
    query = [([int(n) for n in rng.integers(-3, 4, 3)], n % 5, 1) for n in range(700)]
    gallery = [([int(n) for n in rng.integers(-3, 4, 3)], n % 5, 2) for n in range(60)]
    expected = naive(query, gallery)
    got = evaluate(*(labelled(*zip(*side, strict=True)) for side in (query, gallery)))
    assert got.valid_queries == 700
    assert got.map_trapezoid == pytest.approx(expected[2])


# One query of person 1 by camera 1 scores 9, 8, 7, ... down the gallery of (person, camera).
CASES = {
    "first": ([(1, 2), (2, 2)], 1.0, 1.0, 1.0),
    "second": ([(2, 2), (1, 2)], 0.0, 0.25, 0.5),
    "two hits": ([(1, 2), (2, 2), (1, 3)], 1.0, (1 + (1 / 2 + 2 / 3) / 2) / 2, (1 + 2 / 3) / 2),
    "the same camera is removed": ([(1, 1), (1, 2)], 1.0, 1.0, 1.0),
    "another person by the same camera stays": ([(2, 1), (1, 2)], 0.0, 0.25, 0.5),
    "distractors stay": ([(0, 2), (1, 2)], 0.0, 0.25, 0.5),
    "junk is dropped": ([(-1, 2), (1, 2)], 1.0, 1.0, 1.0),
}


@pytest.mark.parametrize("name", CASES)
def test_known_figures(name):
    gallery, rank1, trapezoid, step = CASES[name]
    scores = [[9 - place] for place in range(len(gallery))]
    got = evaluate(labelled([[1]], [1], [1]), labelled(scores, *zip(*gallery, strict=True)))
    assert got.valid_queries == 1
    assert got.cmc[1] == rank1
    assert got.map_trapezoid == pytest.approx(trapezoid)
    assert got.map_step == pytest.approx(step)


def test_queries_without_a_positive_leave_the_denominator():
    query = labelled([[1], [1], [1]], [1, 2, -1], [1, 1, 1])
    got = evaluate(query, labelled([[1], [1]], [1, 2], [2, 1]))
    assert got.valid_queries == 1
    assert got.cmc[1] == 1.0


def test_lengths_must_agree():
    with pytest.raises(UsageError, match="differ in length"):
        labelled([[1], [2]], [1, 2], [1])
