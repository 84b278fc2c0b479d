"""Ways to take out of scores what is a camera's and nobody's; `adjustment.py` measures them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.adjustment import PRIOR, camera_means, centred
from reidsearch.domain.crops import Vectors

K1, K2, BLEND = 20, 6, 0.3
WITHIN_K1, ACROSS_K1, WITHIN_K2, ACROSS_K2 = 5, 20, 2, 4  # the paper's own
COHORT = 100
SHRINK = 0.1


def unit(vectors: NDArray[np.floating]) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Vectors = (vectors / np.maximum(lengths, 1e-6)).astype(np.float32)
    return found


def adjust(
    vectors: Vectors,
    cameras: NDArray[np.int64],
    prior: float = PRIOR,
    counted: NDArray[np.bool_] | None = None,
) -> Vectors:
    """As a search adjusts: less the mean of the camera; of all where it is not known (-1).

    Args:
        counted: (n,) what the means are made of; None: everything.
    """
    kept = np.ones(len(vectors), bool) if counted is None else counted
    count = int(cameras.max(initial=-1)) + 1
    means = camera_means(vectors[kept], cameras[kept], count, prior).means
    return centred(vectors, means[1 + cameras])


def z_scores(scores: NDArray[np.floating], cameras: NDArray[np.int64]) -> NDArray[np.floating]:
    """Each query's scores with a camera's crops, less their mean, over their deviation."""
    found = scores.astype(np.float64)
    for camera in np.unique(cameras):
        here = cameras == camera
        part = scores[:, here]
        found[:, here] = (part - part.mean(axis=1, keepdims=True)) / part.std(axis=1, keepdims=True)
    return found


def cohort(scores: NDArray[np.floating], pool: Vectors, queries: Vectors) -> NDArray[np.floating]:
    """Adaptive s-norm: a score seen from both sides, each by its nearest others of all crops."""

    def told(vectors: Vectors) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        near = -np.sort(-(vectors @ pool.T), axis=1)[:, 1 : COHORT + 1]  # the first is itself
        return near.mean(axis=1), near.std(axis=1)

    mean_q, deviation_q = told(queries)
    mean_g, deviation_g = told(pool[len(queries) :])
    by_query = (scores - mean_q[:, None]) / deviation_q[:, None]
    return by_query + (scores - mean_g) / deviation_g


def light_groups(light: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) in which quarter of all crops each is by its mean brightness."""
    return np.searchsorted(np.quantile(light, (0.25, 0.5, 0.75)), light).astype(np.int64)


def whitened(
    vectors: Vectors,
    persons: NDArray[np.int64],
    cameras: NDArray[np.int64],
    counted: NDArray[np.bool_],
) -> Vectors:
    """Directions in which crops of one tracklet differ count less.

    A person at a camera stands for a tracklet. The scatter is shrunk to a tenth of its mean.
    """
    scatter = np.zeros((vectors.shape[1],) * 2)
    total = 0
    groups: dict[tuple[int, int], list[int]] = {}
    for row in np.flatnonzero(counted & (persons > 0)).tolist():
        groups.setdefault((int(persons[row]), int(cameras[row])), []).append(row)
    for rows in groups.values():
        if len(rows) > 1:
            own = vectors[rows] - vectors[rows].mean(axis=0)
            scatter += own.T @ own
            total += len(rows) - 1
    scatter /= max(total, 1)
    mean = np.trace(scatter) / len(scatter)
    values, directions = np.linalg.eigh(scatter)
    return unit(vectors @ (directions / np.sqrt(values + SHRINK * mean)))


def jaccard(
    vectors: Vectors, queries: int, cameras: NDArray[np.int64] | None = None
) -> NDArray[np.floating]:
    """Re-ranked distances as published, all queries and the gallery being one pool.

    Args:
        cameras: neighbours are looked for within a camera and across cameras (Chen et al.,
            CA-Jaccard, CVPR 2024); None: as Zhong et al., CVPR 2017.

    Returns:
        (queries, gallery).
    """
    scores = vectors @ vectors.T
    distance = np.maximum(2 - 2 * scores, 0)
    distance /= distance.max(axis=1, keepdims=True)
    if cameras is None:
        kinds = [(np.ones_like(scores, bool), K1, K2)]
    else:
        same = cameras[:, None] == cameras
        kinds = [(same, WITHIN_K1, WITHIN_K2), (~same, ACROSS_K1, ACROSS_K2)]
    near = _either(scores, [(among, k) for among, k, _ in kinds])
    half = _either(scores, [(among, round(k / 2)) for among, k, _ in kinds])
    taken = (near > 0) & (near @ half.T > 2 / 3 * half.sum(axis=1))
    members = near.astype(bool) | (taken.astype(np.float32) @ half > 0)
    encoding = np.where(members, np.exp(-distance), 0)
    encoding /= encoding.sum(axis=1, keepdims=True)
    nearest = sum(_first(scores, among, k) for among, _, k in kinds)
    encoding = (nearest / nearest.sum(axis=1, keepdims=True)) @ encoding
    found = np.empty((queries, len(vectors) - queries))
    for row in range(queries):
        common = np.minimum(encoding[row], encoding[queries:]).sum(axis=1)
        found[row] = 1 - common / (2 - common)
    return (1 - BLEND) * found + BLEND * distance[:queries, queries:]


def _either(scores: Vectors, kinds: list[tuple[NDArray[np.bool_], int]]) -> NDArray[np.float32]:
    """Who is mutually among the k nearest others of any kind; itself is always."""
    found = np.eye(len(scores), dtype=np.float32)
    for among, k in kinds:
        listed = _first(scores, among & ~np.eye(len(scores), dtype=bool), k)
        found = np.maximum(found, listed * listed.T)
    return found


def _first(scores: Vectors, among: NDArray[np.bool_], k: int) -> NDArray[np.float32]:
    """(n, n) which are the k best of those that count."""
    held = np.where(among, scores, -np.inf)
    order = np.argsort(-held, axis=1, kind="stable")[:, :k]
    found = np.zeros(scores.shape, np.float32)
    np.put_along_axis(found, order, 1.0, axis=1)
    return found * among
