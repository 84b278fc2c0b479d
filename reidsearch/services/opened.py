"""An archive that is open: its parts, and the views of what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reidsearch.base.closing import Closing
from reidsearch.base.errors import ArchiveError
from reidsearch.base.progress import Progress
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.models import ModelIdentity
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.store.crops.store import Store
from reidsearch.vision.engines import Engines

if TYPE_CHECKING:
    from reidsearch.datasets.readers import DataSet
    from reidsearch.domain.decisions import Transits
    from reidsearch.domain.journeys import Journey
    from reidsearch.services.attributes import AttributeService
    from reidsearch.services.calibration import CalibrationService
    from reidsearch.services.footage import FootageService
    from reidsearch.services.identities import IdentityService
    from reidsearch.services.proposals import ProposalService
    from reidsearch.vision.detection.detector import Detector


class OpenArchive(Closing):
    """What everything that an archive can do rests on; `reidsearch.archive.Archive` is its use.

    Args:
        version: of this program, for the record.
    """

    def __init__(self, store: Store, engines: Engines, progress: Progress, version: str) -> None:
        self._store = store
        self._gallery = Gallery(store)
        self._neighbours = Neighbours(store, self._gallery)
        self._engines = engines
        self._progress = progress
        self._version = version

    def close(self) -> None:
        """Let go of the files."""
        self._store.close()

    def prepare_search(self) -> None:
        """Load the index now rather than in the first search."""
        self._require_crops()
        self._gallery.sync(self._progress)

    def _require_crops(self) -> None:
        if self._store.model() is None:
            raise ArchiveError(
                f"{self._store.folder} holds no crops yet",
                f"reidsearch index PATH... -a {self._store.folder}",
            )

    def embed(self, pictures: Sequence[Pixels]) -> Vectors:
        """Embed (h, w, 3) uint8 BGR crops with the archive's model: (n, d) float32 unit rows."""
        return self._engines.embed(pictures)

    def detector(self, name: str | None = None) -> Detector:
        """The person detector; loaded once. None: the catalogue's default."""
        return self._engines.detector(name)

    @property
    def model(self) -> ModelIdentity | None:
        """The model of the archive's embeddings; None while it is empty."""
        return self._store.model()

    @property
    def neighbours(self) -> Neighbours:
        """Who is nearest to whom, for re-ranking; see `reidsearch.index.neighbours.table`."""
        return self._neighbours

    @property
    def calibration(self) -> CalibrationService:
        """How to read a score; see `reidsearch.services.calibration`."""
        from reidsearch.services.calibration import CalibrationService

        return CalibrationService(self._store, self._engines.embedder, self._version)

    @property
    def footage(self) -> FootageService:
        """Coverage, clocks, frames and clips; see `reidsearch.services.footage`."""
        from reidsearch.services.footage import FootageService

        return FootageService(self._store, self._engines.detector)

    @property
    def identities(self) -> IdentityService:
        """Decisions and identities; see `reidsearch.services.identities`."""
        from reidsearch.services.identities import IdentityService

        return IdentityService(self._store)

    @property
    def attributes(self) -> AttributeService:
        """What people wear and carry, recorded on request; see `reidsearch.services.attributes`."""
        from reidsearch.services.attributes import AttributeService

        return AttributeService(self._store, self._engines.recognizer)

    def labelled(self, labels: str | None = None) -> DataSet:
        """The crops whose person and camera are known; see `datasets.readers.read_archive`."""
        from reidsearch.datasets.readers import read_archive

        return read_archive(self._store, labels)

    @property
    def proposals(self) -> ProposalService:
        """Who may be whom: `link` and its proposals; see `reidsearch.services.proposals`."""
        from reidsearch.services.proposals import ProposalService

        return ProposalService(self._store)

    def journey(self, identity: str, *, transits: Transits | None = None) -> Journey:
        """Where an identity was and when; see `reidsearch.services.journeys`.

        Args:
            identity: name or number.
            transits: the least seconds between cameras; None: those of the last `link`.

        Raises:
            NotFound: there is no such identity.
            UsageError: nothing is confirmed of it.
        """
        from reidsearch.services.journeys import journey

        return journey(self._store, identity, transits)
