"""The gallery of an archive as it was: crops up to one, under the camera means of that time.

It is made in memory from the database, and writes nothing. What was deleted since is not in it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reidsearch.base.progress import Progress
from reidsearch.domain.adjustment import AdjustedBy, Adjustment, WhyNotAdjusted
from reidsearch.index.adjusting import means_by_digest
from reidsearch.index.contract import VectorIndex
from reidsearch.index.factory import engine_for
from reidsearch.index.gallery import Gallery
from reidsearch.store.crops.embeddings import embeddings_after
from reidsearch.store.crops.store import Store


class PastGallery(Gallery):
    """A gallery that ends at a crop.

    Args:
        last_crop_id: the last that it holds.
        adjusted: how scores were adjusted by then.
    """

    def __init__(self, store: Store, last_crop_id: int, adjusted: AdjustedBy) -> None:
        super().__init__(store, engine_for)
        self._ends_at, self._adjusted_by = last_crop_id, adjusted
        self._adjustment: Adjustment | WhyNotAdjusted | None = None
        self.readjusted = False
        """Whether the means of that time could not be had, and those in force stand for them."""

    def adjustment(self) -> Adjustment | WhyNotAdjusted:
        """Return how scores were adjusted, or why they were not."""
        with self.busy:
            if self._adjustment is None:
                self._adjustment = self._of_that_time()
            return self._adjustment

    def _of_that_time(self) -> Adjustment | WhyNotAdjusted:
        if self._adjusted_by.why_not is not None:
            return self._adjusted_by.why_not
        if self._index is None or self._state is None:
            return WhyNotAdjusted.NOT_PREPARED
        state, dimension = self._store.state(), self._dimension()
        means = means_by_digest(self._store, state, dimension, self._adjusted_by)
        if means is None:
            self.readjusted = True
            return self._adjusting.of(self._index, state, dimension)
        return self._adjusting.by(self._index, means)

    def _sync(self, progress: Progress, folder: Path | None) -> None:
        state = self._store.state()
        if self._index is not None or state.model_id is None:
            return
        self.model = self._store.model()
        self._begin(None, None)
        index: VectorIndex | None = self._index
        for ids, vectors in embeddings_after(self._store, 0, self._dimension()):
            held = ids <= self._ends_at
            if index is not None and held.any():
                index.add(ids[held], vectors[held])
            if not held.all():
                break
        self._state = replace(state, last_crop_id=self._ends_at)
