"""What a vector index must do: searching, and apart from it, living in files.

`VectorIndex` is the search contract: add, remove, search, plan, ids and vectors. It says nothing of
where the vectors live, so that a server can stand behind it. An index is
derived: it can be rebuilt from the store by crop id, is caught up with `add` and `remove`, and its
answers are checked against the store.

`FileIndex` is a `VectorIndex` that is kept in files of the archive, and `FileEngine` makes, loads
and lists them; `gallery.py` and `generations.py` do the rest (checksums, what is in force). A
remote engine (`milvus/`) has a file as well: the note of what was verified to be on its server.

**Threads.** Searching (`search`, `search_many`, `plan`, `above`, `ids`, `vectors`, `differing`) may
happen in many threads at once; nothing else may happen meanwhile. `Gallery` sees to it.

`tests/contract_vectors.py` has a suite for each: `VectorIndexContract` and `FileEngineContract`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from reidsearch.base.errors import ArchiveError
from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.answers import Plan
from reidsearch.domain.crops import CropIds, Vectors


class IndexDamaged(ArchiveError):
    """A file of the index is not what was written; the index has to be rebuilt."""


class IndexAway(ArchiveError):
    """The server that has the vectors does not answer, or not for all that the archive holds."""


class IndexIncomplete(IndexAway):
    """It holds other crops than the archive; perhaps somebody erased some meanwhile."""


class Truth(Protocol):
    """Where the full-precision embeddings are (the database)."""

    def __call__(self, ids: CropIds) -> tuple[CropIds, Vectors]:
        """Those of `ids` that are stored, increasing, and their (n, d) float32 embeddings."""
        ...


@dataclass(frozen=True, slots=True)
class Hits:
    """Top-k of one query, best first; equal scores are ordered by crop id.

    Args:
        ids: (m,) int64 crop ids, m <= k.
        scores: (m,) float32 inner products, perhaps adjusted, not increasing.
        exact: whether these are proven to be the best; otherwise the recall is the index's.
    """

    ids: CropIds
    scores: Vectors
    exact: bool = True

    def __post_init__(self) -> None:
        if self.ids.shape != self.scores.shape or self.ids.ndim != 1:
            raise ValueError(f"ids {self.ids.shape} and scores {self.scores.shape} differ")


class VectorIndex(Protocol):
    """Unit vectors under crop ids, searched by inner product, or by what an adjustment makes of it.

    With `adjust` queries are adjusted ones (`Adjustment.queries`), and scores are camera-adjusted:
    they are ranked, limited and proven by these. It knows every stored id.
    """

    @property
    def kind(self) -> str:
        """The engine and its method, as statements show it and the `generation` table has it."""
        ...

    @property
    def warning(self) -> str:
        """What whoever reads its last answers has to know; empty: nothing."""
        ...

    def __len__(self) -> int:
        """Return how many vectors are searched."""
        ...

    def ids(self) -> CropIds:
        """Return all stored ids, increasing."""
        ...

    def vectors(self, ids: CropIds) -> Vectors:
        """Return (n, d) float32 of stored ids. Raises KeyError for others."""
        ...

    def add(self, ids: CropIds, vectors: Vectors) -> None:
        """Store (n,) increasing ids above all stored ones, with their (n, d) unit vectors."""
        ...

    def remove(self, ids: CropIds) -> None:
        """Forget ids at once; ids that are not stored are ignored."""
        ...

    def plan(self, k: int, allowed: CropIds | None = None, *, exact: bool = False) -> Plan:
        """Return how `search` with these arguments will go."""
        ...

    def search(
        self,
        query: Vectors,
        k: int,
        allowed: CropIds | None = None,
        *,
        exact: bool = False,
        adjust: Adjustment | None = None,
    ) -> Hits:
        """Find the k best of all, or of `allowed` (increasing ids; others are ignored).

        Args:
            query: (d,) float32 of unit length.
            exact: prove that these are the best, whatever it costs.
            adjust: None: scores are inner products.

        Returns:
            min(k, number of candidates) hits, always: filters never cost answers.

        Raises:
            IndexDamaged: a file is not what was written.
        """
        ...

    def search_many(
        self,
        queries: Vectors,
        k: int,
        allowed: CropIds | None = None,
        *,
        exact: bool = False,
        adjust: Adjustment | None = None,
    ) -> list[Hits]:
        """Search for each of many queries; quicker than one by one.

        Scores may differ from those of `search` in their last bits.

        Args:
            queries: (n, d) float32, rows of unit length.

        Returns:
            n hits, in the order of the queries.
        """
        ...

    def above(
        self,
        query: Vectors,
        least: float,
        allowed: CropIds | None = None,
        *,
        adjust: Adjustment | None = None,
    ) -> Iterator[Hits]:
        """Find everything that scores `least` or more, exactly, best first, in parts."""
        ...

    def differing(self, ids: CropIds, vectors: Vectors) -> CropIds:
        """Return those of (n,) stored ids whose stored form is not of these (n, d) vectors."""
        ...


class FileIndex(VectorIndex, Protocol):
    """A vector index that is kept in files beside the database."""

    @property
    def dimension(self) -> int:
        """Length of its vectors."""
        ...

    def save(self, path: Path) -> None:
        """Write everything to a new file, and to others beside it that it names.

        All are made by `base.own_files`. The others are on the disk when it returns; the caller
        publishes the file itself.

        Raises:
            OSError: one cannot be written, or `path` exists.
        """
        ...

    def needs_rebuild(self) -> bool:
        """Tell whether it would be better built anew from all that it holds."""
        ...

    def verify(self) -> None:
        """Read what was not yet read of the files. Raises IndexDamaged."""
        ...


class FileEngine(Protocol):
    """Makes and loads file indexes of one kind."""

    @property
    def kind(self) -> str:
        """The kind of its indexes."""
        ...

    def create(
        self,
        dimension: int,
        truth: Truth,
        folder: Path | None = None,
        sample: Callable[[], Vectors] | None = None,
    ) -> FileIndex:
        """Make an empty index.

        Args:
            truth: full-precision embeddings of what will be added.
            folder: where it may already write parts of what `save` will announce; None: nowhere.
            sample: gives (n, d) of what will be added; None: what is added first has to do.
        """
        ...

    def load(self, path: Path, truth: Truth, folder: Path | None = None) -> FileIndex:
        """Read what `save` wrote, whatever lies there: it is looked at before it is used.

        Raises:
            ArchiveError: it is no such file, or a file that it names is damaged.
        """
        ...

    def files(self, path: Path) -> list[str]:
        """Return the names of the files that a saved index consists of, without `path` itself."""
        ...

    def clear(self) -> None:
        """Drop what is kept outside of the archive's files: the next index is made from nothing."""
        ...


def no_ids() -> CropIds:
    """Return an empty id array."""
    return np.empty(0, dtype=np.int64)


def no_hits() -> Hits:
    """Return what is found among nothing."""
    return Hits(no_ids(), np.empty(0, dtype=np.float32))


def in_order(ids: CropIds, scores: Vectors, k: int | None, *, exact: bool) -> Hits:
    """Return the k best, best first; equal scores by crop id."""
    order = np.lexsort((ids, -scores))[:k]
    return Hits(ids[order], scores[order], exact)


def merged(a: Hits, b: Hits, k: int | None, exact: bool) -> Hits:
    """Return the k best of both."""
    ids, scores = np.concatenate([a.ids, b.ids]), np.concatenate([a.scores, b.scores])
    return in_order(ids, scores, k, exact=exact)
