"""Files that one server has and the next request asks another one for.

`Archive.passing` is a `PassingService`. Servers on several machines have no folder in common, so
what a browser is to fetch goes through their archive's database; `store/passing.py` bounds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from reidsearch.base.errors import Kind, NotFound
from reidsearch.store import passing
from reidsearch.store.crops.store import Store
from reidsearch.store.passing import Room


class PassingService:
    """The files that the servers of one archive pass to each other."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def needed(self) -> bool:
        """Whether servers of this archive may be on several machines."""
        return self._store.node is not None

    def made_once(self, of: object, make: Callable[[Path], object], into: Path) -> None:
        """Write a file to `into`, the same for whoever asks any server for it.

        Args:
            of: what makes it up; its `repr` tells it from others.
            make: writes the file where no server has made it lately.
        """
        key = hashlib.sha256(repr(of).encode("utf-8", "backslashreplace")).hexdigest()
        if passing.fetch(self._store, Room.CLIP, key, into):
            return
        erasures = self._store.state().erasures
        make(into)
        if self._put(Room.CLIP, key, into, erasures):
            passing.fetch(self._store, Room.CLIP, key, into)  # another one may have been faster

    def pass_output(self, job_id: int, output: Path, erasures: int) -> None:
        """Pass what a job has written on, and remove it here; what is too large stays.

        Args:
            erasures: how many there had been when the job began.
        """
        for path in sorted(one for one in output.iterdir() if one.is_file()):
            if self._put(Room.JOB, str(job_id), path, erasures):
                path.unlink()

    def output(self, job_id: int, into: Path) -> str | None:
        """Write the file of a job to `into`, and return its name; None: it was not passed on."""
        name = passing.name_of(self._store, Room.JOB, str(job_id))
        found = name and passing.fetch(self._store, Room.JOB, str(job_id), into)
        return name if found else None

    def _put(self, room: Room, key: str, path: Path, erasures: int) -> bool:
        with path.open("rb") as data:
            size = path.stat().st_size
            return passing.put(self._store, room, key, path.name, data, size, erasures=erasures)


class PassedPictures:
    """Pictures that somebody asked with, for all servers; as `kept_pictures.KeptPictures`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, data: bytes) -> str:
        """Keep the bytes of a picture, which the caller has decoded; return their SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        passing.put(self._store, Room.PICTURE, sha256, sha256, BytesIO(data), len(data))
        return sha256

    def read(self, sha256: str) -> bytes:
        """Return the bytes of a kept picture.

        Raises:
            NotFound: it is not kept.
        """
        data = passing.read(self._store, Room.PICTURE, sha256)
        if data is None:
            raise NotFound(
                f"the picture {sha256[:12]} is not kept here",
                "give the picture again",
                kind=Kind.PICTURE_NOT_KEPT,
            )
        return data
