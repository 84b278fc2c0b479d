"""What goes with each crop by camera means: its camera's slot, and how far it is from the mean.

Norms need every embedding. Whoever fills an index has them all in hands once, and takes them then.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.adjustment import COMMON, Slots, lengths
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.store.adjustment import KeptMeans
from reidsearch.store.crops.state import State

_NOT_SEEN = -1


def slots_of(held: KeptMeans, ids: CropIds, known: CropIds, cameras: NDArray[np.int64]) -> Slots:
    """Return (n,) the slots of crops, by the cameras of those that are known."""
    slot_of = {one.camera_id: slot for slot, one in enumerate(held.counted)}
    every, at = np.unique(cameras, return_inverse=True)
    slots = np.array([slot_of.get(camera, COMMON) for camera in every.tolist()], np.int32)[at]
    rows = np.minimum(np.searchsorted(known, ids), max(len(known) - 1, 0))
    if not len(known):
        return np.zeros(len(ids), np.int32)
    return np.where(known[rows] == ids, slots[rows], np.int32(COMMON)).astype(np.int32)


def norms_of(vectors: Vectors, means: Vectors) -> Vectors:
    """Return (n,) the distances of (n, d) vectors from the (n, d) means of their cameras."""
    return lengths(vectors - means)


class Taking:
    """Norms of crops, taken while an index is filled.

    Args:
        means: taken before, of the same `state`.
        known, cameras: (n,) crops with a camera, and its id.
    """

    def __init__(
        self, means: KeptMeans, state: State, known: CropIds, cameras: NDArray[np.int64]
    ) -> None:
        self.means, self.state = means, state
        self._known, self._cameras = known, cameras
        self._slots = np.full(state.last_crop_id + 1, _NOT_SEEN, np.int32)
        self._norms = np.ones(len(self._slots), np.float32)

    def see(self, ids: CropIds, vectors: Vectors) -> None:
        """Take the norms of (n,) crops, increasing, from their (n, d) embeddings."""
        count = int(np.searchsorted(ids, len(self._slots)))  # later ones have come meanwhile
        ids, vectors = ids[:count], vectors[:count]
        if not count:
            return
        here = slice(
            np.searchsorted(self._known, ids[0]), np.searchsorted(self._known, ids[-1], "right")
        )
        slots = slots_of(self.means, ids, self._known[here], self._cameras[here])
        self._slots[ids] = slots
        self._norms[ids] = norms_of(vectors, self.means.means[slots])

    def fill(self, norms: Vectors, ids: CropIds, slots: Slots) -> CropIds:
        """Set those of (n,) norms by crop id that were taken for these slots; return other ids."""
        seen = np.zeros(len(ids), dtype=bool)
        count = int(np.searchsorted(ids, len(self._slots)))
        seen[:count] = self._slots[ids[:count]] == slots[:count]
        norms[ids[seen]] = self._norms[ids[seen]]
        return ids[~seen]
