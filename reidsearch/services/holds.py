"""Legal holds: what must not be deleted until somebody releases it.

held = archive.holds.add(HoldOf(case="2026-17"), note="order of 2 May")
archive.holds.release(held.hold_id)
"""

from __future__ import annotations

from reidsearch.base.errors import UsageError
from reidsearch.domain.holds import Hold, HoldOf
from reidsearch.store import holds as held
from reidsearch.store.crops.store import Store
from reidsearch.store.events import require_record


class HoldService:
    """The holds of one archive. Every change has an entry of the event log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[Hold]:
        """Return all holds as they were set, released ones among them."""
        with self._store.read() as connection:
            return held.holds(connection)

    def add(self, of: HoldOf, *, note: str = "") -> Hold:
        """Hold a case, an identity, a source, or a camera for a time, until it is released.

        Raises:
            UsageError: it is of none of them, or of several; the time is empty, or of no camera.
            NotFound: there is no such case, identity, source or camera.
        """
        given = [one for one in (of.case, of.identity, of.source, of.camera) if one is not None]
        if len(given) != 1 or not given[0]:
            raise UsageError("a hold is of one case, identity, source or camera")
        if (of.after or of.before) and of.camera is None:
            raise UsageError("a time from and to goes with a camera")
        if of.after and of.before and of.after >= of.before:
            raise UsageError("the time of the hold is empty: it ends before it begins")
        require_record(self._store.acting.name, note)
        with self._store.write() as connection:
            return held.add_hold(connection, of, note)

    def release(self, hold_id: int, *, note: str = "") -> Hold:
        """Release a hold: what it held can be deleted, unless another hold holds it.

        Raises:
            NotFound: there is none of this number.
            UsageError: it was released already.
        """
        require_record(self._store.acting.name, note)
        with self._store.write() as connection:
            return held.release_hold(connection, hold_id, note)
