"""Whether the neighbour graph's file is what was written, and tells the truth of the archive."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reidsearch.base.errors import ArchiveError
from reidsearch.domain.adjustment import centred
from reidsearch.domain.answers import Recall
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.domain.reports import Finding
from reidsearch.index.neighbours.graph import NEEDED, Graph
from reidsearch.index.neighbours.table import load
from reidsearch.index.recall import recall
from reidsearch.index.scan import Best
from reidsearch.store.adjustment import KeptMeans, kept_means
from reidsearch.store.crops.embeddings import embedded_ids, embedding_rows, embeddings_of
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import newest_graph

LOOKED_AT = 100  # lists whose scores are computed again from the database
CLOSE = 1e-4
ROWS_AT_ONCE = 8192


def check_neighbours(store: Store) -> Iterator[Finding]:
    """Yield findings of the code `neighbours`, all repairable: the graph is made anew.

    A file that is missing is no finding: a restored archive has none.
    """
    newest = newest_graph(store)
    if newest is None:
        return
    if newest.odd:
        text = f"the row that describes the neighbour graph is damaged: {newest.odd}"
        yield Finding("neighbours", text, repairable=True)
        return
    if newest.model_id != store.state().model_id or not newest.path.exists():
        return
    try:
        graph = load(newest)
    except (ArchiveError, OSError) as error:
        yield Finding("neighbours", str(error), repairable=True)
        return
    if not len(graph):
        return
    held = embedded_ids(store, int(graph.ids[-1]))
    gone = np.setdiff1d(graph.ids, held)
    if len(gone) and store.state().pending:
        return  # a deletion that is not finished, which is told as such
    if len(gone):
        text = f"{newest.path.name} holds {len(gone)} crops that the database does not hold"
        yield Finding("neighbours", text, True, tuple(gone[:1000].tolist()))
        return
    model = store.model()
    means = kept_means(store, model.dimension) if newest.adjusted_by and model else None
    if newest.adjusted_by and (means is None or means.sha256 != newest.adjusted_by):
        return  # of means that were made anew since: it is of no use, and so is the graph soon
    wrong = [crop_id for crop_id, right in _looked_at(store, graph, means) if not right]
    if wrong:
        text = (
            f"{newest.path.name} has scores of {len(wrong)} crops that differ from the embeddings"
        )
        yield Finding("neighbours", text, True, tuple(wrong))
    elif graph.recall is not None and model is not None:
        found = _recall(store, graph, means, model.dimension)
        if found.high < graph.recall.low:
            text = (
                f"{newest.path.name} has {found.value:.1%} of the true neighbours, "
                f"and says {graph.recall.value:.1%}"
            )
            yield Finding("neighbours", text, True)


def _looked_at(store: Store, graph: Graph, means: KeptMeans | None) -> Iterator[tuple[int, bool]]:
    """Some crops, evenly spread, and whether their lists have the scores that they should."""
    for row in np.unique(np.linspace(0, len(graph) - 1, LOOKED_AT).astype(np.int64)).tolist():
        near = graph.near[row][graph.near[row] >= 0]
        ids = graph.ids[[row, *near]].tolist()
        held = embeddings_of(store, ids)
        truth = np.stack([held[crop_id] for crop_id in ids])
        if means is not None:
            if max(ids) >= len(means.slots):
                continue  # a crop that came since the means were kept
            truth = centred(truth, means.means[means.slots[ids]])
        scores = truth[1:] @ truth[0]
        yield ids[0], bool((np.abs(scores - graph.scores[row, : len(near)]) <= CLOSE).all())


def _recall(store: Store, graph: Graph, means: KeptMeans | None, dimension: int) -> Recall:
    """Compare the lists of some crops with all embeddings of the database."""

    def read(ids: CropIds) -> Vectors:
        held, rows = embedding_rows(store, ids, dimension)
        if means is None or not len(held) or held[-1] >= len(means.slots):
            return rows
        return centred(rows, means.means[means.slots[held]])

    rows = np.unique(np.linspace(0, len(graph) - 1, LOOKED_AT).astype(np.int64))
    queries, best = read(graph.ids[rows]), Best.none(len(rows), NEEDED)
    for start in range(0, len(graph), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        scores = queries @ read(graph.ids[part]).T
        own = np.flatnonzero((rows >= start) & (rows < start + scores.shape[1]))
        scores[own, rows[own] - start] = -np.inf
        best.take(scores, start)
    known = graph.scores[rows, :NEEDED] >= best.scores[:, -1:] - CLOSE
    return recall(int(known.sum()), known.size, NEEDED)
