"""How long people take between cameras, and what that says of a sighting.

`Archive.transit` is a `TransitService`. Everything is computed from what is confirmed when it is
asked; nothing is kept.
"""

from __future__ import annotations

from collections.abc import Collection

from reidsearch.domain.decisions import PHOTO, Presence
from reidsearch.domain.transit_times import TransitModel
from reidsearch.linking.transit_model import transit_model
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.presence import presences
from reidsearch.store.identities.ledger import Ledger
from reidsearch.store.identities.store import log as decision_log


class TransitService:
    """Transit times of one archive."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def model(self, *, cameras: Collection[str] | None = None) -> TransitModel:
        """Return what confirmed journeys say of the ways between cameras.

        Args:
            cameras: the only ones whose sightings may be seen; None: all.

        Example:
            >>> archive.transit.model().times["gate", "yard"].median_s
            41.7
        """
        with self._store.one_state():
            return transit_model(confirmed_sightings(self._store, cameras=cameras))


def confirmed_sightings(
    store: Store, *, until: int | None = None, cameras: Collection[str] | None = None
) -> dict[int, list[Presence]]:
    """Return what is confirmed of every identity, by its id.

    Args:
        until: as it was after this decision; None: as it is.
        cameras: the only ones whose sightings may be seen; None: all.
    """
    with store.read() as connection:
        decisions = [
            one for one in decision_log(connection) if until is None or one.decision_id <= until
        ]
        members = Ledger.replay(decisions).members()
        seen = presences(connection, (one for one in members if one.kind != PHOTO))
    found: dict[int, list[Presence]] = {}
    for member, one in seen.items():
        if cameras is None or one.camera in cameras:
            found.setdefault(members[member], []).append(one)
    return found
