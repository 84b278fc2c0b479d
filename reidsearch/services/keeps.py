"""How long the recorders of cameras keep footage: `archive.keeps.set("gate", 14)`."""

from __future__ import annotations

from reidsearch.domain.keeps import CameraKeeps, require_days
from reidsearch.store import keeps as held
from reidsearch.store.crops.store import Store
from reidsearch.store.selection import require_cameras


class KeepsService:
    """What is known of one archive's recorders. Every change has an entry of the event log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, camera: str | None = None) -> list[CameraKeeps]:
        """Return what is known, by camera.

        Args:
            camera: of this one alone.

        Raises:
            NotFound: the archive has no such camera.
        """
        with self._store.read() as connection:
            known = held.kept_by_recorders(connection)
            if camera is None:
                return known
            own = [one for one in known if one.camera == camera]
            if not own:
                require_cameras(connection, (camera,))
            return own

    def set(self, camera: str, days: float) -> CameraKeeps:
        """Keep after how many days a camera's recorder overwrites footage.

        Raises:
            UsageError: no recorder keeps footage for so many days.
            NotFound: the archive has no such camera.
        """
        require_days(camera, days)
        with self._store.write() as connection:
            require_cameras(connection, (camera,))
            return held.set_keeps(connection, camera, days)

    def clear(self, camera: str) -> CameraKeeps:
        """Remove what is known of a camera, and return it. Raises NotFound."""
        with self._store.write() as connection:
            return held.clear_keeps(connection, camera)
