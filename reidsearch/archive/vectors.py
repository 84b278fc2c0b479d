"""What a vector index must do, seen from its consumer (`gallery.py`).

An index is derived: it can be rebuilt from the database by row id, is caught up with `add` and
`remove`, and its answers are checked against the database. So a remote engine can stand here too.
`tests/contract_vectors.py` is the contract suite that every engine passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from reidsearch.records import CropIds, Vectors


@dataclass(frozen=True, slots=True)
class Hits:
    """Top-k of one query, best first; equal scores are ordered by crop id.

    Args:
        ids: (m,) int64 crop ids, m <= k.
        scores: (m,) float32 inner products, not increasing.
    """

    ids: CropIds
    scores: Vectors

    def __post_init__(self) -> None:
        if self.ids.shape != self.scores.shape or self.ids.ndim != 1:
            raise ValueError(f"ids {self.ids.shape} and scores {self.scores.shape} differ")


class VectorIndex(Protocol):
    """Unit vectors under crop ids, searched by inner product."""

    @property
    def kind(self) -> str:
        """The engine and its method, for people and for the `generation` table."""
        ...

    @property
    def exact(self) -> bool:
        """Whether `search` scores every vector exactly."""
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

    def search(self, query: Vectors, k: int, allowed: CropIds | None = None) -> Hits:
        """The k best of all, or of `allowed` (ids, increasing; ids not held are ignored).

        Args:
            query: (d,) float32 of unit length.

        Returns:
            min(k, number of candidates) hits, always: filters never cost answers.
        """
        ...

    def search_many(self, queries: Vectors, k: int, allowed: CropIds | None = None) -> list[Hits]:
        """`search` for each of many queries; quicker than one by one.

        Scores may differ from those of `search` in their last bits.

        Args:
            queries: (n, d) float32, rows of unit length.

        Returns:
            n hits, in the order of the queries.
        """
        ...

    def save(self, path: Path) -> None:
        """Write everything to a new file."""
        ...


class IndexEngine(Protocol):
    """Makes indexes of one kind."""

    def create(self, dimension: int) -> VectorIndex:
        """An empty index."""
        ...

    def load(self, path: Path) -> VectorIndex:
        """Read what `save` wrote. Raises ArchiveError when it is no such file."""
        ...


def no_ids() -> CropIds:
    """An empty id array."""
    return np.empty(0, dtype=np.int64)
