"""Crops with their person and camera, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import UsageError
from reidsearch.domain.crops import Vectors

DISTRACTOR = 0
"""Crops of this person stay in the gallery, always wrong; they are never searched for."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Embeddings with their truth.

    Args:
        vectors: (n, d) float32, rows of unit length.
        persons: (n,) int64; -1 is junk, 0 a distractor.
        cameras: (n,) int64.
    """

    vectors: Vectors
    persons: NDArray[np.int64]
    cameras: NDArray[np.int64]

    def __post_init__(self) -> None:
        if not (len(self.vectors) == len(self.persons) == len(self.cameras)):
            raise UsageError("vectors, persons and cameras differ in length")
