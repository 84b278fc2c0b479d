"""Who goes on from one file of a recording to the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reidsearch.vision.tracking.stitching import LIKE, MARGIN, Sighting, likeness


def continued(
    before: Sequence[Sighting], after: Sequence[Sighting], reach_us: int
) -> list[tuple[int, int, bool]]:
    """Return which of `before` each of `after` continues: both positions, and whether in doubt.

    The most alike first, each at most once. Where two fit nearly as well, neither is taken: a guess
    stays two tracklets.

    Args:
        before, after: on one clock.
        reach_us: for how long after it ends a sighting may be continued.
    """
    scores = np.full((len(before), len(after)), -np.inf)
    for row, one in enumerate(before):
        for column, other in enumerate(after):
            score = likeness(one, other, reach_us)
            if score is not None:
                scores[row, column] = score
    pairs = []
    while scores.size and np.isfinite(best := scores.max()):
        row, column = divmod(int(scores.argmax()), scores.shape[1])
        rivals = np.concatenate([np.delete(scores[row], column), np.delete(scores[:, column], row)])
        if best - rivals.max(initial=-np.inf) >= MARGIN:
            pairs.append((row, column, bool(best < LIKE)))
        scores[row, :] = scores[:, column] = -np.inf
    return sorted(pairs)
