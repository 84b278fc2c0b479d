"""Files and folders that appear whole or not at all: write aside, sync, rename, sync the folder.

The contract:

- A file is written under a temporary name in the folder of its final name, forced to the disk,
  renamed, and then the folder is forced to the disk. A process that is killed, or a power cut, at
  any point leaves either what was there before or all of the new file, never a part of it; when
  `publish` has returned, the new file survives a power cut.
- Temporary names end in `.partial` and are derived from the final name. So leftovers of a killed
  process are never taken for the real thing, and replaced by the next attempt, which has the same
  temporary name.
- Two processes must not write to one final name at the same time: the caller holds a lock.
- Folders made here can be read by their owner alone (mode 0700), and so can everything inside.
- An `OSError` goes to the caller, who knows which sentence the user needs; nothing temporary is
  left behind then.

    with atomic.replacing(folder / "notes.json") as partial:
        partial.write_text("{}")

`creating` does the same for a name that nothing may have yet.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

SUFFIX = ".partial"
_WINDOWS = os.name == "nt"


def temporary(final: Path) -> Path:
    """Return the temporary name of a file or folder, in the same folder."""
    return final.with_name(final.name + SUFFIX)


def sync(path: Path) -> None:
    """Force the bytes of a file, or the names in a folder, to the disk."""
    if _WINDOWS and path.is_dir():
        return  # NTFS journals names itself, and opens no folder
    # Windows syncs only what is open for writing; elsewhere reading is enough.
    descriptor = os.open(path, os.O_RDWR if _WINDOWS else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(partial: Path, final: Path) -> None:
    """Give a complete file its final name in the same file system, replacing what is there."""
    sync(partial)
    partial.replace(final)
    sync(final.parent)


@contextlib.contextmanager
def replacing(final: Path) -> Iterator[Path]:
    """Give a temporary path to write a file to; publish it at the end, or remove it on an error."""
    partial = temporary(final)
    try:
        yield partial
        publish(partial, final)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def creating(final: Path) -> Iterator[Path]:
    """Like `replacing`, but never replace anything, not even what appeared meanwhile.

    Raises:
        FileExistsError: something has the name already.
    """
    partial = temporary(final)
    try:
        yield partial
        sync(partial)
        _name(partial, final)
        sync(final.parent)
    finally:
        partial.unlink(missing_ok=True)


def _name(partial: Path, final: Path) -> None:
    """Give a file its final name if that is free: a link is refused where a name is taken."""
    try:
        final.hardlink_to(partial)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, such as FAT
        if final.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final)) from None
        partial.replace(final)


@contextlib.contextmanager
def scratch_folder(final: Path) -> Iterator[Path]:
    """Make an empty temporary folder beside `final`, for parts that are published one by one.

    The folder is removed at the end.
    """
    partial = temporary(final)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700, parents=True)
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextlib.contextmanager
def new_folder(final: Path) -> Iterator[Path]:
    """Make a folder to be filled; give it its final name at the end, or remove it on an error.

    Raises:
        OSError: among others, when `final` exists and is not an empty folder.
    """
    with scratch_folder(final) as partial:
        yield partial
        if final.is_dir():
            final.rmdir()
        for path in partial.rglob("*"):
            sync(path)
        sync(partial)
        partial.rename(final)
        sync(final.parent)
