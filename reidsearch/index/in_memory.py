"""The index in memory, and up to which crop it has what the database holds.

It begins empty, or as the file of a generation; it takes in what was stored after that, and gives
up what was erased.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from reidsearch.base.errors import absent
from reidsearch.base.progress import Progress
from reidsearch.domain.models import ModelIdentity
from reidsearch.index.adjusting import Adjusting
from reidsearch.index.contract import FileIndex, IndexDamaged, VectorIndex
from reidsearch.index.cores import ahead, gathered
from reidsearch.index.disk import reading
from reidsearch.index.factory import Choose, loader_of
from reidsearch.index.generations import loaded
from reidsearch.index.recall import Measured
from reidsearch.index.recent import Recent
from reidsearch.store.crops.embeddings import (
    embedded_ids,
    embedding_count,
    embedding_rows,
    embeddings_after,
    some_embeddings,
)
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import Generation

SAMPLE = 16_384  # embeddings that a compact index trains its codes from
MANY_ROWS = 10_000  # read while others are added
ADDED_AT_ONCE = 32_768  # rows: as many as a compact index makes codes of


class IndexInMemory:
    """The index of an archive as far as it was taken in; `Gallery` says when and with whom.

    Args:
        choose: the engine.
    """

    def __init__(self, store: Store, choose: Choose) -> None:
        self._store = store
        self._choose = choose
        self._index: FileIndex | None = None
        self._measured: Measured | None = None
        self._adjusting = Adjusting(store)
        self._taken_to = 0  # the last crop id ever taken in, erased or not
        self._truth = Recent(lambda ids: embedding_rows(store, ids, self._dimension()))
        self.model: ModelIdentity | None = None
        self.generation = 0

    def __len__(self) -> int:
        return len(self._index) if self._index is not None else 0

    @property
    def index(self) -> VectorIndex | None:
        """The index, caught up by `sync`; None while the archive has no model."""
        return self._index

    def _begin(self, kind: str | None, folder: Path | None) -> None:
        """Begin an empty index for all that the database holds."""
        engine = self._choose(embedding_count(self._store), kind)
        self._truth.forget()
        sample = partial(some_embeddings, self._store, SAMPLE, self._dimension())
        self._index = engine.create(self._dimension(), self._truth, folder, sample)
        self._taken_to, self.generation, self._measured = 0, 0, None

    def _read(self, newest: Generation, folder: Path | None) -> None:
        """Take the file of a generation for the index.

        Raises:
            ArchiveError: it is not what the database says of it, or of a kind unknown here.
        """
        engine = loader_of(newest.kind, self._choose, newest.crops)
        if engine is None:
            raise IndexDamaged(f"{newest.path.name} is of kind {newest.kind}, unknown here")
        with reading(newest.path):
            self._index = loaded(newest, engine, self._truth, self._dimension(), folder)
        self._measured = Measured.of_row(newest.recall)
        if newest.last_crop_id > self._store.state().last_crop_id:
            raise IndexDamaged(f"{newest.path.name} claims crops that were never stored")
        self._taken_to, self.generation = newest.last_crop_id, newest.number

    def _last_id(self) -> int:
        ids = self._index.ids() if self._index is not None else np.empty(0, np.int64)
        return max(self._taken_to, int(ids[-1]) if len(ids) else 0)

    def _catch_up(self, progress: Progress) -> None:
        if self._index is None:
            raise absent("the index")
        started = False
        lacking = embeddings_after(self._store, self._taken_to, self._dimension())
        number = self._store.state().last_crop_id - self._taken_to  # or less: some were erased
        if number > MANY_ROWS:
            lacking = gathered(ahead(lacking), ADDED_AT_ONCE)
        for ids, vectors in lacking:
            if not started:
                progress.begin("reading embeddings", number, "crops")
                started = True
            self._index.add(ids, vectors)
            self._adjusting.see(ids, vectors)
            self._taken_to = int(ids[-1])
            progress.advance(len(ids))
        if started:
            progress.end()

    def _mask_erased(self, up_to: int) -> None:
        if self._index is not None:
            held = embedded_ids(self._store, up_to)
            self._index.remove(np.setdiff1d(self._index.ids(), held, assume_unique=True))

    def _dimension(self) -> int:
        if self.model is None:
            raise absent("the archive's model")
        return self.model.dimension
