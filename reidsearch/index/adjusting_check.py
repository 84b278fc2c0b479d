"""Whether the camera means that are kept make sense, and go with the embeddings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reidsearch.base.progress import Progress
from reidsearch.domain.adjustment import lengths
from reidsearch.domain.reports import Finding
from reidsearch.index.gallery import Gallery
from reidsearch.store.adjustment import kept_means, model_of_means
from reidsearch.store.crops.embeddings import embedded_ids, embedding_rows
from reidsearch.store.crops.rows import forget_means
from reidsearch.store.crops.store import Store

CODE = "adjustment"
LOOKED_AT = 100  # crops whose norms are computed again from the database
CLOSE = 1e-4


def check_adjustment(store: Store) -> Iterator[Finding]:
    """Yield findings of the code `adjustment`, all repairable: the means are taken anew."""
    state, model = store.state(), store.model()
    if state.adjustment is None or model is None:
        return
    if model_of_means(store) != state.model_id:  # of the model before; nothing uses them any more
        return
    kept = kept_means(store, model.dimension)
    if kept is None:
        yield Finding(CODE, "the camera means are damaged", repairable=True)
        return
    if not len(kept.slots):
        return
    held = embedded_ids(store, len(kept.slots) - 1)
    ids = held[np.unique(np.linspace(0, len(held) - 1, min(len(held), LOOKED_AT)).astype(np.int64))]
    if not len(ids):
        return
    ids, rows = embedding_rows(store, ids, model.dimension)
    far = np.abs(lengths(rows - kept.means[kept.slots[ids]]) - kept.norms[ids]) > CLOSE
    if far.any():
        text = f"what goes with the camera means of {int(far.sum())} crops differs from embeddings"
        yield Finding(CODE, text, True, tuple(ids[far].tolist()))


def take_anew(store: Store, gallery: Gallery, progress: Progress) -> None:
    """Take the means anew; the caller holds the writer lock."""
    with store.write() as connection:
        forget_means(connection)
    gallery.compact(progress)
