"""Makes and loads indexes whose vectors a Milvus server has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import IndexDamaged, Truth, no_ids
from reidsearch.index.milvus import KIND
from reidsearch.index.milvus.index import MilvusIndex
from reidsearch.index.milvus.note import MilvusNote
from reidsearch.index.milvus.server import Collection

SPAN = 1 << 20  # crop ids a partition, of which a collection may have 4096: four billion crops
OWN_ROWS = 4000  # candidates that are read from the database rather than asked for


@dataclass(frozen=True)
class MilvusEngine:
    """Makes `MilvusIndex`es over one collection, which all machines of an archive share.

    Args:
        url: of the server.
        archive_id: of the archive; another collection for each, and for each model.
        model_id: of the embeddings.
        without_server: answer from the database while the server cannot.
        span: crop ids a partition.
        own_rows: as many candidates are read from the database, without the server.
    """

    url: str
    archive_id: str
    model_id: int
    without_server: bool = False
    span: int = SPAN
    own_rows: int = OWN_ROWS
    kind = KIND

    @cached_property
    def collection(self) -> Collection:
        """The collection, which may not exist yet."""
        return Collection(self.url, self.archive_id, self.model_id, self.span)

    def create(
        self,
        dimension: int,
        truth: Truth,
        folder: Path | None = None,
        sample: Callable[[], Vectors] | None = None,
    ) -> MilvusIndex:
        """Return an empty index, which finds on the server what is added and there already."""
        return self._index(dimension, truth, no_ids(), adopting=True)

    def load(self, path: Path, truth: Truth, folder: Path | None = None) -> MilvusIndex:
        """Read the note of a collection; the server is asked when something is searched.

        Raises:
            IndexDamaged: it is no such file, or of another collection.
        """
        note = MilvusNote.read(path)
        if note.name != self.collection.name:
            raise IndexDamaged(f"{path.name} is of another collection, {note.name[:100]}")
        return self._index(note.dimension, truth, note.ids, adopting=False)

    def files(self, path: Path) -> list[str]:
        """Return none: the rest is on the server."""
        return []

    def clear(self) -> None:
        """Drop the collection, so that what is made next owes nothing to it."""
        self.collection.drop()

    def _index(self, dimension: int, truth: Truth, held: CropIds, *, adopting: bool) -> MilvusIndex:
        return MilvusIndex(
            self.collection,
            dimension,
            truth,
            held,
            adopting=adopting,
            own_rows=self.own_rows,
            without_server=self.without_server,
        )
