"""`Archive.places`: regions and lines in the pictures of cameras, kept under names.

archive.places.add(Region("gate", ((0, 0.5), (1, 0.5), (1, 1), (0, 1)), name="forecourt"))
archive.search("person.jpg", filters=Filters(regions=("forecourt",), dwell_s=120))
"""

from __future__ import annotations

from reidsearch.domain.places import Place
from reidsearch.services.sight import Sight
from reidsearch.store import places as held
from reidsearch.store.crops.store import Store


class PlaceService:
    """The regions and lines of one archive. Every change has an entry of the event log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, sight: Sight | None = None) -> list[Place]:
        """Return all of them, by camera and name.

        Args:
            sight: what may be seen; None: everything.
        """
        with self._store.read() as connection:
            every = held.places(connection)
        return [one for one in every if sight is None or sight.camera(one.camera)]

    def add(self, place: Place) -> Place:
        """Keep a region or line under its name.

        Raises:
            NotFound: the archive has no such camera.
            UsageError: it has no name, or another is kept under it.
        """
        with self._store.write() as connection:
            held.add(connection, place)
        return place

    def remove(self, name: str, sight: Sight | None = None) -> Place:
        """Remove what is kept under a name, and return it.

        Args:
            sight: what may be seen; None: everything.

        Raises:
            NotFound: nothing is.
        """
        with self._store.write() as connection:
            return held.remove(connection, name, sight.cameras if sight else None)
