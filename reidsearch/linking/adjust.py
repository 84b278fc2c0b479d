"""Embeddings of what is to be linked, less what is common to their camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.adjustment import COMMON, camera_means, centred
from reidsearch.domain.crops import Vectors

PRIOR = 3.0
"""`domain.adjustment.PRIOR` of linking, whose threshold was chosen with it."""


def adjusted(vectors: Vectors, cameras: NDArray[np.int64]) -> Vectors:
    """Embeddings less what is common to their camera.

    Args:
        vectors: (n, d) float32, rows of unit length.
        cameras: (n,) a number for each camera; -1: not known, only what is common to all is
            taken out.

    Returns:
        (n, d) float32, rows of unit length; inner products of these are adjusted scores.
    """
    if not len(vectors):
        return vectors
    count = int(cameras.max()) + 1
    means = camera_means(vectors, cameras, count, PRIOR).means
    return centred(vectors, means[np.where(cameras < 0, COMMON, cameras + 1)])
