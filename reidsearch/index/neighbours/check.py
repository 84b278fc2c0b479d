"""Whether the neighbour graph's file is what was written, and tells the truth of the archive."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reidsearch.base.errors import ArchiveError
from reidsearch.domain.adjustment import centred
from reidsearch.domain.reports import Finding
from reidsearch.index.neighbours.graph import Graph
from reidsearch.index.neighbours.table import load
from reidsearch.store.adjustment import KeptMeans, kept_means
from reidsearch.store.crops.embeddings import embedded_ids, embeddings_of
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import newest_graph

LOOKED_AT = 100  # lists whose scores are computed again from the database
CLOSE = 1e-4


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
