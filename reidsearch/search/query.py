"""What is searched for: one embedding, made from one or several views of a person."""

from __future__ import annotations

import numpy as np

from reidsearch.errors import UsageError
from reidsearch.records import Vectors


def fuse(views: Vectors) -> Vectors:
    """The mean direction of several views of one person.

    Args:
        views: (n, d) float32, rows of unit length, n >= 1.

    Returns:
        (d,) float32 of unit length.

    Raises:
        UsageError: there is no view, or the views point against each other and have no mean.
    """
    if len(views) == 0:
        raise UsageError("a query needs at least one picture or crop")
    mean = views.mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        raise UsageError("the query's pictures have nothing in common; query them one by one")
    fused: Vectors = (mean / length).astype(np.float32)
    return fused
