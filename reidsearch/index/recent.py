"""Embeddings that were read a moment ago: what a search reads, its re-ranking asks for again."""

from __future__ import annotations

import numpy as np

from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import Truth

MOST = 4096
"""Rows that are kept: more than a re-ranked query reads; 4 MB."""


class Recent:
    """A `Truth` that has the last rows at hand. What is answered is confirmed apart from it.

    An embedding never changes, and ids are never used again; `forget` is for erasures.

    Args:
        read: where the rows are.
    """

    def __init__(self, read: Truth) -> None:
        self._read = read
        self._held: tuple[CropIds, Vectors] | None = None

    def __call__(self, ids: CropIds) -> tuple[CropIds, Vectors]:
        """Those of increasing `ids` that are stored, and their (n, d) embeddings."""
        held = self._held
        if held is None:
            found = self._read(ids)
        else:
            known = held[0][np.isin(held[0], ids, assume_unique=True)]
            lacking = np.setdiff1d(ids, known, assume_unique=True)
            mine = known, held[1][np.searchsorted(held[0], known)]
            found = _merged(mine, self._read(lacking)) if len(lacking) else mine
        if held is None or len(held[0]) + len(found[0]) > MOST:
            self._held = found if len(found[0]) <= MOST else None
        else:
            new = np.isin(found[0], held[0], assume_unique=True, invert=True)
            self._held = _merged(held, (found[0][new], found[1][new]))
        return found

    def forget(self) -> None:
        """Hold nothing any more."""
        self._held = None


def _merged(
    one: tuple[CropIds, Vectors], other: tuple[CropIds, Vectors]
) -> tuple[CropIds, Vectors]:
    """Both, by increasing id."""
    if not len(one[0]) or not len(other[0]):
        return one if len(one[0]) else other
    ids = np.concatenate([one[0], other[0]])
    order = np.argsort(ids)
    return ids[order], np.concatenate([one[1], other[1]])[order]
