"""Single files: their names as text, and their bytes without ever hanging on what is no file."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from reidsearch.base.errors import Reason, Refused, exhausted
from reidsearch.base.settings import PictureLimits

PICTURES = frozenset(
    f".{name}"
    for names in (
        ("jpg", "jpeg", "jpe", "jfif", "mpo"),
        ("png", "webp", "avif", "gif", "bmp", "dib", "tif", "tiff"),
        ("jp2", "j2k", "jpx", "jpf"),
        ("pbm", "pgm", "ppm", "pnm", "pfm", "ras", "sr"),
    )
    for name in names
)
VIDEOS = frozenset(
    f".{name}"
    for names in (
        ("mp4", "m4v", "mov", "qt", "3gp", "3g2", "f4v", "mkv", "webm", "avi", "divx"),
        ("ts", "m2ts", "mts", "mpg", "mpeg", "m2v", "m1v", "vob", "mxf", "flv"),
        ("wmv", "asf", "ogv", "ogm", "dav", "264", "h264", "avc", "265", "h265", "hevc"),
        ("mjpeg", "mjpg", "ivf", "y4m", "nut", "rm", "rmvb"),
    )
    for name in names
)
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
ZIPS = (".zip",)
CONTAINERS = TARS + ZIPS
MANIFESTS = (".csv", ".tsv", ".jsonl", ".ndjson")


NAMED_AT_MOST = 20


@dataclass(slots=True)
class Skipped:
    """Files that were passed over because of their type, by folder or container."""

    count: int = 0
    _folders: list[tuple[str, list[str]]] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        """Iterate over their locations."""
        for folder, names in self._folders:
            for name in names:
                yield folder + name

    def note(self, location: str) -> None:
        """Take one file."""
        self.count += 1
        head, separator, name = location.rpartition("/")
        folder = head + separator
        if not self._folders or self._folders[-1][0] != folder:
            self._folders.append((folder, []))
        self._folders[-1][1].append(name)


def kind_of(name: str) -> str:
    """`picture`, `video`, `container`, `hidden` or `other`, from a file's name alone."""
    if name[0] == "." or name == "Thumbs.db":
        return "hidden"
    lower = name.lower()
    ending = lower[lower.rfind(".") :]
    if ending in PICTURES:
        return "picture"
    if ending in VIDEOS:
        return "video"
    return "container" if lower.endswith(CONTAINERS) else "other"


def refusal(error: OSError | ValueError) -> Refused:
    """What the operating system says about a file, as a `Refused`.

    Raises:
        StorageError: it says nothing about the file: descriptors or memory are used up.
    """
    if resource := exhausted(error, str(getattr(error, "filename", None) or "")):
        raise resource from error
    if not isinstance(error, OSError):  # a NUL in the name
        return Refused(Reason.MISSING, f"no file can have this name: {error}")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Refused(Reason.MISSING, "there is no such file")
    if error.errno == errno.ELOOP:
        return Refused(Reason.UNREADABLE, "its symbolic links go in a circle")
    if error.errno == errno.ENXIO:
        return Refused(Reason.NOT_A_FILE, "it is a socket or device, not a file")
    return Refused(Reason.UNREADABLE, f"it cannot be read: {error.strerror}")


def require_file(status: os.stat_result) -> None:
    """Refuse folders, FIFOs, sockets and devices: reading those may hang or never end.

    Raises:
        Refused: not-a-file.
    """
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a FIFO, socket or device"
        raise Refused(Reason.NOT_A_FILE, f"it is {kind}, not a file")


def require_bytes(size_bytes: int, limits: PictureLimits) -> None:
    """Refuse a size that is zero or over the limit.

    Raises:
        Refused: empty, too-many-bytes.
    """
    if size_bytes == 0:
        raise Refused(Reason.EMPTY, "the file is empty")
    if size_bytes > limits.max_bytes:
        raise Refused(Reason.TOO_MANY_BYTES, f"{size_bytes} bytes, the limit is {limits.max_bytes}")


def open_regular(path: str) -> int:
    """Open a regular file for reading; never waits, whatever lies there. The caller closes it.

    Raises:
        Refused: missing, unreadable, not-a-file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise refusal(error) from error
    try:
        require_file(os.fstat(descriptor))
    except Refused:
        os.close(descriptor)
        raise
    return descriptor


def read_regular(path: str, limits: PictureLimits) -> bytes:
    """All bytes of a regular file.

    Raises:
        Refused: missing, unreadable, not-a-file, empty, too-many-bytes.
    """
    descriptor = open_regular(path)
    try:
        size_bytes = os.fstat(descriptor).st_size
        if size_bytes:  # files of /proc say 0 and yet hold bytes
            require_bytes(size_bytes, limits)
        # More than expected is asked for: finds the end, or a file that grows, in few calls.
        parts: list[bytes] = []
        held = 0
        while part := os.read(descriptor, max(size_bytes - held, 0) + 4096):
            parts.append(part)
            held += len(part)
            if held > limits.max_bytes:
                break
    except OSError as error:
        raise refusal(error) from error
    finally:
        os.close(descriptor)
    require_bytes(held, limits)
    return b"".join(parts)
