"""What quantizing a model gained and cost, and the limits that it must keep."""

from __future__ import annotations

from dataclasses import dataclass

from reidsearch.domain.models import CustomModel

# On synthetic people the zoo's own INT8 of 0287, for which its makers claim the accuracy of the
# FP16 model, has a mean cosine of 0.970 and 84 % equal best matches (benchmarks/quantize.py).
LEAST_COSINE = 0.95
"""Mean between what both models make of one crop."""


LEAST_BEST = 0.75
"""Share of crops whose best match is the same by both models."""


MOST_LOST = 0.01
"""Of mAP and rank-1 on each labelled set."""


@dataclass(frozen=True, slots=True)
class OnLabels:
    """Rank-1 and mAP (trapezoid) of both models on a labelled set, between 0 and 1."""

    data: str
    rank1_before: float
    rank1_after: float
    map_before: float
    map_after: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """An INT8 model against the one that it was made from.

    Args:
        crops: held-out ones of the archive that both embedded; none was calibrated on.
        cosine_mean, cosine_low: between both embeddings of a crop; the mean, and what 99 of 100
            exceed.
        best_same: share of crops whose best match among the others is the same by both.
        ten_same: mean share of the ten best that both have.
        labels: on labelled sets, if any were given.
        before_per_s, after_per_s: crops a second, measured in turns.
        processor: that this was measured on, and whether it has instructions for 8-bit integers.
    """

    crops: int
    cosine_mean: float
    cosine_low: float
    best_same: float
    ten_same: float
    labels: tuple[OnLabels, ...]
    before_per_s: float
    after_per_s: float
    processor: str

    def shortfalls(self) -> list[str]:
        """What keeps the model from being installed, in sentences."""
        found = []
        if not self.cosine_mean >= LEAST_COSINE:  # also when it is no number
            found.append(f"the mean cosine is {self.cosine_mean:.4f}, not {LEAST_COSINE} or more")
        if not self.best_same >= LEAST_BEST:
            found.append(
                f"{self.best_same:.1%} of best matches stay the same, not {LEAST_BEST:.0%} or more"
            )
        for one in self.labels:
            for name, before, after in (
                ("rank-1", one.rank1_before, one.rank1_after),
                ("mAP", one.map_before, one.map_after),
            ):
                if before - after > MOST_LOST:
                    found.append(f"{name} on {one.data} falls from {before:.2%} to {after:.2%}")
        return found


@dataclass(frozen=True, slots=True)
class Quantized:
    """What came of it.

    Args:
        made_of: name and precision of the model that was quantized.
        calibrated_on: how many crops.
        model: the installed one; None: it fell short and was not accepted.
    """

    made_of: str
    calibrated_on: int
    comparison: Comparison
    model: CustomModel | None
