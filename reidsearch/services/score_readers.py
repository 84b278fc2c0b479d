"""Which reader of scores holds for an archive's answers: its calibration, or else a reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.index.gallery import Gallery
from reidsearch.store.crops.store import Store

if TYPE_CHECKING:
    from reidsearch.calibration.alarms import RefusedCameras
    from reidsearch.calibration.apply import ScoreReader
    from reidsearch.calibration.impostors import ArchiveImpostors


class ScoreReaders:
    """Readers of the scores of one archive; what they need of it is measured once."""

    def __init__(self, store: Store, gallery: Gallery) -> None:
        self._store = store
        self._gallery = gallery
        self._impostors: ArchiveImpostors | None = None  # imported when it is first needed
        self._refused: RefusedCameras | None = None

    def stored(self) -> ScoreReader:
        """Return the reader that the archive has; it may read nothing."""
        from reidsearch.calibration.apply import ScoreReader

        return ScoreReader.of(self._store)

    def of(self, reader: ScoreReader, *, adjusted: bool) -> ScoreReader:
        """Return the reader of scores of a kind; by a reference where there is no calibration."""
        from reidsearch.calibration.alarms import RefusedCameras
        from reidsearch.calibration.impostors import ArchiveImpostors

        impostors = self._impostors = self._impostors or ArchiveImpostors(self._gallery)
        fitting = reader.fitting(adjusted=adjusted)
        found = fitting.by_reference(lambda: impostors.of(adjusted=adjusted), adjusted=adjusted)
        self._refused = self._refused or RefusedCameras(self._store, self._gallery)
        return found.but_where(self._refused.of)
