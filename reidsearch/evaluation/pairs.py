"""Scores of pairs, the same person and different people: how well one threshold parts them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.figures import EDGES, RATES, Rate

LEAST_FALSE = 30
"""A rate is only told where at least so many false positives are behind it: then it is known to
within about 30 % at 90 % confidence, were pairs independent (the rule of 30: Doddington et al.,
The NIST speaker recognition evaluation, Speech Communication 31, 2000)."""


# So many more scores than can matter are gathered before the low ones are let go.
_GATHERED = 4_000_000


class Pairs:
    """Collects the scores of pairs in bounded memory; the rates are exact all the same.

    Of different people only scores that may matter for the largest rate are kept: with 66 million
    pairs (Market-1501) that is the highest 0.7 million.

    Args:
        most: how many pairs will be added at most.
    """

    def __init__(self, most: int) -> None:
        self.negatives = 0
        self.same: NDArray[np.int64] = np.zeros(len(EDGES) - 1, np.int64)
        self.different: NDArray[np.int64] = np.zeros(len(EDGES) - 1, np.int64)
        self._kept = math.floor(max(RATES) * most) + 1
        self._positive: list[NDArray[np.float32]] = []
        self._high: list[NDArray[np.float32]] = []
        self._gathered = 0

    def add(self, scores: NDArray[np.float32], same: NDArray[np.bool_]) -> None:
        """Add pairs: (n,) scores, and whether each is of one person."""
        right, wrong = scores[same], scores[~same]
        self.same += _histogram(right)
        self.different += _histogram(wrong)
        self.negatives += len(wrong)
        self._positive.append(right)
        self._high.append(wrong)
        self._gathered += len(wrong)
        if self._gathered > self._kept + _GATHERED:
            self._let_go()

    @property
    def positives(self) -> int:
        """How many pairs are of one person."""
        return sum(len(part) for part in self._positive)

    def rates(self) -> tuple[Rate, ...]:
        """The true-positive rate at each of `RATES`."""
        if not self.positives:
            return ()
        positive = np.concatenate(self._positive)
        high = -np.sort(-np.concatenate(self._high))
        return tuple(self._rate(fpr, positive, high) for fpr in RATES)

    def _rate(self, fpr: float, positive: NDArray[np.float32], high: NDArray[np.float32]) -> Rate:
        needed = math.ceil(LEAST_FALSE / fpr)
        if self.negatives < needed:
            return Rate(fpr, None, None, needed)
        threshold = high[math.floor(fpr * self.negatives)]
        return Rate(fpr, float(np.mean(positive > threshold)), float(threshold), needed)

    def _let_go(self) -> None:
        """Of what has been only the highest can matter, whatever is still to come."""
        high = np.concatenate(self._high)
        high = np.partition(high, len(high) - self._kept)[len(high) - self._kept :]
        self._high, self._gathered = [high], len(high)


def _histogram(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.histogram(np.clip(scores, EDGES[0], EDGES[-1]), EDGES)[0].astype(np.int64)
