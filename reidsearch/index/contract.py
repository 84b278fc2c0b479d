"""What a vector index must do, seen from its consumer (`gallery.py`).

An index is derived: it can be rebuilt from the database by row id, is caught up with `add` and
`remove`, and its answers are checked against the database. So a remote engine can stand here too.
`tests/contract_vectors.py` is the contract suite that every engine passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from reidsearch.base.errors import ArchiveError
from reidsearch.domain.answers import Plan
from reidsearch.domain.crops import CropIds, Vectors


class IndexDamaged(ArchiveError):
    """A file of the index is not what was written; the index has to be rebuilt."""


class Truth(Protocol):
    """Where the full-precision embeddings are (the database)."""

    def __call__(self, ids: CropIds) -> tuple[CropIds, Vectors]:
        """Those of `ids` that are held, increasing, and their (n, d) float32 embeddings."""
        ...


@dataclass(frozen=True, slots=True)
class Hits:
    """Top-k of one query, best first; equal scores are ordered by crop id.

    Args:
        ids: (m,) int64 crop ids, m <= k.
        scores: (m,) float32 inner products, not increasing.
        exact: whether these are proven to be the best; otherwise the recall is the index's.
    """

    ids: CropIds
    scores: Vectors
    exact: bool = True

    def __post_init__(self) -> None:
        if self.ids.shape != self.scores.shape or self.ids.ndim != 1:
            raise ValueError(f"ids {self.ids.shape} and scores {self.scores.shape} differ")


class VectorIndex(Protocol):
    """Unit vectors under crop ids, searched by inner product."""

    @property
    def kind(self) -> str:
        """The engine and its method, for people and for the `generation` table."""
        ...

    def __len__(self) -> int:
        """How many vectors are searched."""
        ...

    def ids(self) -> CropIds:
        """All ids held, increasing."""
        ...

    def vectors(self, ids: CropIds) -> Vectors:
        """(n, d) float32 of ids that are held. Raises KeyError for others."""
        ...

    def add(self, ids: CropIds, vectors: Vectors) -> None:
        """Take (n,) increasing ids above all held, with their (n, d) unit vectors."""
        ...

    def remove(self, ids: CropIds) -> None:
        """Forget ids at once; ids not held are ignored."""
        ...

    def plan(self, k: int, allowed: CropIds | None = None, *, exact: bool = False) -> Plan:
        """How `search` with these arguments will go."""
        ...

    def search(
        self, query: Vectors, k: int, allowed: CropIds | None = None, *, exact: bool = False
    ) -> Hits:
        """The k best of all, or of `allowed` (ids, increasing; ids not held are ignored).

        Args:
            query: (d,) float32 of unit length.
            exact: prove that these are the best, whatever it costs.

        Returns:
            min(k, number of candidates) hits, always: filters never cost answers.

        Raises:
            IndexDamaged: a file is not what was written.
        """
        ...

    def search_many(
        self, queries: Vectors, k: int, allowed: CropIds | None = None, *, exact: bool = False
    ) -> list[Hits]:
        """`search` for each of many queries; quicker than one by one.

        Scores may differ from those of `search` in their last bits.

        Args:
            queries: (n, d) float32, rows of unit length.

        Returns:
            n hits, in the order of the queries.
        """
        ...

    def above(self, query: Vectors, least: float, allowed: CropIds | None = None) -> Iterator[Hits]:
        """Everything that scores `least` or more, exactly, best first, in parts."""
        ...

    def save(self, path: Path) -> None:
        """Write everything to a new file, and to others beside it that it names.

        The others are on the disk when it returns (`base.atomic.sync`); the caller publishes the
        file itself.
        """
        ...

    def needs_rebuild(self) -> bool:
        """Whether it would be better built anew from all that it holds."""
        ...

    def prove(self) -> None:
        """Read what was not yet read of the files. Raises IndexDamaged."""
        ...

    def differing(self, ids: CropIds, vectors: Vectors) -> CropIds:
        """Those of (n,) held ids whose stored form does not belong to these (n, d) vectors."""
        ...


class IndexEngine(Protocol):
    """Makes indexes of one kind."""

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
    ) -> VectorIndex:
        """An empty index.

        Args:
            truth: full-precision embeddings of what will be added.
            folder: where it may already write parts of what `save` will announce; None: nowhere.
            sample: gives (n, d) of what will be added; None: what is added first has to do.
        """
        ...

    def load(self, path: Path, truth: Truth, folder: Path | None = None) -> VectorIndex:
        """Read what `save` wrote.

        Raises:
            ArchiveError: it is no such file, or a file that it names is damaged.
        """
        ...

    def files(self, path: Path) -> list[str]:
        """Names of the files that a saved index consists of, without `path` itself."""
        ...


def no_ids() -> CropIds:
    """An empty id array."""
    return np.empty(0, dtype=np.int64)


def no_hits() -> Hits:
    """What is found among nothing."""
    return Hits(no_ids(), np.empty(0, dtype=np.float32))
