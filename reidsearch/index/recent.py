"""Embeddings that were read a moment ago.

What a search reads, its re-ranking and the check of its scores ask for again. `Gallery.sync`,
which each answer begins with, forgets them: an answer rests on rows that were verified for it.
"""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import Truth, no_ids

MOST = 4096
"""Rows that are kept: several times what a re-ranked query reads; 4 MB."""


class Recent:
    """A `Truth` that has the last rows at hand.

    An embedding never changes, and ids are never used again; `forget` is for erasures, and for
    another model. Rows are copied in once and out when asked for, so that a query's few cost
    nothing for the many that are kept.

    Args:
        read: where the rows are; it verifies them.
    """

    def __init__(self, read: Truth) -> None:
        self._read = read
        self._busy = threading.Lock()
        self._ids, self._slots = no_ids(), no_ids()
        self._rows: Vectors | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def __call__(self, ids: CropIds) -> tuple[CropIds, Vectors]:
        """Those of increasing `ids` that are stored, and their (n, d) embeddings."""
        if len(ids) > MOST:
            return self._read(ids)
        with self._busy:
            known, slots = self._known(ids)
            if self._rows is None or not known.all():
                held, vectors = self._read(ids[~known])
                rows = self._with_room(slots, len(held), vectors.shape[1])
                self._take(rows, held, vectors)
                known, slots = self._known(ids)
            else:
                rows = self._rows
            return ids[known], rows[slots]

    def forget(self) -> None:
        """Hold nothing any more."""
        with self._busy:
            self._ids, self._slots, self._rows = no_ids(), no_ids(), None

    def _known(self, ids: CropIds) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """(n,) which are held, and the slots of those that are."""
        if not len(self._ids):
            return np.zeros(len(ids), dtype=bool), no_ids()
        at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        known = self._ids[at] == ids
        return known, self._slots[at[known]]

    def _with_room(self, wanted: NDArray[np.int64], more: int, dimension: int) -> Vectors:
        """All slots, with room for `more` rows behind those in use; at least `wanted` are kept."""
        if self._rows is None:
            self._rows = np.empty((MOST, dimension), dtype=np.float32)
        elif len(self._ids) + more > MOST:
            kept = np.isin(self._slots, wanted)
            self._ids, slots = self._ids[kept], self._slots[kept]
            self._slots = np.arange(len(slots))
            self._rows[: len(slots)] = self._rows[slots]
        return self._rows

    def _take(self, rows: Vectors, ids: CropIds, vectors: Vectors) -> None:
        first, at = len(self._ids), np.searchsorted(self._ids, ids)
        rows[first : first + len(ids)] = vectors
        self._ids = np.insert(self._ids, at, ids)
        self._slots = np.insert(self._slots, at, np.arange(first, first + len(ids)))
