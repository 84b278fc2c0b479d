"""Files in FAISS's own layout, which FAISS never reads: their heads are known byte by byte.

Whoever wrote a file also wrote its checksum, so a fitting checksum says nothing of what FAISS would
make of the file, and FAISS trusts the counts and sizes in it. So a file is taken apart here: all
but its arrays has to be what FAISS itself writes for so many vectors of that dimension and codec,
and an index made here is given the arrays, mapped or copied.
"""

from __future__ import annotations

import mmap
import os
import struct
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from reidsearch.base import own_files
from reidsearch.domain.crops import CropIds
from reidsearch.index.contract import IndexDamaged
from reidsearch.index.disk import reading

LARGEST_DIMENSION = 1 << 16
_COUNT = struct.Struct("<q")
_HEAD_BYTES = 37  # of every index: fourcc, dimension, count, two dummies, trained, metric
_COUNT_AT = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the arrays of a file lie.

    Args:
        head: its first bytes.
        values_bytes: of the array after them.
        tail: the count that follows, of the ids; empty: there are none.
        ids: how many follow, of 8 bytes each.
    """

    head: bytes
    values_bytes: int
    tail: bytes = b""
    ids: int = 0

    @property
    def size_bytes(self) -> int:
        """Of the whole file."""
        return len(self.head) + self.values_bytes + len(self.tail) + 8 * self.ids

    def require(self, data: memoryview, name: str) -> None:
        """Compare a file with the layout, all but its arrays.

        Raises:
            IndexDamaged: it is another file.
        """
        after = len(self.head) + self.values_bytes
        if (
            len(data) != self.size_bytes
            or data[: len(self.head)] != self.head
            or data[after : after + len(self.tail)] != self.tail
        ):
            raise IndexDamaged(f"{name} is not laid out as an index of {self.ids} crops")

    def ids_of(self, data: memoryview) -> CropIds:
        """Return a copy of the ids."""
        at = len(self.head) + self.values_bytes + len(self.tail)
        return np.frombuffer(data, "<i8", self.ids, at).astype(np.int64)


def flat_layout(dimension: int, count: int) -> Layout:
    """Return the layout of a flat index with ids."""
    empty = serialized(faiss.IndexIDMap(faiss.IndexFlatIP(dimension)))
    head = bytearray(empty[: 2 * _HEAD_BYTES + 8])
    for start in (0, _HEAD_BYTES):
        _COUNT.pack_into(head, start + _COUNT_AT, count)
    _COUNT.pack_into(head, 2 * _HEAD_BYTES, count * dimension)
    return Layout(bytes(head), 4 * count * dimension, _COUNT.pack(count), count)


def count_in(data: memoryview) -> tuple[int, int]:
    """Return the dimension and the count that a file's head claims; zeros of one that has none."""
    if len(data) < _HEAD_BYTES:
        return 0, 0
    dimension, count = struct.unpack_from("<iq", data, _COUNT_AT - 4)
    return dimension, count


def filled_scan(empty: Any, count: int, data: bytes, name: str) -> tuple[Any, CropIds]:
    """Return an index of scan codes with what a file holds, and its ids.

    Args:
        empty: of the same codec; it becomes the index.

    Raises:
        IndexDamaged: the file is no index of so many codes of this codec.
    """
    lists = faiss.downcast_InvertedLists(empty.invlists)
    packed = -(-count // lists.n_per_block) * lists.block_size
    if count < 1 or len(data) < packed + 8 * count:  # before memory is taken for them
        raise IndexDamaged(f"{name} is not laid out as an index of {count} crops")
    lists.resize(0, count)
    empty.ntotal = count
    whole = serialized(empty)
    at = len(whole) - packed - 8 - 8 * count  # of the ids; after them a count, then the codes
    codes_at = len(whole) - packed
    if (
        len(data) != len(whole)
        or data[:at] != whole[:at]
        or data[codes_at - 8 : codes_at] != whole[codes_at - 8 : codes_at]
    ):
        raise IndexDamaged(f"{name} is not laid out as an index of {count} crops")
    ids = np.frombuffer(data, "<i8", count, at).astype(np.int64)
    require_increasing(ids, name)
    faiss.rev_swig_ptr(lists.get_ids(0), count)[:] = ids
    faiss.rev_swig_ptr(lists.get_codes(0), packed)[:] = np.frombuffer(
        data, np.uint8, packed, codes_at
    )
    return empty, faiss.rev_swig_ptr(empty.invlists.get_ids(0), count)


def require_increasing(ids: CropIds, name: str) -> None:
    """Refuse ids that are not crop ids, increasing.

    Raises:
        IndexDamaged: they are something else.
    """
    if len(ids) and (ids[0] < 1 or (np.diff(ids) <= 0).any()):
        raise IndexDamaged(f"{name} holds ids that do not increase")


def serialized(index: Any) -> bytes:
    """Return what FAISS would write to a file."""
    written: NDArray[np.uint8] = faiss.serialize_index(index)
    return written.tobytes()


def view_of(data: memoryview, offset: int, size_bytes: int) -> tuple[NDArray[np.uint8], Any]:
    """Return a stretch of mapped bytes as an array, and as what FAISS takes for codes.

    The array has to live as long as an index that has the other.
    """
    array = np.frombuffer(data, np.uint8, size_bytes, offset)
    nobody = faiss.MaybeOwnedVectorUInt8().owner
    codes = faiss.MaybeOwnedVectorUInt8.create_view(faiss.swig_ptr(array), array.size, nobody)
    return array, codes


def mapped(path: Path) -> memoryview:
    """Map a file that is not empty.

    Raises:
        IndexDamaged: it is missing, empty, or no regular file.
    """
    with reading(path), own_files.open_file(path) as file:
        return mapped_file(file, path.name)


def mapped_file(file: FileIO, name: str) -> memoryview:
    """Map an open file."""
    if not os.fstat(file.fileno()).st_size:
        raise IndexDamaged(f"{name} is empty")
    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
