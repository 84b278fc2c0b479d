"""Errors of Python, the system and libraries, as the product's own."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from reidsearch.base.errors import Kind, ReidsearchError, StorageError

_NO_FILES = tuple(os.strerror(number) for number in (errno.EMFILE, errno.ENFILE))
_NO_MEMORY = (os.strerror(errno.ENOMEM), "std::bad_alloc")


def exhausted(error: BaseException, what: str = "") -> StorageError | None:
    """Return the error of a process that has no file descriptors or no memory left; else None.

    Such a process fails wherever it next opens a file, which says nothing of that file.

    Args:
        what: was being done or opened.
    """
    before = f"{what}: " if what else ""
    number = getattr(error, "errno", None)
    # Libraries of C++ have the text alone.
    said = str(error) if isinstance(error, RuntimeError) else ""
    if number in {errno.EMFILE, errno.ENFILE} or any(text in said for text in _NO_FILES):
        return StorageError(f"{before}too many files are open", kind=Kind.TOO_MANY_FILES)
    if (
        number == errno.ENOMEM
        or isinstance(error, MemoryError)
        or any(text in said for text in _NO_MEMORY)
    ):
        return StorageError(f"{before}there is no memory left", kind=Kind.OUT_OF_MEMORY)
    return None


@contextmanager
def telling_exhaustion(what: str) -> Iterator[None]:
    """Raise what `exhausted` says of an error; any other passes.

    Raises:
        StorageError: no file descriptors or no memory are left.
    """
    try:
        yield
    except (OSError, MemoryError, RuntimeError) as error:
        if told := exhausted(error, what):
            raise told from error
        raise


def as_ours(error: Exception) -> ReidsearchError:
    """Return any error as one that can be told: its own, or what it says of the machine."""
    if isinstance(error, ReidsearchError):
        return error
    if resource := exhausted(error, str(getattr(error, "filename", None) or "")):
        return resource
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return StorageError(f"{error.strerror or error}{where}")
    return ReidsearchError(f"unexpected error: {type(error).__name__}: {error}")
