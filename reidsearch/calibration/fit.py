"""From labelled pairs to a calibration: logistic regression, bootstrap over people, Cllr.

The map is a straight line from score to log-likelihood ratio, as in FoCal and BOSARIS, the tools
of forensic voice comparison: across sets it costs less than a line with more freedom or than
pool-adjacent-violators (benchmarks/calibration.py), and is monotone by construction. Every person
counts the same, however many crops there are of them.

Sources: N. Bruemmer and J. du Preez, Application-independent evaluation of speaker detection,
Computer Speech and Language 20 (2006), for Cllr and Cllr_min; P. Vergeer et al., Science & Justice
56 (2016), for why a likelihood ratio is limited by the amount of data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reidsearch.base.errors import Kind, UsageError
from reidsearch.calibration.comparisons import Comparisons, Ids
from reidsearch.domain.scores import BINS, LOWER, STEP, Curves, Soundness, Values, bins_of

SEED = 20_261_124
REPLICATES = 500
FOLDS = 5
LEAST_PEOPLE = 10
"""Seen by two cameras; of fewer, a bootstrap over people tells no interval worth the name."""
INTERVAL = (2.5, 97.5)
# Keeps the slope finite where no two people look alike; moves it by less than 1 in 1000 where they
# do.
_RIDGE = 1e-6
CENTRES = LOWER + STEP / 2
"""(BINS,) middles of the bins of scores."""
_TENTHS = 10


@dataclass(frozen=True, slots=True)
class Line:
    """log10 likelihood ratio = intercept + slope x score."""

    intercept: float
    slope: float

    def at(self, scores: Values) -> Values:
        """(n,) log-likelihood ratios to base 10."""
        return self.intercept + self.slope * np.asarray(scores, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What `fit` found; the fields are those of `scores.Calibration` and `scores.Provenance`."""

    line: Line
    curves: Curves
    soundness: Soundness
    lowest: float
    highest: float
    people: int
    cameras: int
    same_pairs: int
    different_pairs: int
    people_pairs: int


def fit(compared: Comparisons, *, seed: int = SEED, replicates: int = REPLICATES) -> Fitted:
    """Make the map, its interval and its soundness from labelled pairs.

    Args:
        seed, replicates: of the bootstrap, which draws people with replacement; a pair of
            different people weighs as often as both were drawn, a pair of one as often as they.

    Raises:
        UsageError: too few people, or scores that do not tell people apart.
    """
    weighed = _Weighed.of(compared)
    everybody = np.ones(len(weighed.people))
    same, different = weighed.histograms(everybody)
    line = logistic(same, different)
    if not line.slope > 0:
        raise UsageError(
            "crops of the same person score no higher than crops of different people",
            "check the labels, and the model",
            kind=Kind.SCORES_DO_NOT_SEPARATE,
        )
    curves = _curves(weighed, same, different, seed, replicates)
    return Fitted(
        line=line,
        curves=curves,
        soundness=_left_out(weighed, seed),
        lowest=float(compared.scores.min()),
        highest=float(compared.scores.max()),
        people=len(weighed.people),
        cameras=len(np.unique(np.concatenate([compared.camera_a, compared.camera_b]))),
        same_pairs=int(np.count_nonzero(compared.same)),
        different_pairs=int(np.count_nonzero(~compared.same)),
        people_pairs=weighed.people_pairs,
    )


def soundness(line_lr: Values, compared: Comparisons) -> Soundness:
    """How good a map is on pairs that it was not made from.

    Args:
        line_lr: (BINS,) log-likelihood ratio to base 10 in the middle of each bin of scores.

    Raises:
        UsageError: too few people.
    """
    weighed = _Weighed.of(compared)
    same, different = weighed.histograms(np.ones(len(weighed.people)))
    return _judged([(line_lr, same, different)])


def logistic(same: Values, different: Values) -> Line:
    """Logistic regression of histograms of scores, both classes of the same total weight.

    Newton's method in two parameters, on scores brought to mean 0 and deviation 1.

    Args:
        same, different: (BINS,) weights of each bin of scores, each summing to 1.
    """
    total = (same + different) / 2
    mean = float(total @ CENTRES)
    deviation = float(np.sqrt(total @ (CENTRES - mean) ** 2)) or 1.0
    used = np.flatnonzero(total)
    x = np.stack([np.ones(len(used)), (CENTRES[used] - mean) / deviation])
    positive, weight = same[used] / 2, total[used]
    theta = np.zeros(2)
    ridge = np.diag([0.0, _RIDGE])
    for _ in range(100):
        told = 1.0 / (1.0 + np.exp(-np.clip(theta @ x, -500.0, 500.0)))  # no overflow
        gradient = x @ (weight * told - positive) + ridge @ theta
        hessian = (x * (weight * told * (1 - told))) @ x.T + ridge + 1e-12 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        # Newton overshoots where people are told apart perfectly; a step of 2 never does.
        step *= min(1.0, 2.0 / float(np.abs(step).max() or 1.0))
        theta -= step
        if float(np.abs(step).max()) < 1e-10:
            break
    slope = theta[1] / deviation
    ten = np.log(10.0)
    return Line(float((theta[0] - slope * mean) / ten), float(slope / ten))


def cllr(line_lr: Values, same: Values, different: Values) -> float:
    """The cost of log-likelihood ratios, in bits; 0 is perfect, 1 is knowing nothing.

    Args:
        line_lr: (BINS,) to base 10, of each bin; infinite where the bin is of one class alone.
        same, different: (BINS,) weights, each summing to 1.
    """
    natural = line_lr * np.log(10.0)
    of_same, of_different = same > 0, different > 0
    miss = same[of_same] @ np.logaddexp(0.0, -natural[of_same])
    alarm = different[of_different] @ np.logaddexp(0.0, natural[of_different])
    return float((miss + alarm) / (2 * np.log(2.0)))


def cllr_min(same: Values, different: Values) -> float:
    """The least cost that any monotone map of these scores can have (pool adjacent violators)."""
    share = pool_adjacent_violators(same, same + different)
    with np.errstate(divide="ignore"):
        return cllr(np.log10(share) - np.log10(1.0 - share), same, different)


def pool_adjacent_violators(part: Values, whole: Values) -> Values:
    """The non-decreasing shares closest to `part / whole`, in least squares weighted by `whole`.

    Args:
        part, whole: (n,), 0 <= part <= whole. Bins of no weight take their neighbours' share.
    """
    sums: list[list[float]] = []  # part, whole, bins of each block
    for one, all_ in zip(part.tolist(), whole.tolist(), strict=True):
        sums.append([one, all_, 1])
        while len(sums) > 1 and sums[-2][0] * sums[-1][1] >= sums[-1][0] * sums[-2][1]:
            last = sums.pop()
            sums[-1] = [a + b for a, b in zip(sums[-1], last, strict=True)]
    shares = np.array([min(a / b, 1.0) if b > 0 else 0.0 for a, b, _ in sums])
    return np.repeat(shares, [int(count) for *_, count in sums])


class _Weighed:
    """Comparisons with the weight of each: every person, and every two people, count the same."""

    def __init__(self, compared: Comparisons, people: Ids, first: Ids, second: Ids) -> None:
        self.people = people
        self._first, self._second, self._same = first, second, first == second
        self._bins = bins_of(compared.scores)
        key = np.minimum(first, second) * len(people) + np.maximum(first, second)
        groups, group, counts = np.unique(key, return_inverse=True, return_counts=True)
        self._weight = 1.0 / counts[group]
        own = groups // len(people) == groups % len(people)
        self.people_pairs = int(np.count_nonzero(~own))
        self.twice = groups[own] // len(people)
        """(m,) people that two cameras have seen."""

    @classmethod
    def of(cls, compared: Comparisons) -> _Weighed:
        people, both = np.unique(
            np.concatenate([compared.person_a, compared.person_b]), return_inverse=True
        )
        made = cls(compared, people, both[: len(compared.scores)], both[len(compared.scores) :])
        if len(made.twice) < LEAST_PEOPLE:
            raise UsageError(
                f"{len(made.twice)} people are seen by two cameras; a calibration needs "
                f"{LEAST_PEOPLE} or more, since every interval is one over people",
                "label more people, or use a labelled set",
                kind=Kind.TOO_FEW_PEOPLE,
            )
        if made.people_pairs < LEAST_PEOPLE:
            raise UsageError(
                f"{made.people_pairs} pairs of different people are compared; a calibration needs "
                f"{LEAST_PEOPLE} or more",
                "label more people, or use a labelled set",
                kind=Kind.TOO_FEW_PEOPLE,
            )
        return made

    def histograms(self, times: Values) -> tuple[Values, Values]:
        """(BINS,) shares of pairs of the same and of different people, each summing to 1.

        Args:
            times: (people,) how often each person was drawn; a class of which nobody was drawn
                is all zero.
        """
        weight = self._weight * times[self._first]
        weight *= np.where(self._same, 1.0, times[self._second])
        # One pass for both classes.
        both = np.bincount(self._bins + BINS * self._same, weight, 2 * BINS)
        different, same = both[:BINS], both[BINS:]
        return same / (same.sum() or 1.0), different / (different.sum() or 1.0)


def _curves(
    weighed: _Weighed, same: Values, different: Values, seed: int, replicates: int
) -> Curves:
    rng = np.random.default_rng(seed)
    count = len(weighed.people)
    lines, rates = np.empty((replicates, BINS)), np.empty((replicates, BINS))
    for row in range(replicates):
        while True:  # until somebody was drawn whom two cameras have seen, and two people
            drawn = np.bincount(rng.integers(count, size=count), minlength=count)
            one, other = weighed.histograms(drawn.astype(np.float64))
            if one.any() and other.any():
                break
        line = logistic(one, other)
        lines[row] = Line(line.intercept, max(line.slope, 0.0)).at(LOWER)
        rates[row] = _at_or_above(other)
    lr_low, lr_high = np.percentile(lines, INTERVAL, axis=0)
    rate_low, rate_high = np.percentile(rates, INTERVAL, axis=0)
    return Curves(
        same=same,
        different=different,
        rate=_at_or_above(different),
        rate_low=rate_low,
        rate_high=rate_high,
        lr_low=lr_low,
        lr_high=lr_high,
    )


def _at_or_above(histogram: Values) -> Values:
    return np.minimum(np.cumsum(histogram[::-1])[::-1], 1.0)


def _left_out(weighed: _Weighed, seed: int) -> Soundness:
    """Fitted on some people, judged on others, in turn."""
    parts = []
    for judged in _folds(weighed, seed):
        line = logistic(*weighed.histograms(1.0 - judged))
        same, different = weighed.histograms(judged)
        if same.any() and different.any():
            parts.append((line.at(CENTRES), same, different))
    if not parts:
        raise UsageError(
            "too few people are compared with each other to test a calibration on held-out people",
            "label more people by two cameras",
        )
    return _judged(parts)


def _judged(parts: list[tuple[Values, Values, Values]]) -> Soundness:
    """Parts: log-likelihood ratio of each bin, and what was found of both classes; weigh alike."""
    same, different = (np.mean([part[at] for part in parts], axis=0) for at in (1, 2))
    told = _reliability(parts)
    return Soundness(
        cllr=float(np.mean([cllr(*part) for part in parts])),
        cllr_min=cllr_min(same, different),
        ece=float(sum(weight * abs(one - found) for one, found, weight in told)),
        reliability=told,
    )


def _folds(weighed: _Weighed, seed: int) -> Iterator[Values]:
    """(people,) 1 for those that are judged, 0 for those that the map is made from."""
    count = len(weighed.people)
    rng = np.random.default_rng(seed)
    fold = np.empty(count, np.int64)
    seen = np.isin(np.arange(count), weighed.twice)
    for group in (np.flatnonzero(seen), np.flatnonzero(~seen)):
        fold[rng.permutation(group)] = np.arange(len(group)) % FOLDS
    for number in range(FOLDS):
        yield (fold == number).astype(np.float64)


def _reliability(
    parts: list[tuple[Values, Values, Values]],
) -> tuple[tuple[float, float, float], ...]:
    """(probability told, share found, weight) by tenths of probability, at a prior of 1/2."""
    told, found, weight = np.zeros(_TENTHS), np.zeros(_TENTHS), np.zeros(_TENTHS)
    for line_lr, same, different in parts:
        probability = 1.0 / (1.0 + 10.0 ** -np.clip(line_lr, -300, 300))
        tenth = np.minimum((probability * _TENTHS).astype(np.int64), _TENTHS - 1)
        mass = (same + different) / 2 / len(parts)
        told += np.bincount(tenth, mass * probability, _TENTHS)
        found += np.bincount(tenth, same / 2 / len(parts), _TENTHS)
        weight += np.bincount(tenth, mass, _TENTHS)
    return tuple(
        (float(told[at] / weight[at]), float(found[at] / weight[at]), float(weight[at]))
        for at in np.flatnonzero(weight)
    )
