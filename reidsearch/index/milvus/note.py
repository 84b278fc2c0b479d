"""The file of a generation whose vectors a server has: which crops these are.

A line of JSON, and the ids. It is described by a row of the database as every generation is, so
that a crash cannot make it say more than what was verified to be on the server.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reidsearch.base import own_files
from reidsearch.domain.crops import CropIds
from reidsearch.index.contract import IndexDamaged
from reidsearch.index.disk import reading
from reidsearch.index.layout import LARGEST_DIMENSION, mapped, require_increasing

FORMAT = "reidsearch/milvus/1"
LONGEST_HEAD = 4096


@dataclass(frozen=True, slots=True)
class MilvusNote:
    """What a collection holds of an archive.

    Args:
        name: of the collection.
        dimension: of its vectors.
        ids: increasing.
    """

    name: str
    dimension: int
    ids: CropIds

    def write(self, path: Path) -> None:
        """Write it to a new file."""
        head = {"format": FORMAT, "collection": self.name, "dimension": self.dimension}
        with own_files.create(path) as file:
            file.write(json.dumps(head).encode("ascii") + b"\n")
            file.write(self.ids.astype("<i8").tobytes())

    @classmethod
    def read(cls, path: Path) -> MilvusNote:
        """Read what `write` wrote.

        Raises:
            IndexDamaged: it is something else.
        """
        with reading(path):
            data = mapped(path)
        head, newline, _ = bytes(data[:LONGEST_HEAD]).partition(b"\n")
        try:
            told = json.loads(head) if newline else None
        except ValueError:
            told = None
        ids = data[len(head) + 1 :]
        if not isinstance(told, dict) or told.get("format") != FORMAT or len(ids) % 8:
            raise IndexDamaged(f"{path.name} is no note of a collection")
        name, dimension = told.get("collection"), told.get("dimension")
        if (
            not isinstance(name, str)
            or not isinstance(dimension, int)
            or not 0 < dimension <= LARGEST_DIMENSION
        ):
            raise IndexDamaged(f"{path.name} names no collection")
        numbers = np.frombuffer(ids, "<i8").astype(np.int64)
        require_increasing(numbers, path.name)
        return cls(name, dimension, numbers)
