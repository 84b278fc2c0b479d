"""Where one source of footage lies: a file, a folder of frames, or an object that is fetched."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.locations import location_text
from reidsearch.base.reading import refusal
from reidsearch.base.settings_file import read_settings
from reidsearch.media.files.remote import fetched, fingerprint_of, remote_of
from reidsearch.media.video.open import lies_there, path_of
from reidsearch.store.crops.store import Store


class SourcePlace:
    """The place of one source, while a run takes it in.

    Attributes:
        path: as it was given, absolute; or the location of an object.
        location: as it is recorded.
        file: what is read; of an object, only while it is `at_hand`.
    """

    def __init__(self, path: str, store: Store) -> None:
        self.path = self.file = path
        self.location = location_text(path)
        self._remote = remote_of(path)
        self._store = store

    @cached_property
    def _endpoint(self) -> str | None:
        return read_settings(self._store.address).objects.endpoint

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Fetch what lies in a store of objects, for as long as it is read.

        Raises:
            StorageError: the store cannot be used.
        """
        if self._remote is None:
            yield
            return
        with fetched(self._remote, self._endpoint, self._store.folder) as file:
            self.file = os.fspath(file)
            yield

    def fetching_digest(self, fingerprint: str) -> bytes | None:
        """Return what an object is claimed by before it is fetched; None: nothing is fetched."""
        if self._remote is None:
            return None
        return hashlib.sha256(f"{self._remote}\n{fingerprint}".encode()).digest()

    def fingerprint(self) -> str:
        """Return what changes when the file, folder of frames or object changes.

        Raises:
            Refused: it is not there, or cannot be read.
        """
        if self._remote is None:
            return fingerprint_of_files(self.path)
        found = fingerprint_of(self._remote, self._endpoint)
        if found is None:
            raise Refused(Reason.MISSING, "there is no such object any more")
        return found

    def lies(self, location: str) -> bool:
        """Tell whether anything lies at this or another place."""
        remote = remote_of(location)
        if remote is None:
            return lies_there(Path(location) if location == self.path else path_of(location))
        return fingerprint_of(remote, self._endpoint) is not None

    def require_unchanged(self, fingerprint: str) -> None:
        """A recorder may still write it, or a disk be lost; one that was deleted was read whole.

        Raises:
            Refused: (unreadable) other bytes lie there now.
        """
        if self.lies(self.path) and self.fingerprint() != fingerprint:
            raise Refused(
                Reason.UNREADABLE,
                "it changed while it was read",
                "index it again when nothing writes it any more",
            )


def fingerprint_of_files(path: str) -> str:
    """Return what changes when the file, or anything in the folder of frames, changes.

    Raises:
        Refused: it is not there, or cannot be read.
    """
    try:
        status = os.stat(path)  # noqa: PTH116
        if not stat.S_ISDIR(status.st_mode):
            return f"{status.st_size}-{status.st_mtime_ns}"
        with os.scandir(path) as entries:
            found = [entry.stat() for entry in entries]
    except OSError as error:
        raise refusal(error) from error
    total, newest = (
        sum(one.st_size for one in found),
        max((one.st_mtime_ns for one in found), default=0),
    )
    return f"{len(found)}-{total}-{newest}"
