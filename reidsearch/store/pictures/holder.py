"""What this room needs of an archive that holds pictures (`Store` is one), and where they are."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection

from reidsearch.base.address import Address
from reidsearch.base.object_address import ObjectAddress

if TYPE_CHECKING:
    from reidsearch.media.files.objects import Objects


@dataclass(frozen=True, slots=True)
class Place:
    """A store of objects that an archive has pictures in.

    Args:
        folder: below the address; of this archive alone.
        takes_new: whether new pictures go there; else it is being left.
    """

    address: ObjectAddress
    folder: str
    takes_new: bool


class Holder(Protocol):
    """An archive, as `Store` and its contract tell.

    Attributes:
        objects: stores of objects that were used already, which keep their connections.
    """

    address: Address
    objects: dict[Place, Objects]

    @property
    def location(self) -> str:
        """Where the archive is, as messages and commands name it."""
        ...

    def read(self) -> AbstractContextManager[Connection]:
        """See `store.contract`."""
        ...

    def scan(self) -> AbstractContextManager[Connection]:
        """See `store.contract`."""
        ...

    def write(self) -> AbstractContextManager[Connection]:
        """See `store.contract`."""
        ...
