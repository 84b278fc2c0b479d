"""Files of which only what is read has to be verified: a checksum for each block.

A checksum over a whole file costs reading it whole. Here the list of the blocks' checksums is
verified instead, and a block when it is first used, so that opening a file of any size costs
nothing and nothing unverified is ever used.
"""

from __future__ import annotations

import hashlib
import os
import weakref
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reidsearch.base import own_files
from reidsearch.index.contract import IndexDamaged
from reidsearch.index.disk import reading
from reidsearch.index.layout import mapped_file

BLOCK_BYTES = 4096  # what the system reads at least
SUM_BYTES = 16  # of SHA-256: nobody finds other bytes for half of it either


def block_sums(data: bytes) -> bytes:
    """Return the checksums of all blocks of a file's bytes, one after another."""
    view = memoryview(data)
    return b"".join(
        hashlib.sha256(view[at : at + BLOCK_BYTES]).digest()[:SUM_BYTES]
        for at in range(0, len(view), BLOCK_BYTES)
    )


class VerifiedFile:
    """An open file, verified block by block as it is used.

    It is read, not mapped: its user maps it (`mapped`), and pages that are mapped twice would count
    twice. It stays open, so that it can still be verified when it was replaced.

    Args:
        sums: what `block_sums` gave for it, itself verified.
    """

    def __init__(self, path: Path, size_bytes: int, sums: bytes) -> None:
        """Open the file.

        Raises:
            IndexDamaged: it is missing, or of another size.
        """
        blocks = -(-size_bytes // BLOCK_BYTES)
        self.path = path
        with reading(path):
            self._file = own_files.open_file(path)
        weakref.finalize(self, self._file.close)
        held = os.fstat(self._file.fileno()).st_size
        if held != size_bytes or len(sums) != blocks * SUM_BYTES or not size_bytes:
            raise IndexDamaged(f"{path.name} has {held} bytes, expected {size_bytes}")
        self.size_bytes = size_bytes
        self._sums = sums
        self._verified = np.zeros(blocks, dtype=bool)
        self._whole = False

    def mapped(self) -> memoryview:
        """Map the file, of which nothing may be read before it is verified."""
        return mapped_file(self._file, self.path.name)

    def verify(self, begin: NDArray[np.int64], length: int) -> None:
        """Verify stretches of the file before they are read.

        Args:
            begin: (n,) offsets of the stretches.
            length: of each, in bytes; at most a block's.

        Raises:
            IndexDamaged: a block's checksum differs.
        """
        if self._whole:
            return
        first, last = begin // BLOCK_BYTES, (begin + length - 1) // BLOCK_BYTES
        if self._verified[first].all() and self._verified[last].all():
            return
        touched = np.union1d(first, last)
        self._verify_blocks(touched[~self._verified[touched]])

    def verify_all(self) -> None:
        """Verify what was not yet used.

        Raises:
            IndexDamaged: a block's checksum differs.
        """
        self._verify_blocks(np.flatnonzero(~self._verified))

    def _verify_blocks(self, blocks: NDArray[np.int64]) -> None:
        handle = self._file.fileno()
        for block in blocks.tolist():
            of_sum = block * SUM_BYTES
            with reading(self.path):
                content = os.pread(handle, BLOCK_BYTES, block * BLOCK_BYTES)
            found = hashlib.sha256(content).digest()[:SUM_BYTES]
            if found != self._sums[of_sum : of_sum + SUM_BYTES]:
                raise IndexDamaged(f"{self.path.name} was altered: its checksum differs")
            # One by one: another thread may read what is verified meanwhile.
            self._verified[block] = True
        self._whole = bool(self._verified.all())
