"""One writer at a time, and a message that names it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from reidsearch.base.actor import system_user
from reidsearch.base.errors import ArchiveLocked, StorageError
from reidsearch.base.timecode import iso, now

LOCK = "writer.lock"
HOLDER = "writer.json"  # a file of its own: opening the lock empties it


@contextlib.contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold the archive's writer lock; the operating system frees it when the process dies.

    Raises:
        ArchiveLocked: another process holds it; the message names process, user, host and since
            when.
        StorageError: the folder cannot be written.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ArchiveLocked(
            f"{folder} is being written by {_holder(folder)}",
            "wait for it or stop it; queries work meanwhile",
        ) from error
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        _sign(folder)
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / HOLDER).unlink()
        lock.release()


def is_locked(folder: Path) -> bool:
    """Tell whether some process holds the writer lock just now."""
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # nobody can write there
        return False
    lock.release()
    return False


def _sign(folder: Path) -> None:
    holder = {
        "pid": os.getpid(),
        "user": system_user(),
        "host": socket.gethostname(),
        "since": iso(now().replace(microsecond=0)),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }
    with contextlib.suppress(OSError):  # without space the lock still holds, only nameless
        (folder / HOLDER).write_text(json.dumps(holder), encoding="utf-8")


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        return "process {pid} of {user} on {host} since {since} ({command})".format(**holder)
    except (OSError, ValueError, KeyError):
        return "another process"
