"""The vectorised protocol equals one that is written out slowly, and known figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidsearch.base.errors import UsageError
from reidsearch.datasets.labels import Labelled
from reidsearch.domain.figures import RANKS
from reidsearch.evaluation.pairs import LEAST_FALSE, Pairs
from reidsearch.evaluation.protocol import Ranked, evaluate, outcomes


def labelled(vectors, persons, cameras) -> Labelled:
    return Labelled(
        np.array(vectors, np.float32).reshape(len(persons), -1),
        np.array(persons, np.int64),
        np.array(cameras, np.int64),
    )


def naive(query, gallery):
    """Written from the protocol's text, item by item."""
    first, trapezoids, steps, inps = [], [], [], []
    for vector, person, camera in query:
        if person in {-1, 0}:
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
        inps.append(len(hits) / hits[-1])
    if not first:
        return None
    count = len(first)
    cmc = {rank: sum(place <= rank for place in first) / count for rank in RANKS}
    return count, cmc, *(math.fsum(each) / count for each in (trapezoids, steps, inps))


# Small integers: sums are exact in float32, and ties are common.
item = st.tuples(
    st.lists(st.integers(-3, 3), min_size=3, max_size=3), st.integers(-1, 4), st.integers(1, 3)
)


@pytest.mark.full
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
    assert got.minp == pytest.approx(expected[4])


def test_more_queries_than_one_block():
    rng = np.random.default_rng(0)
    query = [([int(n) for n in rng.integers(-3, 4, 3)], n % 5, 1) for n in range(700)]
    gallery = [([int(n) for n in rng.integers(-3, 4, 3)], n % 5, 2) for n in range(60)]
    expected = naive(query, gallery)
    got = evaluate(*(labelled(*zip(*side, strict=True)) for side in (query, gallery)))
    assert got.valid_queries == 560  # person 0 is a distractor: not searched for
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


@pytest.mark.full
@settings(max_examples=100, deadline=None)
@given(
    query=st.lists(item, min_size=1, max_size=6), gallery=st.lists(item, min_size=1, max_size=30)
)
def test_by_camera_equals_a_gallery_of_that_camera(query, gallery):
    sides = [labelled(*zip(*side, strict=True)) for side in (query, gallery)]
    for outcome in outcomes(*sides):
        for camera in {where for _, _, where in gallery}:
            alone = [each for each in gallery if each[2] == camera]
            one = labelled(*zip(query[outcome.query], strict=True))
            expected = [
                o.ranks.tolist() for o in outcomes(one, labelled(*zip(*alone, strict=True)))
            ]
            got = [outcome.by_camera[camera].tolist()] if camera in outcome.by_camera else []
            assert got == expected


def test_first_right_and_first_wrong_are_named_by_their_rows():
    gallery = [(-1, 2), (2, 2), (1, 1), (1, 2), (3, 2)]
    scores = [[9], [8], [7], [6], [5]]
    query = labelled([[1], [1]], [-1, 1], [1, 1])
    (outcome,) = outcomes(query, labelled(scores, *zip(*gallery, strict=True)))
    assert (outcome.query, outcome.right, outcome.wrong) == (1, 3, 1)
    (outcome,) = outcomes(query, labelled([[9]], [1], [2]))
    assert outcome.wrong == -1


def test_another_ranking_is_measured_by_the_same_rules():
    """It sees the whole gallery but junk, once; the removals come after it."""
    seen = []

    def backwards(gallery):
        seen.append(len(gallery))
        return lambda query: Ranked(np.tile(np.arange(len(gallery))[::-1], (len(query), 1)), None)

    query = labelled([[1]] * 300, [1] * 300, [1] * 300)
    gallery = labelled([[9], [8], [7], [6]], [1, -1, 2, 1], [2, 2, 2, 1])
    pairs = Pairs(300 * 4)
    assert [o.ranks.tolist() for o in outcomes(query, gallery, backwards, pairs)] == [[2]] * 300
    assert seen == [3]
    assert pairs.positives == 0
    assert pairs.rates() == ()


def slow_rate(positive, negative, fpr):
    """The best true-positive rate of any threshold with few enough false positives."""
    best = 0.0
    for threshold in {*negative, *positive, -2.0}:
        if sum(score > threshold for score in negative) <= fpr * len(negative):
            best = max(best, sum(score > threshold for score in positive) / len(positive))
    return best


@pytest.mark.full
@pytest.mark.parametrize("grain", [1000, 20])  # few ties, and many
@pytest.mark.parametrize("room", [4_000_000, 500])  # low scores are never, and often, let go
def test_rates_equal_the_slow_ones(monkeypatch, grain, room):
    monkeypatch.setattr("reidsearch.evaluation.pairs._GATHERED", room)
    rng = np.random.default_rng(5)
    scores = (np.round(rng.normal(0.1, 0.15, 40_000) * grain) / grain).astype(np.float32)
    same = rng.random(len(scores)) < 0.01
    scores[same] += np.float32(0.3)
    pairs = Pairs(len(scores))
    for start in range(0, len(scores), 700):
        pairs.add(scores[start : start + 700], same[start : start + 700])
    positive, negative = scores[same].tolist(), scores[~same].tolist()
    assert (pairs.positives, pairs.negatives) == (len(positive), len(negative))
    assert (pairs.same.sum(), pairs.different.sum()) == (len(positive), len(negative))
    hundredth, thousandth, tenthousandth = pairs.rates()
    # The slow way tries thresholds among few negatives: only high ones can matter.
    high = sorted(negative)[-800:]
    for rate in (hundredth, thousandth):
        fpr = rate.fpr * len(negative) / len(high)
        assert rate.tpr == pytest.approx(slow_rate(positive, high, fpr))
        assert rate.needs_negatives == LEAST_FALSE / rate.fpr
    assert tenthousandth.tpr is None
    assert tenthousandth.threshold is None
    assert tenthousandth.needs_negatives == 300_000


def test_intervals_are_over_people():
    """A hundred queries of one person count as one: the interval is that of twenty people."""
    gallery = labelled([[1, 0], [0, 1]], [1, 2], [2, 2])

    def of(people, each):
        persons = np.repeat(np.arange(1, people + 1), each)
        rows = [[1, 0]] * len(persons)
        held = labelled(
            [[1, 0], [0.5, 0]] * people, np.repeat(np.arange(1, people + 1), 2), [2, 3] * people
        )
        return evaluate(labelled(rows, persons, [1] * len(persons)), held)

    few, many = of(20, 1), of(20, 50)
    assert few.people == many.people == 20
    assert few.intervals["map_step"] == pytest.approx(many.intervals["map_step"], abs=1e-9)
    low, high = few.intervals["map_step"]
    assert low < few.map_step < high
    assert set(few.intervals) == {
        "rank_1",
        "rank_5",
        "rank_10",
        "rank_20",
        "map_trapezoid",
        "map_step",
        "minp",
    }
    assert of(9, 50).intervals == {}
    assert evaluate(labelled([[1, 0]], [1], [1]), gallery).intervals == {}


def test_an_interval_is_as_wide_as_the_binomial_s():
    """For one query a person the bootstrap is that of a share: +-1.96 sqrt(p (1 - p) / n)."""
    rng = np.random.default_rng(2)
    people = 400
    right = rng.random(people) < 0.7
    query = labelled(np.eye(people), np.arange(1, people + 1), [1] * people)
    wrong_way = np.eye(people)[np.where(right, np.arange(people), (np.arange(people) + 1) % people)]
    got = evaluate(query, labelled(wrong_way, np.arange(1, people + 1), [2] * people))
    low, high = got.intervals["rank_1"]
    share = got.cmc[1]
    assert (high - low) / 2 == pytest.approx(1.96 * (share * (1 - share) / people) ** 0.5, rel=0.08)
