"""How many of the true neighbours a graph's lists have, of crops that are drawn from it.

The truth is the index's own proven answer, in which nothing of the graph has a part.
"""

from __future__ import annotations

import numpy as np

from reidsearch.domain.answers import Recall
from reidsearch.index.neighbours.graph import NEEDED, Graph, VectorsOf
from reidsearch.index.neighbours.searching import Find
from reidsearch.index.recall import recall

ASKED = 200
CLOSE = 1e-6  # products of the same vectors differ in their last bits


def measured(graph: Graph, vectors: VectorsOf, find_exactly: Find) -> Recall:
    """Return the recall of the first NEEDED of the lists; the graph has more crops than that."""
    drawn = np.random.default_rng(len(graph)).choice(
        len(graph), min(ASKED, len(graph)), replace=False
    )
    rows = np.sort(drawn)
    truth = find_exactly(vectors(graph.ids[rows]), NEEDED + 1)
    found = asked = 0
    for row, hits in zip(rows.tolist(), truth, strict=True):
        others = hits.scores[hits.ids != graph.ids[row]][:NEEDED]
        asked += len(others)
        # By the last score, not by id: of equals any will do.
        found += int((graph.scores[row, : len(others)] >= others[-1] - CLOSE).sum())
    return recall(found, asked, NEEDED)
