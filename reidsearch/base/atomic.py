"""Files and folders that appear whole or not at all: write aside, sync, rename, sync the folder.

The contract:

- A file is written under a temporary name in the folder of its final name, forced to the disk,
  renamed, and then the folder is forced to the disk. A process that is killed, or a power cut, at
  any point leaves either what was there before or all of the new file, never a part of it; when
  `publish` has returned, the new file survives a power cut.
- Temporary names (`is_temporary`) are made of a digest of the final name, so that no file of a user
  has one. What is made under one is new, never what lay there, and is locked while its process
  lives: the next attempt at the same final name takes away what a killed process left, and nothing
  that is in use, no link and nothing else.
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
import hashlib
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl

SUFFIX = ".partial"
SLOTS = 8  # attempts at one final name at the same time; more take a name by chance
_WINDOWS = os.name == "nt"
_NAME = re.compile(r"\.reidsearch-[0-9a-f]{16}-[0-9a-f]+\.partial")
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class InUse(OSError):
    """Another process is making the same folder just now."""


def is_temporary(name: str) -> bool:
    """Tell whether a name is one of those that are given here."""
    return _NAME.fullmatch(name) is not None


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
    """Give an empty temporary file to write to; publish it at the end, or remove it on an error."""
    with _temporary(final, folder=False) as partial:
        yield partial
        publish(partial, final)


@contextlib.contextmanager
def creating(final: Path) -> Iterator[Path]:
    """Like `replacing`, but never replace anything, not even what appeared meanwhile.

    Raises:
        FileExistsError: something has the name already.
    """
    with _temporary(final, folder=False) as partial:
        yield partial
        sync(partial)
        _name(partial, final)
        sync(final.parent)


def _name(partial: Path, final: Path) -> None:
    """Give a file its final name if that is free: a link is refused where a name is taken."""
    try:
        final.hardlink_to(partial)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, such as FAT
        if os.path.lexists(final):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final)) from None
        partial.replace(final)


@contextlib.contextmanager
def scratch_folder(final: Path) -> Iterator[Path]:
    """Make an empty temporary folder beside `final`, for parts that are published one by one.

    The folder is removed at the end.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(final, folder=True) as partial:
        yield partial


@contextlib.contextmanager
def new_folder(final: Path, *, replace: bool = False) -> Iterator[Path]:
    """Make a folder to be filled; give it its final name at the end, or remove it on an error.

    Args:
        replace: a folder that has the name is moved aside, and removed when the new one has it. No
            system call of Python's exchanges two folders: a kill in the instant between leaves
            the name free, and both folders whole under temporary names.

    Raises:
        InUse: another process is making it.
        OSError: among others, when `final` exists and is not an empty folder.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(final, folder=True, alone=True) as partial:
        yield partial
        if _WINDOWS and final.is_dir() and not replace:
            final.rmdir()
        for path in partial.rglob("*"):
            sync(path)
        sync(partial)
        with _moved_aside(final) if replace and final.is_dir() else contextlib.nullcontext():
            partial.rename(final)  # over an empty folder too, and over nothing else
        sync(final.parent)


@contextlib.contextmanager
def _moved_aside(final: Path) -> Iterator[None]:
    """Free the name of a folder; the folder is removed at the end, or put back on an error."""
    with _temporary(final, folder=True) as aside:
        if _WINDOWS:
            aside.rmdir()
        final.rename(aside)
        try:
            yield
        except OSError:
            aside.rename(final)
            raise
        shutil.rmtree(aside, ignore_errors=True)


# -- temporary names --------------------------------------------------------------------------


@contextlib.contextmanager
def _temporary(final: Path, *, folder: bool, alone: bool = False) -> Iterator[Path]:
    """A new, empty file or folder beside `final`, locked; removed at the end if it is still there.

    Args:
        alone: raise InUse where another process is at it.
    """
    digest = hashlib.sha256(os.fsencode(final.name)).hexdigest()[:16]
    names = (f".reidsearch-{digest}-{slot:x}{SUFFIX}" for slot in range(SLOTS))
    for name in names:
        partial = final.with_name(name)
        try:
            made = _made(partial, folder=folder)
        except OSError as error:  # the user knows no temporary name
            raise type(error)(error.errno, error.strerror, str(final)) from error
        if made is None and _removed_leftover(partial, alone=alone):
            made = _made(partial, folder=folder)
        if made is not None:
            break
    else:
        partial = final.with_name(f".reidsearch-{digest}-{secrets.token_hex(16)}{SUFFIX}")
        made = _made(partial, folder=folder)
        if made is None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(partial))
    try:
        yield partial
    finally:
        made.remove()


class _Made:
    """What was made under a temporary name, known by its inode."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._identity = _identity(os.fstat(descriptor))
        if _WINDOWS:  # what is open there cannot be renamed
            os.close(descriptor)
        self._descriptor = None if _WINDOWS else descriptor

    def is_there(self) -> bool:
        try:
            return _identity(os.lstat(self._path)) == self._identity
        except FileNotFoundError:
            return False

    def remove(self) -> None:
        try:
            if self.is_there():
                if self._path.is_dir():
                    shutil.rmtree(self._path, ignore_errors=True)
                else:
                    self._path.unlink(missing_ok=True)
        finally:
            if self._descriptor is not None:
                os.close(self._descriptor)


class _MadeUnlocked(_Made):
    """A folder on Windows, which is not opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = _identity(os.lstat(path))
        self._descriptor = None


def _made(path: Path, *, folder: bool) -> _Made | None:
    """Make an empty file or folder and lock it; None where the name is taken."""
    try:
        if not folder:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_FOLLOW
            descriptor = os.open(path, flags, 0o666)
        else:
            path.mkdir(mode=0o700)
            if _WINDOWS:
                return _MadeUnlocked(path)
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _NO_FOLLOW)
            except FileNotFoundError:  # taken for a leftover before it was locked
                return None
    except FileExistsError:
        return None
    _lock(descriptor, wait=True)
    made = _Made(path, descriptor)
    if made.is_there():
        return made
    made.remove()  # taken for a leftover before it was locked
    return None


def _removed_leftover(path: Path, *, alone: bool) -> bool:
    """Remove what a killed process left under a temporary name; False: it is something else.

    Raises:
        InUse: it belongs to a process that lives, and `alone` was asked for.
    """
    if _WINDOWS:
        with contextlib.suppress(OSError):  # what is open there cannot be removed
            path.unlink()
            return True
        return False
    try:
        if stat.S_IFMT(os.lstat(path).st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
            return False
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | _NO_FOLLOW)
    except OSError:
        return False
    try:
        if not _lock(descriptor, wait=False):
            if alone:
                raise InUse(errno.EBUSY, "another process is writing it", str(path))
            return False
        if _identity(os.fstat(descriptor)) == _identity(os.lstat(path)):
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
    except FileNotFoundError:
        pass  # another process has removed it
    finally:
        os.close(descriptor)
    return not os.path.lexists(path)


def _lock(descriptor: int, *, wait: bool) -> bool:
    """Lock what is open until its process dies; False: another process holds it."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        # Some network file systems lock nothing: what is made there is used without, and what
        # lies there is left alone.
        return wait
    return True


def _identity(entry: os.stat_result) -> tuple[int, int]:
    return entry.st_dev, entry.st_ino
