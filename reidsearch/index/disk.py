"""The one boundary to FAISS and the disk under index files: whose fault an error is.

A file that is missing or makes no sense is damaged, and the index is rebuilt from the database. A
machine that has no room, memory or file descriptors left says nothing about the file: that goes to
the caller as a `StorageError`, and nothing is rebuilt.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from reidsearch.base import own_files
from reidsearch.base.errors import StorageError
from reidsearch.base.foreign_errors import exhausted
from reidsearch.index.contract import IndexDamaged


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Read an index file, or ask FAISS to.

    Raises:
        IndexDamaged: it is missing, no regular file, or cannot be read.
        StorageError: the machine has no memory or no file descriptors left.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise IndexDamaged(f"{path.name} is missing") from error
    except own_files.NotOurs as error:
        raise IndexDamaged(f"{path.name} {error.strerror}") from error
    except (OSError, RuntimeError, MemoryError) as error:  # RuntimeError is FAISS's own
        if told := exhausted(error, f"{path} cannot be read"):
            raise told from error
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
        raise (
            exhausted(error, f"{path} cannot be written")
            or StorageError(f"{path} cannot be written: {error}", "free some space")
        ) from error
