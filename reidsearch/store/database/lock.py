"""One writer at a time, and a message that names it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from reidsearch.base.actor import system_user
from reidsearch.base.errors import ArchiveLocked, StorageError
from reidsearch.base.timecode import iso, now

LOCK = "writer.lock"
HOLDER = "writer.json"  # a file of its own: opening the lock empties it
PROBED_S = 0.25  # `is_locked` holds the lock for microseconds: a writer waits for that


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
        lock.acquire(timeout=PROBED_S, poll_interval=0.01)
    except Timeout as error:
        raise ArchiveLocked(
            f"{folder} is being written by {_holder(folder)}",
            "wait for it or stop it; queries work meanwhile",
        ) from error
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        sign(folder)
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


def sign(folder: Path, run_id: int | None = None) -> None:
    """Write down who holds the lock, and for which index run; by its holder."""
    holder = {
        "pid": os.getpid(),
        "user": system_user(),
        "host": socket.gethostname(),
        "since": iso(now().replace(microsecond=0)),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "run_id": run_id,
    }
    with contextlib.suppress(OSError):  # without space the lock still holds, only nameless
        (folder / HOLDER).write_text(json.dumps(holder), encoding="utf-8")


def live_run(folder: Path) -> int | None:
    """Return the index run that the lock's present holder is at; None: it is at none."""
    if not is_locked(folder):
        return None
    run_id = _note(folder).get("run_id")
    return run_id if isinstance(run_id, int) else None


def _holder(folder: Path) -> str:
    try:
        return "process {pid} of {user} on {host} since {since} ({command})".format(**_note(folder))
    except KeyError:
        return "another process"


def _note(folder: Path) -> dict[str, Any]:
    try:
        holder = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}
