"""Calibration against what is known: Gaussians whose likelihood ratio is a formula, and tables."""

from __future__ import annotations

import contextlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidsearch.base.errors import UsageError
from reidsearch.calibration.comparisons import MOST_CROPS, Comparisons, across_cameras
from reidsearch.calibration.fit import (
    CENTRES,
    Fitted,
    Line,
    cllr,
    cllr_min,
    fit,
    logistic,
    pool_adjacent_violators,
    soundness,
)
from reidsearch.domain.scores import BINS, LOWER, bins_of
from reidsearch.output.hints import advice


def compared(scores, first, second, cameras=None) -> Comparisons:
    first, second = np.asarray(first, np.int64), np.asarray(second, np.int64)
    one, other = cameras or (np.zeros(len(first), np.int64), np.ones(len(first), np.int64))
    return Comparisons(np.asarray(scores, np.float64), first, second, one, other, crops=len(first))


def gaussian(people: int, same: float, different: float, sigma: float, seed: int = 0):
    """Every person against themselves eight times, and against twenty others once each."""
    rng = np.random.default_rng(seed)
    own = np.repeat(np.arange(people), 8)
    one = np.repeat(np.arange(people), 20)
    other = (one + np.tile(np.arange(1, 21), people)) % people
    scores = np.concatenate(
        [rng.normal(same, sigma, len(own)), rng.normal(different, sigma, len(one))]
    )
    return compared(scores.clip(-1, 1), np.concatenate([own, one]), np.concatenate([own, other]))


@pytest.mark.full
def test_the_likelihood_ratio_of_gaussians_is_found():
    """Of N(0.5, 0.1) against N(0.1, 0.1) it is exp(40 (s - 0.3)), by the formula."""
    fitted = fit(gaussian(400, 0.5, 0.1, 0.1), replicates=200)
    truth = Line(-12 / np.log(10), 40 / np.log(10))
    assert fitted.line.slope == pytest.approx(truth.slope, rel=0.05)
    assert -fitted.line.intercept / fitted.line.slope == pytest.approx(0.3, abs=0.005)
    middle = (LOWER > 0.1) & (LOWER < 0.5)
    inside = (fitted.curves.lr_low <= truth.at(LOWER)) & (truth.at(LOWER) <= fitted.curves.lr_high)
    assert inside[middle].all()
    # Of N(0.1, 0.1), 2.275 % lie above 0.3.
    at = bins_of(np.array([0.3]))[0]
    assert fitted.curves.rate[at] == pytest.approx(0.02275, rel=0.15)
    assert fitted.curves.rate_low[at] < 0.02275 < fitted.curves.rate_high[at]


def test_the_cost_of_gaussians_is_near_the_least():
    """The map is right, so that hardly anything is lost beyond what people's likeness costs."""
    fitted = fit(gaussian(400, 0.5, 0.1, 0.1), replicates=2)
    assert fitted.soundness.cllr_min <= fitted.soundness.cllr
    assert fitted.soundness.cllr < fitted.soundness.cllr_min + 0.02
    assert fitted.soundness.ece < 0.02


def test_a_map_of_other_footage_costs_more_and_errs():
    here = gaussian(100, 0.5, 0.1, 0.1)
    elsewhere = fit(gaussian(100, 0.4, 0.25, 0.1), replicates=2).line
    told = soundness(elsewhere.at(CENTRES), here)
    own = fit(here, replicates=2).soundness
    assert told.cllr > own.cllr + 0.05
    assert told.ece > 5 * own.ece
    assert sum(weight for *_, weight in told.reliability) == pytest.approx(1)


def test_every_person_counts_the_same():
    """A person of ten thousand pairs moves nothing more than one of eight."""
    plain = gaussian(50, 0.5, 0.1, 0.1)
    flood = compared(
        np.concatenate([plain.scores, np.tile(plain.scores[:8], 1250)]),
        np.concatenate([plain.person_a, np.zeros(10_000, np.int64)]),
        np.concatenate([plain.person_b, np.zeros(10_000, np.int64)]),
    )
    assert fit(flood, replicates=2).line.slope == pytest.approx(
        fit(plain, replicates=2).line.slope, rel=1e-9
    )


@pytest.mark.full
def test_the_interval_is_one_over_people_not_over_pairs():
    """The same pairs eight times over are no more knowledge."""
    plain = gaussian(50, 0.5, 0.1, 0.1)
    often = compared(*(np.tile(c, 8) for c in (plain.scores, plain.person_a, plain.person_b)))
    one, eight = (fit(pairs, replicates=100).curves for pairs in (plain, often))
    assert np.allclose(one.lr_high - one.lr_low, eight.lr_high - eight.lr_low, rtol=1e-6)


def same_fitted(one: Fitted, other: Fitted) -> bool:
    return one.line == other.line and all(
        np.array_equal(getattr(one.curves, name), getattr(other.curves, name))
        for name in ("rate", "rate_low", "rate_high", "lr_low", "lr_high")
    )


@pytest.mark.full
def test_the_bootstrap_is_the_same_for_the_same_seed():
    pairs = gaussian(30, 0.5, 0.1, 0.1)
    assert same_fitted(fit(pairs, replicates=50), fit(pairs, replicates=50))
    assert not same_fitted(fit(pairs, replicates=50), fit(pairs, replicates=50, seed=1))


def test_people_who_are_told_apart_perfectly_have_a_finite_map():
    people = np.arange(12)
    pairs = list(itertools.combinations(people, 2))
    fitted = fit(
        compared(
            [0.9] * 12 + [-0.2] * len(pairs),
            [*people, *(a for a, _ in pairs)],
            [*people, *(b for _, b in pairs)],
        ),
        replicates=20,
    )
    assert np.isfinite([fitted.line.intercept, fitted.line.slope]).all()
    assert fitted.line.at(np.array([0.9]))[0] > 1
    assert fitted.line.at(np.array([-0.2]))[0] < -1
    assert fitted.soundness.cllr_min == 0


def test_a_score_far_from_all_others_overflows_nothing():
    """Newton's steps then lead to a slope that is steep in units of the deviation."""
    scores = [*[0.0] * 39, -1.0, -0.00195312, 0.0, 0.0, 0.0, 0.1, 0.2]
    one = [*range(14), *[0] * 19, 2, 5, 6, 7, *[0] * 8, 1]
    other = [*range(14), *[0] * 23, 3, 4, 8, 10, 0, 0, 0, 1, 2]
    with contextlib.suppress(UsageError):  # hardly anything tells these people apart
        assert fit(compared(scores, one, other), replicates=8).line.slope > 0


@st.composite
def labelled(draw):
    people = draw(st.integers(10, 14))
    a = list(range(people)) + draw(st.lists(st.integers(0, people - 1), min_size=30, max_size=60))
    b = list(range(people)) + [draw(st.integers(0, people - 1)) for _ in range(len(a) - people)]
    score = st.floats(-1, 1, allow_nan=False, width=32)
    scores = draw(st.lists(score, min_size=len(a), max_size=len(a)))
    return compared([*scores, 0.1, 0.2], [*a, 0, 1], [*b, 1, 2])


@pytest.mark.full
@settings(max_examples=40, deadline=None)
@given(labelled())
def test_whatever_the_scores_the_map_is_monotone_or_refused(pairs):
    try:
        fitted = fit(pairs, replicates=8)
    except UsageError:  # the scores do not tell people apart, or too few are compared
        return
    curves = fitted.curves
    assert fitted.line.slope > 0
    for rate in (curves.rate, curves.rate_low, curves.rate_high):
        assert (np.diff(rate) <= 1e-12).all()
        assert ((rate >= 0) & (rate <= 1)).all()
    assert (np.diff(curves.lr_low) >= -1e-9).all()
    assert (np.diff(curves.lr_high) >= -1e-9).all()
    assert (curves.lr_low <= curves.lr_high).all()
    assert 0 <= fitted.soundness.ece <= 1
    # Of one map; people left out are judged by as many maps as there are parts.
    told = soundness(fitted.line.at(CENTRES), pairs)
    assert told.cllr >= told.cllr_min - 1e-9


# -- the parts ----------------------------------------------------------------------------------


def at_score(weights: dict[float, float]):
    histogram = np.zeros(BINS)
    for score, weight in weights.items():
        histogram[bins_of(np.array([score]))[0]] += weight
    return histogram


@pytest.mark.parametrize(
    ("log10_lr", "cost"),
    [
        (0.0, 1.0),  # says nothing
        (1.0, np.log2(1.1)),  # right, ten to one
        (-1.0, np.log2(11)),  # wrong, ten to one
        (np.inf, 0.0),
    ],
)
def test_cost_of_ratios(log10_lr, cost):
    same, different = at_score({0.5: 1.0}), at_score({-0.5: 1.0})
    told = np.where(LOWER < 0, -log10_lr, log10_lr)
    assert cllr(told, same, different) == pytest.approx(cost)


def test_least_cost_by_hand():
    """Half of each class at 0.2, where the best ratio is 1; the rest is told apart."""
    same, different = at_score({0.2: 0.5, 0.6: 0.5}), at_score({0.2: 0.5, -0.2: 0.5})
    assert cllr_min(same, different) == pytest.approx(0.5)
    # The other way round, no monotone map says anything.
    assert cllr_min(at_score({-0.2: 1.0}), at_score({0.2: 1.0})) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("part", "whole", "shares"),
    [
        ([0, 1], [1, 1], [0, 1]),
        ([1, 0], [1, 1], [0.5, 0.5]),
        ([1, 0, 0, 3], [1, 1, 2, 3], [0.25, 0.25, 0.25, 1]),
        ([0, 1, 0, 1], [1, 1, 1, 1], [0, 0.5, 0.5, 1]),
        ([0, 0, 1], [0, 0, 2], [0.5, 0.5, 0.5]),  # bins of nothing take their neighbours' share
        ([1, 0], [2, 0], [0.5, 0.5]),
    ],
)
def test_adjacent_violators_are_pooled(part, whole, shares):
    found = pool_adjacent_violators(np.array(part, float), np.array(whole, float))
    assert found.tolist() == pytest.approx(shares)


@pytest.mark.full
@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=9))
def test_pooled_shares_are_those_of_the_min_max_formula(counts):
    """The least-squares non-decreasing fit is max over starts of min over ends of the mean."""
    counts = [(part, part + rest) for part, rest in counts]
    part, whole = (np.array(column, float) for column in zip(*counts, strict=True))
    if not whole.all():
        return
    size = len(whole)
    expected = [
        max(
            min(part[a : b + 1].sum() / whole[a : b + 1].sum() for b in range(at, size))
            for a in range(at + 1)
        )
        for at in range(size)
    ]
    assert pool_adjacent_violators(part, whole).tolist() == pytest.approx(expected)


def test_regression_meets_its_own_condition():
    """Where the gradient is zero: told and true shares agree, in sum and weighted by the score."""
    rng = np.random.default_rng(0)
    same, different = (
        at_score(dict.fromkeys(rng.normal(mean, 0.2, 60).clip(-1, 1), 1 / 60))
        for mean in (0.4, 0.1)
    )
    line = logistic(same, different)
    told = 1 / (1 + 10 ** -line.at(CENTRES))
    residual = (same + different) * told - same
    assert residual.sum() == pytest.approx(0, abs=1e-9)
    assert residual @ CENTRES == pytest.approx(0, abs=1e-4)  # the ridge holds the slope back


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("people", [1, 2, 9])
def test_few_people_are_refused_with_the_reason(people):
    own = list(range(people))
    with pytest.raises(UsageError, match=rf"^{people} people are seen by two cameras") as refused:
        fit(compared([0.9] * people + [0.1], [*own, 100], [*own, 101]))
    assert "calibrate SET" in advice(refused.value)


@pytest.mark.parametrize(
    ("scores", "cameras", "message"),
    [
        ([0.5, np.nan], None, "1 scores are not numbers"),
        ([0.5, np.inf], None, "1 scores are not numbers"),
        ([0.5, 1.5], None, "unit length"),
        ([0.5, 0.5], (np.array([0, 1]), np.array([1, 1])), "from one camera"),
        ([0.5, 0.5, 0.5], None, "differ in length"),
    ],
)
def test_comparisons_that_make_no_sense_are_refused(scores, cameras, message):
    with pytest.raises(UsageError, match=message):
        compared(scores, [0, 1], [0, 2], cameras)


def test_exchanged_labels_are_refused():
    pairs = gaussian(20, 0.1, 0.5, 0.1)
    with pytest.raises(UsageError, match="score no higher"):
        fit(pairs)


# -- what is compared ---------------------------------------------------------------------------


def crops(people: int, cameras: int, each: int):
    rng = np.random.default_rng(3)
    persons = np.repeat(np.arange(people), cameras * each)
    rows = rng.normal(size=(len(persons), 8)) + 3 * rng.normal(size=(people, 8))[persons]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), persons, np.tile(np.repeat(np.arange(cameras), each), people)


def test_every_pair_by_two_cameras_is_compared_once():
    vectors, persons, cameras = crops(3, 2, 2)
    pairs = across_cameras(vectors, persons, cameras, seed=0)
    assert len(pairs.scores) == 6 * 6
    assert int(pairs.same.sum()) == 3 * 4
    expected = sorted(
        float(vectors[i].astype(float) @ vectors[j].astype(float))
        for i, j in itertools.combinations(range(12), 2)
        if cameras[i] != cameras[j]
    )
    assert sorted(pairs.scores.tolist()) == pytest.approx(expected, abs=1e-6)


def test_one_camera_alone_gives_nothing_to_compare():
    vectors, persons, _ = crops(12, 1, 3)
    pairs = across_cameras(vectors, persons, np.zeros(len(persons), np.int64), seed=0)
    assert len(pairs.scores) == 0
    with pytest.raises(UsageError, match="0 people are seen by two cameras"):
        fit(pairs)


def test_of_very_many_crops_some_are_drawn_the_same_ones_for_a_seed(monkeypatch):
    monkeypatch.setattr("reidsearch.calibration.comparisons.MOST_PAIRS", 5000)
    vectors, persons, cameras = crops(40, 2, 40)  # 80 crops a person, more than are taken
    one, again, other = (across_cameras(vectors, persons, cameras, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one.scores, again.scores)
    assert not np.array_equal(one.scores[:100], other.scores[:100])
    assert one.crops == 40 * MOST_CROPS
    different = ~one.same
    assert 2000 < different.sum() <= 5000  # about half are by one camera, and left out
    assert (one.person_a[different] != one.person_b[different]).all()
    same = one.same.sum()  # every pair of a person's sixty, by two cameras
    assert 40 * 20 * 40 <= same <= 40 * 30 * 30
