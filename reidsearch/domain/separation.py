"""How well a model's scores tell pairs of one person from pairs of different people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_PAIRS = 20
"""Of either kind: fewer say nothing."""
SEPARATES = 0.7
"""The least AUC of a model that is not doubted. At 0.5 scores are as good as drawn by chance;
trained models have 0.98 and more, untrained ones up to 0.62 (docs/accuracy.md)."""


@dataclass(frozen=True, slots=True)
class Separation:
    """Scores of pairs that are known to show one person, or different people.

    Args:
        same_pairs, different_pairs: how many pairs there are.
        auc: how often a pair of one person scores higher than one of different people; equal
            scores count half.
        same, different: mean scores.
    """

    same_pairs: int
    different_pairs: int
    auc: float
    same: float
    different: float

    @property
    def enough(self) -> bool:
        """Whether there are enough pairs to judge a model by."""
        return min(self.same_pairs, self.different_pairs) >= LEAST_PAIRS

    @property
    def doubt(self) -> str:
        """What speaks against the model; empty: nothing does, or there are too few pairs."""
        if not self.enough or self.auc >= SEPARATES:
            return ""
        return f"it hardly tells the people of this archive apart: {self.text}"

    @property
    def text(self) -> str:
        """The figures, for people."""
        return (
            f"AUC {self.auc:.3f}; {self.same_pairs} pairs of one person with a mean score of "
            f"{self.same:.2f}, {self.different_pairs} pairs of different people with "
            f"{self.different:.2f}"
        )


def separation_of(same: NDArray[np.float32], different: NDArray[np.float32]) -> Separation | None:
    """Return how far scores of both kinds lie apart; None: there are none of one kind."""
    if not len(same) or not len(different):
        return None
    ordered = np.sort(different)
    below = np.searchsorted(ordered, same, "left") + np.searchsorted(ordered, same, "right")
    return Separation(
        len(same),
        len(different),
        float(below.mean() / (2 * len(different))),
        float(same.mean()),
        float(different.mean()),
    )
