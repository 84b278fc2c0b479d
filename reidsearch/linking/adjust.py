"""What all that a camera shows has in common says nothing about who it is: it is taken out.

Light, colour cast and viewpoint move all embeddings of a camera the same way, so that two people
at one camera look alike and one person at two cameras does not. The mean over the people of a
camera holds this; subtracting it leaves what tells people apart.

Source: camera-wise centring is the first-order part of camera-aware normalisation (Zhuang et al.,
"Rethinking the Distribution Gap of Person Re-identification with Camera-based Batch
Normalization", ECCV 2020), applied to finished embeddings.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors

ALIKE = 0.6
"""Of two tracklets at one camera that score more, most show one person (1 in 10 000 pairs of
different people does): they count as one in the camera's mean, or somebody who is always there
would be taken out with it."""

PRIOR = 3.0
"""As many people stand for what is known before any is seen: a mean over few is trusted little."""

_BLOCK = 2048


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
    weights = _weights(vectors, cameras)
    total = (weights @ vectors) / (float(weights.sum()) + PRIOR)
    out = vectors - total
    for camera in np.unique(cameras[cameras >= 0]).tolist():
        here = cameras == camera
        people = float(weights[here].sum())
        mean = (weights[here] @ vectors[here] + PRIOR * total) / (people + PRIOR)
        out[here] = vectors[here] - mean
    lengths = np.linalg.norm(out, axis=1, keepdims=True)
    # All of it was common: nothing is left that could be compared.
    unit: Vectors = np.where(lengths > 1e-6, out / np.maximum(lengths, 1e-6), vectors)
    return unit.astype(np.float32)


def _weights(vectors: Vectors, cameras: NDArray[np.int64]) -> NDArray[np.float32]:
    """(n,) one over the number of tracklets at the same camera that look like the same person."""
    weights = np.empty(len(vectors), np.float32)
    for camera in np.unique(cameras).tolist():
        rows = np.flatnonzero(cameras == camera)
        held = vectors[rows]
        for start in range(0, len(rows), _BLOCK):
            part = rows[start : start + _BLOCK]
            weights[part] = 1.0 / np.maximum(((vectors[part] @ held.T) >= ALIKE).sum(axis=1), 1)
    return weights
