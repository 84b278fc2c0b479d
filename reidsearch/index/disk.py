"""The one boundary to FAISS and the disk under index files: whose fault an error is.

A file that is missing or makes no sense is damaged, and the index is rebuilt from the database. A
machine that has no room, memory or file descriptors left says nothing about the file: that goes to
the caller as a `StorageError`, and nothing is rebuilt.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from reidsearch.base.errors import StorageError
from reidsearch.index.contract import IndexDamaged

_HINTS = {
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "raise the system's limit of open files",
    errno.ENOMEM: "free some memory, or raise its limit",
}
"""What is wrong with the machine, not with the file."""


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Read an index file, or ask FAISS to.

    Raises:
        IndexDamaged: it is missing, or cannot be read.
        StorageError: the machine has no memory or no file descriptors left.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise IndexDamaged(f"{path.name} is missing") from error
    except (OSError, RuntimeError, MemoryError) as error:  # RuntimeError is FAISS's own
        code = _exhausted(error)
        if code is not None:
            raise StorageError(
                f"{path} cannot be read: {os.strerror(code)}", _HINTS[code]
            ) from error
        raise IndexDamaged(f"{path.name} cannot be read: {error}") from error


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Write an index file, or have FAISS write it.

    Raises:
        StorageError: it cannot be written; what there is of it is left to the caller.
    """
    try:
        yield
    except (OSError, RuntimeError, MemoryError) as error:
        code = _exhausted(error)
        hint = "free some space" if code is None else _HINTS[code]
        raise StorageError(f"{path} cannot be written: {error}", hint) from error


def _exhausted(error: Exception) -> int | None:
    """Return which of the machine's means is used up; None: that is not the cause."""
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    if isinstance(error, OSError):
        return error.errno if error.errno in _HINTS else None
    # FAISS tells only the text of the system's error.
    return next((code for code in _HINTS if os.strerror(code) in str(error)), None)
