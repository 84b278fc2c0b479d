"""Footage in an S3-compatible store: found, told apart from what it was, and fetched.

A location is `s3://bucket/key`. FFmpeg and the proofs of a file need all of its bytes and seek in
them, so an object is fetched to a temporary file, once for an index run, and again when a still or
a clip is asked for.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.object_address import BUCKET_SCHEME, read_object_address
from reidsearch.base.temporaries import FETCHED, prefix_of
from reidsearch.media.files.objects import Listed, ObjectMissing, Objects

_FIRST_PART = BUCKET_SCHEME.split("/", maxsplit=1)[0]
KEPT_AT_MOST = 8
"""Fetched files that a process keeps for those who look at them again."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """An object as it was listed.

    Args:
        fingerprint: changes when its content does.
    """

    location: str
    size_bytes: int
    modified_ns: int
    fingerprint: str


def remote_of(path: str | os.PathLike[str]) -> str | None:
    """Return the location in a store that a path means; None: it is a file's, or a folder's.

    A `Path` has lost a slash of it.
    """
    parts = Path(path).parts
    if len(parts) < 2 or parts[0] != _FIRST_PART:
        return None
    return BUCKET_SCHEME + "/".join(parts[1:])


def files_below(location: str, endpoint: str | None) -> list[RemoteFile]:
    """Return the objects whose keys begin with a folder, or the one object, by name.

    Raises:
        StorageError: the store cannot be used.
        UsageError: the location cannot be read.
    """
    bucket, key = _split(location)
    objects = _objects(bucket, endpoint)
    if key:
        with contextlib.suppress(ObjectMissing):
            return [_file(bucket, objects.head(key))]
    below = objects.list(key or None)
    return sorted((_file(bucket, one) for one in below), key=lambda one: one.location)


def fingerprint_of(location: str, endpoint: str | None) -> str | None:
    """Return what changes when an object does; None: there is none.

    Raises:
        StorageError: the store cannot be used.
    """
    bucket, key = _split(location)
    try:
        return _file(bucket, _objects(bucket, endpoint).head(key)).fingerprint
    except ObjectMissing:
        return None


@contextlib.contextmanager
def fetched(location: str, endpoint: str | None, archive: Path) -> Iterator[Path]:
    """Give a temporary file with an object's bytes, named as the object is.

    Args:
        archive: the folder of the archive that it is fetched for.

    Raises:
        Refused: there is no such object.
        StorageError: the store, or the temporary folder, cannot be used.
    """
    _remove_leftovers(archive)
    with tempfile.TemporaryDirectory(prefix=_prefix(archive)) as folder:
        yield _fetch(location, endpoint, Path(folder))


class Fetched:
    """Objects that this process has fetched to look at, the last ones; removed when it ends.

    A thread waits while another fetches.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[tuple[str, str], Path] = {}
        self._folders: dict[Path, Path] = {}

    def file(self, location: str, endpoint: str | None, archive: Path) -> Path | None:
        """Return a file with an object's bytes as they are now; None: there is no such object.

        Raises:
            StorageError: the store, or the temporary folder, cannot be used.
        """
        with self._lock:
            now = fingerprint_of(location, endpoint)
            if now is None:
                return None
            held = self._files.pop((location, now), None)
            if held is None or not held.is_file():  # whoever erases empties the folder
                folder = Path(tempfile.mkdtemp(dir=self._folder(archive)))
                try:
                    held = _fetch(location, endpoint, folder)
                except Refused:
                    return None
            self._files[location, now] = held
            while len(self._files) > KEPT_AT_MOST:
                oldest = self._files.pop(next(iter(self._files)))
                shutil.rmtree(oldest.parent, ignore_errors=True)
            return held

    def remove(self) -> None:
        """Remove all of them."""
        with self._lock:
            for folder in self._folders.values():
                shutil.rmtree(folder, ignore_errors=True)
            self._files, self._folders = {}, {}

    def _folder(self, archive: Path) -> Path:
        held = self._folders.get(archive)
        if held is None or not held.is_dir():
            _remove_leftovers(archive)
            held = self._folders[archive] = Path(tempfile.mkdtemp(prefix=_prefix(archive)))
        return held


@cache
def fetched_files() -> Fetched:
    """Return the fetched objects of this process."""
    made = Fetched()
    atexit.register(made.remove)
    return made


def _fetch(location: str, endpoint: str | None, folder: Path) -> Path:
    bucket, key = _split(location)
    path = folder / key.rpartition("/")[2]
    try:
        with path.open("xb") as file:
            for piece in _objects(bucket, endpoint).chunks(key):
                file.write(piece)
    except ObjectMissing as error:
        raise Refused(Reason.MISSING, "there is no such object any more") from error
    return path


def _split(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix(BUCKET_SCHEME).partition("/")
    read_object_address(BUCKET_SCHEME + bucket)  # a key may hold any letters
    return bucket, key


@cache
def _objects(bucket: str, endpoint: str | None) -> Objects:
    return Objects(read_object_address(f"{BUCKET_SCHEME}{bucket}"), endpoint)


def _file(bucket: str, told: Listed) -> RemoteFile:
    modified_ns = round(told.modified.timestamp()) * 1_000_000_000
    tag = told.tag.strip('"')
    return RemoteFile(
        f"{BUCKET_SCHEME}{bucket}/{told.name}",
        told.size_bytes,
        modified_ns,
        f"{tag}-{told.size_bytes}-{modified_ns}",
    )


def _prefix(archive: Path) -> str:
    return f"{prefix_of(FETCHED, archive)}{os.getpid()}-"


def _remove_leftovers(archive: Path) -> None:
    """Remove what processes that were killed have left of an archive's footage: it is large."""
    from reidsearch.base.temporaries import folders

    beginning = len(prefix_of(FETCHED, archive))
    for folder in folders(FETCHED, archive):
        pid = folder.name[beginning:].partition("-")[0]
        if pid.isdecimal() and not _lives(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
