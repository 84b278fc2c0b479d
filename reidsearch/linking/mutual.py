"""Sightings of two cameras that are each other's best match, among those near each other in time.

Whoever is best only on one side may be anybody: of somebody whom the other camera never saw there
is a best match too. What is asked here is who went from camera to camera, and it has to hold for
an archive of any model; so a match counts from a score that hardly any pair taken at random
reaches, not from one that is known of some model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors

RANDOM_PAIRS = 20_000
REACHED_BY = 0.005
"""Share of random pairs of sightings by different cameras that reach the least score."""
SEED = 29
_AT_ONCE = 512


def least_score(vectors: Vectors, cameras: NDArray[np.int64]) -> float | None:
    """Return the score that few random pairs by different cameras reach; None: there are none.

    Args:
        vectors: (n, d) adjusted embeddings of sightings.
        cameras: (n,) the number of each one's camera.
    """
    if len(np.unique(cameras)) < 2:
        return None
    rng = np.random.default_rng(SEED)
    a, b = rng.integers(len(vectors), size=(2, RANDOM_PAIRS))
    apart = cameras[a] != cameras[b]
    scores = np.einsum("ij,ij->i", vectors[a[apart]], vectors[b[apart]])
    return float(np.quantile(scores, 1 - REACHED_BY))


def mutual_best(
    a: Vectors,
    a_s: NDArray[np.float64],
    b: Vectors,
    b_s: NDArray[np.float64],
    within_s: float,
    least: float,
) -> NDArray[np.int64]:
    """Return (m, 2) rows of a and b that are each other's best match.

    Args:
        a, b: (n, d) and (k, d) adjusted embeddings, in order of time.
        a_s, b_s: when, in seconds, increasing.
        within_s: only pairs at most so far apart in time are compared.
        least: score that a match has to reach.
    """
    best_of_a, score_of_a = np.full(len(a), -1), np.full(len(a), -np.inf, np.float32)
    best_of_b, score_of_b = np.full(len(b), -1), np.full(len(b), -np.inf, np.float32)
    for begin in range(0, len(a), _AT_ONCE):
        end = min(begin + _AT_ONCE, len(a))
        first = int(np.searchsorted(b_s, a_s[begin] - within_s))
        last = int(np.searchsorted(b_s, a_s[end - 1] + within_s, "right"))
        if first == last:
            continue
        scores = a[begin:end] @ b[first:last].T
        scores[np.abs(a_s[begin:end, None] - b_s[None, first:last]) > within_s] = -np.inf
        found = scores.argmax(axis=1)
        best_of_a[begin:end] = first + found
        score_of_a[begin:end] = scores[np.arange(end - begin), found]
        found = scores.argmax(axis=0)
        score = scores[found, np.arange(last - first)]
        better = score > score_of_b[first:last]
        best_of_b[first:last][better] = begin + found[better]
        score_of_b[first:last][better] = score[better]
    rows = np.arange(len(a))
    good = (score_of_a >= least) & (best_of_b[np.maximum(best_of_a, 0)] == rows) & (best_of_a >= 0)
    return np.stack([rows[good], best_of_a[good]], axis=1)
