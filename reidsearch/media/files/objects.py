"""Objects of an S3-compatible store, or of a folder: put once, read, listed, deleted.

The only module that knows obstore, which is imported when a store is first opened: most archives
have none. Keys come from the environment, as for AWS's own tools (`AWS_ACCESS_KEY_ID` and others).
"""

from __future__ import annotations

import datetime as dt
import errno
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidsearch.base.errors import InputError, Kind, StorageError
from reidsearch.base.object_address import ObjectAddress

if TYPE_CHECKING:
    from obstore.store import LocalStore, S3Store

AT_ONCE = 16
"""Requests that run side by side."""
DELETED_AT_ONCE = 500
RETRIES = 5
RETRY_FOR = dt.timedelta(seconds=20)
CONNECT_WITHIN = dt.timedelta(seconds=5)
ANSWER_WITHIN = dt.timedelta(seconds=60)
REST_S = 5.0
"""After a failure, nothing is asked for so long."""
_LONGEST_SAID = 300


class ObjectMissing(Exception):
    """There is no object of this name."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a store lists it.

    Args:
        name: below the address.
        tag: changes when its content does, as far as the store knows; may be empty.
    """

    name: str
    size_bytes: int
    modified: dt.datetime
    tag: str


class Objects:
    """The objects below one address. Threads may share it.

    Args:
        endpoint: of the S3-compatible server; None: Amazon's, or what `AWS_ENDPOINT_URL` says.

    Every method raises a `StorageError` (kind `objects-unreachable`) where the store cannot be
    reached, refuses the keys, or has no such bucket.
    """

    def __init__(self, address: ObjectAddress, endpoint: str | None = None) -> None:
        self.address = address
        self._endpoint = endpoint
        self._failed: tuple[float, StorageError] | None = None

    def make(self) -> None:
        """Make the folder that objects lie in, for its owner alone; a bucket has to be there."""
        if self.address.bucket is None:
            with self._telling():
                Path(self.address.path).mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, name: str, data: bytes) -> None:
        """Store a new object; one that is there under this name stays as it is."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self._telling(), suppress(AlreadyExistsError):
            obstore.put(self._store, name, data, mode="create", use_multipart=False)

    def get(self, name: str) -> bytes:
        """Return an object's bytes.

        Raises:
            ObjectMissing: there is none.
        """
        import obstore

        with self._telling():
            return bytes(obstore.get(self._store, name).bytes())

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield an object's bytes piece by piece.

        Raises:
            ObjectMissing: there is none.
        """
        import obstore

        with self._telling():
            for piece in obstore.get(self._store, name).stream(min_chunk_size=1 << 22):
                yield bytes(piece)

    def head(self, name: str) -> Listed:
        """Return what the store tells of an object.

        Raises:
            ObjectMissing: there is none.
        """
        import obstore

        with self._telling():
            return _listed(obstore.head(self._store, name))

    def put_many(self, named: Iterable[tuple[str, bytes]]) -> None:
        """Put objects side by side."""
        for _ in self._side_by_side(lambda one: self.put(*one), list(named)):
            pass

    def get_many(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """Yield the bytes of each, in their order; None: there is no such object."""

        def read(name: str) -> bytes | None:
            try:
                return self.get(name)
            except ObjectMissing:
                return None

        yield from self._side_by_side(read, names)

    def delete(self, names: Sequence[str]) -> None:
        """Delete objects; one that is not there is deleted already."""
        import obstore

        with self._telling():
            try:
                for start in range(0, len(names), DELETED_AT_ONCE):
                    obstore.delete(self._store, list(names[start : start + DELETED_AT_ONCE]))
            except FileNotFoundError:  # of a folder, which says so after the first
                for name in names:
                    with suppress(FileNotFoundError):
                        obstore.delete(self._store, [name])

    def list(self, below: str | None = None) -> Iterator[Listed]:
        """Yield all objects, or those whose names begin with a folder."""
        import obstore

        with self._telling():
            for some in obstore.list(self._store, prefix=below):
                yield from map(_listed, some)

    @cached_property
    def _store(self) -> S3Store | LocalStore:
        try:
            from obstore.store import LocalStore, S3Store
        except ImportError as error:
            raise InputError(
                f"{self.address} cannot be read: the Python package obstore is not installed",
                "install reidsearch with its extra `team`",
            ) from error
        if self.address.bucket is None:
            self._require_folder()
            return LocalStore(Path(self.address.path))
        settings: dict[str, Any] = {}
        if self._endpoint is not None:
            settings["endpoint"] = self._endpoint
        return S3Store(
            self.address.bucket,
            prefix=self.address.path or None,
            client_options={
                "allow_http": True,
                "connect_timeout": CONNECT_WITHIN,
                "timeout": ANSWER_WITHIN,
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_FOR},
            **settings,
        )

    def _require_folder(self) -> None:
        """Refuse a folder that is absent: it is not made, since a drive may not be mounted."""
        if self.address.bucket is None and not Path(self.address.path).is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "there is no such folder")

    def _side_by_side(self, work: Any, given: Sequence[Any]) -> Iterator[Any]:
        if len(given) < 2:
            yield from map(work, given)
            return
        waiting = iter(given)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # Bounded: what is read ahead of who takes it is held in memory.
            running = [pool.submit(work, one) for one in islice(waiting, 2 * AT_ONCE)]
            try:
                while running:
                    yield running.pop(0).result()
                    running += [pool.submit(work, one) for one in islice(waiting, 1)]
            finally:
                for one in running:
                    one.cancel()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        # A page of pictures, or those that run side by side, do not each wait for the retries.
        if self._failed is not None and time.monotonic() - self._failed[0] < REST_S:
            raise self._failed[1]
        try:
            yield
        except FileNotFoundError as error:
            try:
                self._require_folder()
            except OSError as absent:
                raise self._unreachable(absent) from absent
            if "NoSuchBucket" in str(error):
                raise self._unreachable(error) from error
            raise ObjectMissing from error
        except (BaseError, OSError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: BaseException) -> StorageError:
        told = StorageError(
            f"the store of objects {self.address} cannot be used: {_said(str(error))}",
            "see that it runs and that the environment has its keys; nothing that was committed "
            "is lost",
            kind=Kind.OBJECTS_UNREACHABLE,
            store=str(self.address),
        )
        self._failed = time.monotonic(), told
        return told


def _listed(told: Any) -> Listed:
    return Listed(told["path"], told["size"], told["last_modified"], told["e_tag"] or "")


def _said(text: str) -> str:
    """Return of a library's error what a reader can use, in one line."""
    text = text.split("\n\nDebug source", maxsplit=1)[0]
    code = re.search(r"<Code>(\w+)</Code>(?:.*?<Message>(.*?)</Message>)?", text, re.DOTALL)
    if code:
        return ": ".join(part for part in code.groups() if part)
    return " ".join(text.split())[:_LONGEST_SAID]
