"""An archive that is open: its parts, and the views of what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reidsearch.archive.gallery import Gallery
from reidsearch.archive.neighbours import Neighbours
from reidsearch.archive.store import Store
from reidsearch.closing import Closing
from reidsearch.engines import Engines
from reidsearch.errors import ArchiveError
from reidsearch.progress import Progress
from reidsearch.records import ModelIdentity, Pixels, Vectors

if TYPE_CHECKING:
    from reidsearch.attribution import AttributesView
    from reidsearch.calibrating import CalibrationView
    from reidsearch.decisions import Transits
    from reidsearch.detection.detector import Detector
    from reidsearch.evaluation.datasets import DataSet
    from reidsearch.identities import IdentityView
    from reidsearch.journeys import Journey
    from reidsearch.proposals import ProposalView
    from reidsearch.viewing import FootageView


class OpenArchive(Closing):
    """What everything that an archive can do rests on; `reidsearch.library.Archive` is its use.

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
        """Who is nearest to whom, for re-ranking; see `reidsearch.archive.neighbours`."""
        return self._neighbours

    @property
    def calibration(self) -> CalibrationView:
        """How to read a score; see `reidsearch.calibrating`."""
        from reidsearch.calibrating import CalibrationView

        return CalibrationView(self._store, self._engines.embedder, self._version)

    @property
    def footage(self) -> FootageView:
        """Coverage, clocks, frames and clips; see `reidsearch.viewing`."""
        from reidsearch.viewing import FootageView

        return FootageView(self._store, self._engines.detector)

    @property
    def identities(self) -> IdentityView:
        """Decisions and identities; see `reidsearch.identities`."""
        from reidsearch.identities import IdentityView

        return IdentityView(self._store)

    @property
    def attributes(self) -> AttributesView:
        """What people wear and carry, recorded on request; see `reidsearch.attribution`."""
        from reidsearch.attribution import AttributesView

        return AttributesView(self._store, self._engines.recognizer)

    def labelled(self, labels: str | None = None) -> DataSet:
        """The crops whose person and camera are known; see `evaluation.datasets.read_archive`."""
        from reidsearch.evaluation.datasets import read_archive

        return read_archive(self._store, labels)

    @property
    def proposals(self) -> ProposalView:
        """Who may be whom: `link` and its proposals; see `reidsearch.proposals`."""
        from reidsearch.proposals import ProposalView

        return ProposalView(self._store)

    def journey(self, identity: str, *, transits: Transits | None = None) -> Journey:
        """Where an identity was and when; see `reidsearch.journeys`.

        Args:
            identity: name or number.
            transits: the least seconds between cameras; None: those of the last `link`.

        Raises:
            NotFound: there is no such identity.
            UsageError: nothing is confirmed of it.
        """
        from reidsearch.journeys import journey

        return journey(self._store, identity, transits)
