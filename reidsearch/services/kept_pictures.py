"""Pictures that somebody asked with, kept by their SHA-256 in a private folder of bounded size.

So an answer has an address that works after a reload, for as long as its pictures are kept. They
are of no archive: nothing here is evidence, and the folder may be emptied at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import threading
from pathlib import Path

from reidsearch.base import own_files
from reidsearch.base.atomic import replacing
from reidsearch.base.errors import Kind, NotFound, StorageError
from reidsearch.base.said import said
from reidsearch.base.settings import PictureLimits

MOST_BYTES = 512 * 1024 * 1024
MOST_PICTURES = 2_000
_NAME = re.compile(r"[0-9a-f]{64}")


class KeptPictures:
    """Pictures by their digest; threads may share one. The ones used longest ago go first.

    Args:
        folder: made when it is first needed, for its owner alone.
    """

    def __init__(
        self, folder: Path, *, most_bytes: int = MOST_BYTES, most_pictures: int = MOST_PICTURES
    ) -> None:
        self._folder, self._most_bytes, self._most = folder, most_bytes, most_pictures
        self._lock = threading.Lock()

    def keep(self, data: bytes) -> str:
        """Keep the bytes of a picture, which the caller has decoded; return their SHA-256.

        Raises:
            StorageError: the folder cannot be written.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._folder / sha256
        try:
            with self._lock:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                if own_files.is_file(path):
                    os.utime(path)
                else:
                    with replacing(path) as partial:
                        partial.write_bytes(data)
                        partial.chmod(0o600)
                self._make_room(but=sha256)
        except OSError as error:
            raise StorageError(f"{self._folder} cannot be written: {said(error)}") from error
        return sha256

    def read(self, sha256: str) -> bytes:
        """Return the bytes of a kept picture.

        Raises:
            NotFound: it is not kept, or no longer what it was.
        """
        path = self._folder / sha256
        if _NAME.fullmatch(sha256):
            with contextlib.suppress(OSError):
                data = own_files.read_bytes(path, PictureLimits().max_bytes)
                if hashlib.sha256(data).hexdigest() == sha256:
                    os.utime(path)
                    return data
        raise NotFound(
            f"the picture {sha256[:12]} is not kept here",
            "give the picture again",
            kind=Kind.PICTURE_NOT_KEPT,
        )

    def _make_room(self, but: str) -> None:
        found = []
        for name in own_files.names(self._folder):
            if _NAME.fullmatch(name):
                entry = (self._folder / name).lstat()
                found.append((entry.st_mtime_ns, name, entry.st_size))
        total, count = sum(size for _, _, size in found), len(found)
        for _, name, size in sorted(found):
            if total <= self._most_bytes and count <= self._most:
                return
            if name != but:
                own_files.remove(self._folder / name)
                total, count = total - size, count - 1
