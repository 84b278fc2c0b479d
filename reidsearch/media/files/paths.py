"""Single files: what their names say, and pictures' bytes within the limits of pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.reading import open_regular, refusal
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


def require_bytes(size_bytes: int, limits: PictureLimits) -> None:
    """Refuse a size that is zero or over the limit.

    Raises:
        Refused: empty, too-many-bytes.
    """
    if size_bytes == 0:
        raise Refused(Reason.EMPTY, "the file is empty")
    if size_bytes > limits.max_bytes:
        raise Refused(Reason.TOO_MANY_BYTES, f"{size_bytes} bytes, the limit is {limits.max_bytes}")


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
