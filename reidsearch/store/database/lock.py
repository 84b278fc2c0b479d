"""One writer at a time, and a message that names it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from reidsearch.base import own_files
from reidsearch.base.errors import ArchiveLocked, StorageError
from reidsearch.store.database import lock_notes

if sys.platform != "win32":
    import fcntl

LOCK = "writer.lock"
HOLDER = "writer.json"  # a file of its own: opening the lock empties it
RUNNER = "jobs.lock"
WORKER = "worker.lock"
FILES = "files.lock"  # beside files of a machine whose archive is elsewhere
LARGEST_NOTE = 1 << 22
PROBED_S = 0.25  # `is_locked` holds the lock for microseconds: a writer waits for that


@contextlib.contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold the archive's writer lock; the operating system frees it when the process dies.

    Raises:
        ArchiveLocked: another process holds it; the message names process, user, host and since
            when.
        StorageError: the folder cannot be written.
    """
    lock = _lock_of(folder)
    try:
        _require_own(folder / LOCK)
        lock.acquire(timeout=PROBED_S, poll_interval=0.01)
    except Timeout as error:
        raise ArchiveLocked(
            f"{folder} is being written by {holder(folder)}",
            "wait for it or stop it; queries work meanwhile",
        ) from error
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        sign(folder)
        yield
    finally:
        with contextlib.suppress(OSError):
            own_files.remove(_holder_file(folder))
        lock.release()


def runner_lock(folder: Path) -> AbstractContextManager[None]:
    """Hold the right to run the archive's jobs; it too is freed when the process dies.

    Raises:
        ArchiveLocked: another process holds it.
        StorageError: the folder cannot be written.
    """
    return _held(folder, RUNNER, ArchiveLocked(f"another process runs the jobs of {folder}"))


def worker_lock(folder: Path) -> AbstractContextManager[None]:
    """Hold the right to work through the archive's queue; it too is freed when the process dies.

    Raises:
        ArchiveLocked: another process holds it.
        StorageError: the folder cannot be written.
    """
    refusal = ArchiveLocked(
        f"another worker is at work on {folder}",
        "an archive in a folder has one worker at a time; one of PostgreSQL any number",
    )
    return _held(folder, WORKER, refusal)


@contextlib.contextmanager
def _held(folder: Path, name: str, refusal: ArchiveLocked) -> Iterator[None]:
    lock = _lock_of(folder, name)
    try:
        _require_own(folder / name)
        lock.acquire(timeout=PROBED_S, poll_interval=0.01)
    except Timeout as error:
        raise refusal from error
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def files_lock(folder: Path, archive: str, *, wait: bool) -> Iterator[None]:
    """Hold the right to write this machine's files of an archive that is elsewhere.

    Args:
        wait: until it is free; else at once or not at all.

    Raises:
        ArchiveLocked: another process of this machine holds it.
        StorageError: the folder cannot be written.
    """
    lock = _lock_of(folder, FILES)
    try:
        _require_own(folder / FILES)
        lock.acquire(timeout=-1 if wait else PROBED_S, poll_interval=0.05 if wait else 0.01)
    except Timeout as error:
        raise ArchiveLocked(
            f"another process of this machine writes the index files of {archive}"
        ) from error
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()


def is_locked(folder: Path, name: str = LOCK) -> bool:
    """Tell whether some process holds the writer lock, or the lock of this name, just now."""
    lock = _lock_of(folder, name)
    try:
        _require_own(folder / name)
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # no permission to write there, which others may have
        return _is_held(folder / name)
    lock.release()
    return False


def _lock_of(folder: Path, name: str = LOCK) -> FileLock:
    """The lock, whose file is open to whom the folder is open to, but for others."""
    try:
        shared = folder.stat().st_mode & 0o060
    except OSError:
        shared = 0
    return FileLock(folder / name, mode=0o600 | shared)


def _require_own(path: Path) -> None:
    """Refuse a lock file that is something else: taking the lock empties it.

    Raises:
        OSError: it is a link, or no regular file.
    """
    if os.path.lexists(path) and not own_files.is_file(path.parent.resolve() / path.name):
        raise own_files.NotOurs(errno.EINVAL, f"{path.name} is no regular file", str(path))


def _is_held(path: Path) -> bool:
    """Tell whether others hold a lock that may only be read here."""
    if sys.platform == "win32":
        return False
    try:
        with own_files.open_file(path.parent.resolve() / path.name) as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def sign(folder: Path, run_id: int | None = None) -> None:
    """Write down who holds the lock, and for which index run; by its holder."""
    path = _holder_file(folder)
    with contextlib.suppress(OSError):  # without space the lock still holds, only nameless
        own_files.remove(path)
        with own_files.create(path) as file:
            file.write(json.dumps(lock_notes.note(run_id)).encode())


def _holder_file(folder: Path) -> Path:
    return folder.resolve() / HOLDER


def live_runs(folder: Path) -> frozenset[int]:
    """Return the index run that the lock's present holder is at, if it is at one."""
    run_id = lock_notes.run_of(_note(folder)) if is_locked(folder) else None
    return frozenset() if run_id is None else frozenset([run_id])


def holder(folder: Path) -> str:
    """Return how messages name who holds the writer lock."""
    return lock_notes.named(_note(folder))


def _note(folder: Path) -> dict[str, Any]:
    try:
        return lock_notes.read(own_files.read_bytes(_holder_file(folder), LARGEST_NOTE))
    except OSError:
        return {}
