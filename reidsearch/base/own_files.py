"""The files that this program keeps in folders of its own, never reached through a link.

An archive may come from elsewhere, and then a name in it may be a symbolic link, a pipe or a
device. So whatever is read, written, replaced or removed there goes through here: the folder that
holds it is opened without following a link, and then the file in it, which has to be a regular
one. New files are made under names that nothing has; a file that lies there is never opened for
writing, so that a hard link to it changes nothing elsewhere.

What is made can be read by its owner, and by the group where the folder is open to the group; by
others never.

Every function raises `OSError`, of which `NotOurs` says that something else has the name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from reidsearch.base import atomic
from reidsearch.base.foreign_errors import telling_exhaustion

_AT = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_SHARED = 0o060  # of the folder's mode: what the group may
_FLAGS = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a pipe waits for nobody
    | getattr(os, "O_BINARY", 0)
)


class NotOurs(OSError):
    """A link, a pipe, a device or a folder where a file or folder of this program should be."""


def make_folder(folder: Path) -> None:
    """Make a folder in one of ours unless it is there; it is open to whom that one is open to."""
    mode = folder.parent.stat().st_mode
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if shared := mode & 0o070:
            folder.chmod(0o700 | shared)
        atomic.sync(folder.parent)
    with _opened(folder):
        pass


def create(path: Path) -> BinaryIO:
    """Open a new file for writing.

    Raises:
        FileExistsError: something has the name already.
    """
    with _opened(path.parent) as at:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS
        descriptor = os.open(_name(path, at), flags, 0o600, dir_fd=at)
        try:
            if _AT and (shared := _mode(path.parent, at) & _SHARED):
                os.fchmod(descriptor, 0o600 | shared)
        except BaseException:
            os.close(descriptor)
            raise
    return os.fdopen(descriptor, "w+b")


def open_file(path: Path) -> FileIO:
    """Open a regular file for reading.

    Raises:
        StorageError: no file descriptors or no memory are left.
        OSError: it is not there (`NotOurs`: it is something else).
    """
    with telling_exhaustion(str(path)), _opened(path.parent) as at:
        if not _AT:
            _require(path, os.lstat(path))
        try:
            descriptor = os.open(_name(path, at), os.O_RDONLY | _FLAGS, dir_fd=at)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENXIO):
                raise NotOurs(error.errno, "is no regular file", str(path)) from error
            raise
    try:
        _require(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb", buffering=0)


def read_bytes(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file.

    Raises:
        NotOurs: it holds more than `most` bytes.
    """
    with open_file(path) as file:
        if os.fstat(file.fileno()).st_size > most:
            raise NotOurs(errno.EFBIG, f"holds more than {most} bytes", str(path))
        parts, left = [], most
        while left > 0 and (part := file.read(left)):
            parts.append(part)
            left -= len(part)
    return b"".join(parts)


def rename(old: Path, new: Path) -> None:
    """Give a file another name in the same folder, replacing a regular file that has it; sync."""
    with _opened(old.parent) as at:
        for path in (old, new):
            with contextlib.suppress(FileNotFoundError):
                _require(path, _looked(path, at))
        os.replace(_name(old, at), _name(new, at), src_dir_fd=at, dst_dir_fd=at)
        if at is not None:
            os.fsync(at)


def remove(path: Path) -> None:
    """Remove a regular file; nothing happens where there is none of the name."""
    with contextlib.suppress(FileNotFoundError), _opened(path.parent) as at:
        _require(path, _looked(path, at))
        os.unlink(_name(path, at), dir_fd=at)


def names(folder: Path) -> list[str]:
    """Return the names of all that lies in a folder; none where there is no folder."""
    with contextlib.suppress(FileNotFoundError), _opened(folder) as at:
        return sorted(os.listdir(folder if at is None else at))  # noqa: PTH208 - a descriptor
    return []


def is_file(path: Path) -> bool:
    """Tell whether a regular file of ours has the name."""
    try:
        with _opened(path.parent) as at:
            _require(path, _looked(path, at))
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int | None]:
    """A descriptor of a folder that is no link; None where names cannot be looked up in one."""
    if not _AT:
        entry = os.lstat(folder)
        if not stat.S_ISDIR(entry.st_mode) or getattr(entry, "st_reparse_tag", False):
            raise NotOurs(errno.ENOTDIR, "is no folder of its own, but a link", str(folder))
        yield None
        return
    try:
        at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
            raise NotOurs(error.errno, "is no folder, but a link or a file", str(folder)) from error
        raise
    try:
        yield at
    finally:
        os.close(at)


def _name(path: Path, at: int | None) -> str:
    return str(path) if at is None else path.name


def _looked(path: Path, at: int | None) -> os.stat_result:
    return os.stat(_name(path, at), dir_fd=at, follow_symlinks=False)


def _mode(folder: Path, at: int | None) -> int:
    return (folder.stat() if at is None else os.fstat(at)).st_mode


def _require(path: Path, entry: os.stat_result) -> None:
    if not stat.S_ISREG(entry.st_mode):
        raise NotOurs(errno.EINVAL, "is no regular file", str(path))
