"""Temporary folders of running programs that hold something of one archive.

Their names tell of which archive, so that another program of the same account can empty them when
something was erased from it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

MADE = "made"
"""Clips that a server keeps while a browser fetches them."""
JOBS = "jobs"
"""What jobs write for somebody to fetch."""
FETCHED = "fetched"
"""Footage of a store of objects, while it is read."""
KINDS = (MADE, JOBS, FETCHED)


def prefix_of(kind: str, archive: Path) -> str:
    """Return how the names of an archive's temporary folders of a kind begin."""
    named = hashlib.sha256(os.fsencode(archive.resolve())).hexdigest()[:16]
    return f"reidsearch-{kind}-{named}-"


def folders(kind: str, archive: Path) -> Iterator[Path]:
    """Yield those that are there and belong to this account."""
    for found in Path(tempfile.gettempdir()).glob(f"{prefix_of(kind, archive)}*"):
        if not found.is_symlink() and (os.name != "posix" or found.stat().st_uid == os.getuid()):
            yield found


def empty(kind: str, archive: Path) -> int:
    """Remove what they hold, and return how many files that were; the folders stay."""
    count = 0
    for folder in folders(kind, archive):
        with contextlib.suppress(
            FileNotFoundError, NotADirectoryError
        ):  # its program ends just now
            for one in sorted(folder.iterdir()):
                inside = one.is_dir() and not one.is_symlink()
                count += sum(each.is_file() for each in one.rglob("*")) if inside else 1
                if inside:
                    shutil.rmtree(one, ignore_errors=True)
                else:
                    one.unlink(missing_ok=True)
    return count
