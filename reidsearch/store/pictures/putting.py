"""Pictures on their way into the archive: an object is put before its row is committed.

A transaction finds out which pictures it stores; those of a store of objects are not put yet, so it
is rolled back, they are put without holding anything up, and it is done again. So nothing is put
that is not recorded then (of a person who is kept out, say), and no row is without its object. A
process that is killed between the two leaves an object without a row, which a check finds.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Table

from reidsearch.base.errors import StorageError
from reidsearch.store import tables
from reidsearch.store.pictures.holder import Place
from reidsearch.store.pictures.places import name_of, new_token, objects_of, place_of
from reidsearch.store.tables.pictures import picture_object

if TYPE_CHECKING:
    from reidsearch.store.pictures.holder import Holder

Result = TypeVar("Result")

HELD_BYTES = 32 << 20
"""Of pictures that are to be put: where a transaction has more, they are put while it lasts."""


class NotPut(Exception):
    """A transaction would record pictures whose objects are not put yet."""


class _Puts:
    """What one piece of work puts.

    Attributes:
        put: tokens of the objects that are put, by place and digest.
        left: of these, what the present transaction has not used.
        wanted: place, digest and JPEG of what it lacks.
        lacking: it lacked something, which may be put meanwhile.
    """

    def __init__(self, store: Holder) -> None:
        self._store = store
        self._held_bytes = 0
        self.lacking = False
        self.put: dict[tuple[Place, bytes], list[str]] = {}
        self.left: dict[tuple[Place, bytes], list[str]] = {}
        self.wanted: list[tuple[Place, bytes, bytes]] = []

    def begin(self) -> None:
        """Begin a transaction."""
        self.lacking = False
        self.left = {key: list(tokens) for key, tokens in self.put.items()}

    def token(self, place: Place, sha256: bytes, jpeg: bytes) -> str:
        """Return the token of an object that is put; nothing where one has to be."""
        tokens = self.left.get((place, sha256))
        if tokens:
            return tokens.pop()
        self.lacking = True
        self.wanted.append((place, sha256, jpeg))
        self._held_bytes += len(jpeg)
        if self._held_bytes >= HELD_BYTES:
            self.put_wanted()
        return ""

    def put_wanted(self) -> None:
        """Put what the transaction lacked."""
        for place in {place for place, _, _ in self.wanted}:
            made = [
                (sha256, new_token(), jpeg) for one, sha256, jpeg in self.wanted if one == place
            ]
            objects_of(self._store, place).put_many(
                (name_of(sha256, token), jpeg) for sha256, token, jpeg in made
            )
            for sha256, token, _ in made:
                self.put.setdefault((place, sha256), []).append(token)
        self.wanted, self._held_bytes = [], 0

    def take_back(self) -> None:
        """Delete what the transaction that was committed did not use."""
        for (place, sha256), tokens in self.left.items():
            with contextlib.suppress(StorageError):  # a check finds it
                objects_of(self._store, place).delete([name_of(sha256, token) for token in tokens])


_now: ContextVar[_Puts | None] = ContextVar("puts", default=None)


class Keeping:
    """How one transaction records pictures: asked once, then used for each.

    Example:
        >>> keeping = Keeping(connection)
        >>> table, row = keeping.row(7, jpeg)
    """

    def __init__(self, connection: Connection) -> None:
        place = place_of(connection)
        self._place = place if place is not None and place.takes_new else None
        self._puts = _now.get()
        if self._place is not None and self._puts is None:
            raise RuntimeError("pictures for a store of objects are recorded within stored()")

    def row(self, crop_id: int, jpeg: bytes) -> tuple[Table, dict[str, Any]]:
        """Return the table and the row that record a picture."""
        sha256 = hashlib.sha256(jpeg).digest()
        if self._place is None or self._puts is None:
            return tables.picture, {"crop_id": crop_id, "jpeg": jpeg, "sha256": sha256}
        token = self._puts.token(self._place, sha256, jpeg)
        values = {"crop_id": crop_id, "sha256": sha256, "size_bytes": len(jpeg), "token": token}
        return picture_object, values


def require_put() -> None:
    """Refuse to commit a transaction that records pictures which are not put.

    Raises:
        NotPut: there are such; `stored` does the transaction again.
    """
    puts = _now.get()
    if puts is not None and puts.lacking:
        raise NotPut


def stored(store: Holder, work: Callable[[], Result]) -> Result:
    """Do work of one transaction that records pictures, and put before what it lacks.

    Args:
        work: may be done several times; all but the last are rolled back.

    Raises:
        StorageError: the store of objects cannot be used; nothing of the transaction is stored.
    """
    if _now.get() is not None:
        return work()
    puts = _Puts(store)
    reset = _now.set(puts)
    try:
        while True:
            puts.begin()
            try:
                result = work()
            except NotPut:
                puts.put_wanted()
                continue
            break
    finally:
        _now.reset(reset)
    puts.take_back()
    return result
