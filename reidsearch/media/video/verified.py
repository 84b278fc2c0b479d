"""What was once found out by reading all bytes of footage, as long as they cannot have changed.

Sixty gigabytes take minutes to be hashed, so a clip of a second must not hash them again. Kept in
the user's cache folder, a small file for each place, with the size, the times of the last change
and the inode of that time; where any of them is another now, it is found out anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reidsearch.base import atomic
from reidsearch.base.cache import cache_folder


def state_of(path: str | os.PathLike[str]) -> str:
    """Return a text that changes whenever a file, or anything in a folder of frames, changes.

    Empty where nothing can be read.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - names that are no text
        if not stat.S_ISDIR(status.st_mode):
            return _state(status)
        with os.scandir(path) as entries:
            lines = sorted(f"{entry.name} {_state(entry.stat())}\n" for entry in entries)
    except (OSError, ValueError):
        return ""
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _state(status: os.stat_result) -> str:
    # The inode changes where another file takes the name, ctime where a program sets mtime back.
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"


def known_of(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """Return what is known of the bytes that lie there now; empty where nothing is.

    `sha256`: hexadecimal; `even`: whether the time stamps go on without a jump.
    """
    state = state_of(path)
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(_file_of(path).read_text(encoding="utf-8"))
        if isinstance(kept, dict) and state and kept.get("state") == state:
            return kept
    return {}


def remember(path: str | os.PathLike[str], state: str, **found: str | bool) -> None:
    """Keep what was found out while the bytes were in this state."""
    if not state or state_of(path) != state:
        return  # they changed meanwhile
    with contextlib.suppress(OSError, ValueError):
        kept = {**known_of(path), **found, "state": state}
        file = _file_of(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic.replacing(file) as partial:
            partial.write_text(json.dumps(kept), encoding="utf-8")


def forget(path: str | os.PathLike[str]) -> bool:
    """Remove what was found out of a place; return whether there was anything."""
    file = _file_of(path)
    with contextlib.suppress(OSError):
        file.unlink()
        return True
    return False


def folder() -> Path:
    """Return where it is kept, of all places."""
    return cache_folder() / "footage"


def _file_of(path: str | os.PathLike[str]) -> Path:
    place = os.fsencode(os.path.abspath(path))  # noqa: PTH100 - no resolve
    return folder() / f"{hashlib.sha256(place).hexdigest()[:32]}.json"
