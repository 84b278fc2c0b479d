"""The re-ranking of Zhong et al. (CVPR 2017) in the obvious way, for one query over a gallery.

Written from the paper and its public code's semantics, apart from `reidsearch`: all distances of
the pool {query} + gallery, every set a Python set, nothing shared with what it checks.
"""

from __future__ import annotations

import numpy as np


def reranked(query, gallery, k1=20, k2=6, blend=0.3, chosen=None):
    """Distances (n,) float64 of a query (d,) to a gallery (n, d), all of unit length.

    `chosen`: only these rows of the gallery are wanted; the others are inf.
    """
    pool = np.concatenate([query[None], gallery]).astype(np.float64)
    squared = np.maximum(2.0 - 2.0 * (pool @ pool.T), 0.0)
    np.fill_diagonal(squared, -1.0)  # itself is first, also among copies
    order = np.argsort(squared, axis=1, kind="stable")
    np.fill_diagonal(squared, 0.0)
    plain = squared / np.maximum(squared.max(axis=1, keepdims=True), 1e-12)

    def circle(i, k):
        return {j for j in order[i, : k + 1].tolist() if i in order[j, : k + 1]}

    def encoding(i):
        mutual = circle(i, k1)
        expanded = set(mutual)
        for j in mutual:
            inner = circle(j, round(k1 / 2))
            if len(inner & mutual) > 2 / 3 * len(inner):
                expanded |= inner
        row = np.zeros(len(pool))
        held = sorted(expanded)
        row[held] = np.exp(-plain[i, held])
        return row / row.sum()

    made = {}

    def averaged(i):
        near = order[i, :k2].tolist()
        for j in near:
            if j not in made:
                made[j] = encoding(j)
        return np.mean([made[j] for j in near], axis=0)

    own = averaged(0)
    found = np.full(len(gallery), np.inf)
    for g in range(len(gallery)) if chosen is None else chosen:
        common = np.minimum(own, averaged(g + 1)).sum()
        found[g] = (1 - blend) * (1 - common / (2 - common)) + blend * plain[0, g + 1]
    return found
