"""The services of one open archive, each made when it is first asked for.

They share one set of parts: the store, the index, the neighbour graph, the models.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property, partial
from typing import TYPE_CHECKING

from reidsearch.base.address import Address
from reidsearch.base.progress import Progress
from reidsearch.base.version import __version__
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.maintenance.finish import catch_up_node, finish
from reidsearch.services.search import SearchService
from reidsearch.store.crops.store import Store
from reidsearch.store.seals import DailySeal
from reidsearch.vision.engines import Engines

if TYPE_CHECKING:
    from reidsearch.services.absence import AbsenceService
    from reidsearch.services.accounts import AccountService
    from reidsearch.services.asking import AskingService
    from reidsearch.services.attributes import AttributeService
    from reidsearch.services.browse import BrowseService
    from reidsearch.services.calibration import CalibrationService
    from reidsearch.services.cases import CaseService
    from reidsearch.services.clock_suggestions import ClockSuggestions
    from reidsearch.services.distance import DistanceService
    from reidsearch.services.event_log import EventLogService
    from reidsearch.services.export import ExportService
    from reidsearch.services.footage import FootageService
    from reidsearch.services.ground import GroundService
    from reidsearch.services.holds import HoldService
    from reidsearch.services.identities import IdentityService
    from reidsearch.services.index import IndexService
    from reidsearch.services.keeps import KeepsService
    from reidsearch.services.maintenance import MaintenanceService
    from reidsearch.services.merging import MergeService
    from reidsearch.services.passing import PassingService
    from reidsearch.services.pictures import PictureService
    from reidsearch.services.places import PlaceService
    from reidsearch.services.playback import PlaybackService
    from reidsearch.services.proposals import ProposalService
    from reidsearch.services.replay import ReplayService
    from reidsearch.services.retention import RetentionService
    from reidsearch.services.reviews import ReviewService
    from reidsearch.services.saved import SavedService
    from reidsearch.services.sessions import SessionService
    from reidsearch.services.sight import Sight
    from reidsearch.services.sign_in import SignInService
    from reidsearch.services.tracklets import TrackletService
    from reidsearch.services.transit import TransitService


class Services:
    """The services of an open archive; `Archive` is these and short calls of them.

    Args:
        actor: who takes decisions and corrects clocks.
    """

    def __init__(self, store: Store, engines: Engines, progress: Progress, actor: str) -> None:
        self._store = store
        self._gallery = Gallery(store)
        self._engines = engines
        self._progress = progress
        self._actor = actor
        self.neighbours = Neighbours(store, self._gallery)
        """The neighbour graph, for re-ranking: `archive.neighbours.keep()` brings it up to date."""
        store.finish = partial(finish, store, self._gallery, self.neighbours, progress)
        store.written = DailySeal(store)
        catch_up_node(store, self._gallery, self.neighbours, progress)

    @property
    def address(self) -> Address:
        """Where the archive is, with what named it.

        Example:
            >>> read_settings(archive.address).index.engine
            'files'
        """
        return self._store.address

    @cached_property
    def searching(self) -> SearchService:
        """Searches: `archive.searching.prepare()` loads the index before the first one."""
        find = self.identities.find
        return SearchService(
            self._store, self._gallery, self.neighbours, self._engines, find, self._progress
        )

    @cached_property
    def absences(self) -> AbsenceService:
        """What a "no" means: `archive.absences.of(answer)`."""
        from reidsearch.services.absence import AbsenceService

        return AbsenceService(self._store, self._gallery, self.searching.reader)

    def load_model(self, *, detector: bool = False) -> None:
        """Load the model that embeds, as the first search would: `archive.load_model()`.

        Args:
            detector: load what detects people in footage too.

        Raises:
            ModelError: it cannot be loaded.
        """
        self._engines.embedder()
        if detector:
            self._engines.detector()

    @cached_property
    def saved(self) -> SavedService:
        """Questions that are asked of whatever is indexed: `archive.saved.run()`."""
        from reidsearch.services.notifying.service import NotifyService
        from reidsearch.services.saved import SavedService

        def sight_of(name: str) -> Sight:
            return self.sight(self.accounts.cameras_of(name))

        return SavedService(
            self._store,
            self.searching,
            self.identities.find,
            sight_of,
            NotifyService(self._store),
        )

    @cached_property
    def browse(self) -> BrowseService:
        """Lists of tracklets without a query: `archive.browse.page()`."""
        from reidsearch.services.browse import BrowseService

        return BrowseService(self._store, self.identities.find)

    @cached_property
    def asking(self) -> AskingService:
        """Pictures that are kept, and frames, to search with: `archive.asking.keep(data)`."""
        from reidsearch.services.asking import AskingService
        from reidsearch.services.erasing import query_pictures
        from reidsearch.services.kept_pictures import KeptPictures
        from reidsearch.services.passing import PassedPictures

        store = self._store
        several = self.passing.needed
        kept = PassedPictures(store) if several else KeptPictures(query_pictures(store))
        holds = self.searching.holds
        return AskingService(kept, self.footage, self._engines.detector, holds)

    @cached_property
    def passing(self) -> PassingService:
        """Files that servers of this archive pass on: `archive.passing.output(7, path)`."""
        from reidsearch.services.passing import PassingService

        return PassingService(self._store)

    @cached_property
    def indexing(self) -> IndexService:
        """Indexing: `archive.indexing.crops(inputs)`."""
        from reidsearch.services.index import IndexService

        return IndexService(
            self._store,
            self._gallery,
            self.neighbours,
            self._engines,
            __version__,
            self._ask_saved,
        )

    def _ask_saved(self) -> None:
        self.saved.after_indexing()

    @cached_property
    def footage(self) -> FootageService:
        """Coverage, clocks, frames and clips: `archive.footage.frame(7)`."""
        from reidsearch.services.footage import FootageService

        return FootageService(self._store, self._engines.detector, self._actor)

    @cached_property
    def clocks(self) -> ClockSuggestions:
        """Clocks compared by the people seen: `archive.clocks.suggest("gate").cameras`."""
        from reidsearch.services.clock_suggestions import ClockSuggestions

        return ClockSuggestions(self._store, self._actor)

    @cached_property
    def playback(self) -> PlaybackService:
        """Footage to be looked at, for pages: `archive.playback.still(1, Fraction(12))`."""
        from reidsearch.services.playback import PlaybackService

        return PlaybackService(self._store)

    @cached_property
    def ground(self) -> GroundService:
        """Where on the ground people stand, camera by camera: `archive.ground.of("gate")`."""
        from reidsearch.services.ground import GroundService

        return GroundService(self._store)

    @cached_property
    def keeps(self) -> KeepsService:
        """How long recorders keep footage: `archive.keeps.set("gate", 14)`."""
        from reidsearch.services.keeps import KeepsService

        return KeepsService(self._store)

    @cached_property
    def distances(self) -> DistanceService:
        """How far apart two people were: `archive.distances.between(4, 9).together_s`."""
        from reidsearch.services.distance import DistanceService

        return DistanceService(self._store, self.ground)

    @cached_property
    def export(self) -> ExportService:
        """Tracklets by frame numbers, for other programs: `archive.export.tracks(1)`."""
        from reidsearch.services.export import ExportService

        return ExportService(self._store)

    @cached_property
    def identities(self) -> IdentityService:
        """Identity decisions: `archive.identities.new("anna", [7, 12])`."""
        from reidsearch.services.identities import IdentityService

        return IdentityService(self._store, self._actor, self._engines)

    @cached_property
    def tracklets(self) -> TrackletService:
        """Tracklets cut and joined by hand: `archive.tracklets.join([4, 9])`."""
        from reidsearch.services.tracklets import TrackletService

        return TrackletService(self._store, self._engines.embed, self._actor)

    @cached_property
    def transit(self) -> TransitService:
        """How long people take between cameras: `archive.transit.model()`."""
        from reidsearch.services.transit import TransitService

        return TransitService(self._store)

    @cached_property
    def proposals(self) -> ProposalService:
        """Identities proposed until somebody confirms them: `archive.proposals.link()`."""
        from reidsearch.services.proposals import ProposalService

        return ProposalService(self._store, self.identities)

    @cached_property
    def calibration(self) -> CalibrationService:
        """How to read a score: `archive.calibration.from_set(Path("Market-1501"))`."""
        from reidsearch.services.calibration import CalibrationService

        return CalibrationService(self._store, self._gallery, self._engines.embedder, __version__)

    @cached_property
    def attributes(self) -> AttributeService:
        """What people wear and carry, recorded on request: `archive.attributes.record()`."""
        from reidsearch.services.attributes import AttributeService

        return AttributeService(self._store, self._engines.recognizer)

    @cached_property
    def replaying(self) -> ReplayService:
        """Asking again what was answered: `archive.replaying.replay("answer.json")`."""
        from reidsearch.services.replay import ReplayService

        find = self.identities.find
        return ReplayService(
            self._store, self._gallery, self.neighbours, self._engines, find, self._progress
        )

    @cached_property
    def log(self) -> EventLogService:
        """What was done with the archive, by whom: `archive.log.entries(last=20)`."""
        from reidsearch.services.event_log import EventLogService

        return EventLogService(self._store)

    @cached_property
    def cases(self) -> CaseService:
        """Why, and with what right, the archive is searched: `archive.cases.new("2026-17")`."""
        from reidsearch.services.cases import CaseService

        return CaseService(self._store)

    @cached_property
    def reviews(self) -> ReviewService:
        """What a second examiner says of a case: `archive.reviews.start("2026-17", "anna")`."""
        from reidsearch.services.reviews import ReviewService

        return ReviewService(self._store)

    @cached_property
    def accounts(self) -> AccountService:
        """Who may sign in to the page: `archive.accounts.all()`."""
        from reidsearch.services.accounts import AccountService

        return AccountService(self._store, self._actor)

    @cached_property
    def sessions(self) -> SessionService:
        """Who is signed in to the page: `archive.sessions.find(token)`."""
        from reidsearch.services.sessions import SessionService

        return SessionService(self._store, self._actor)

    @cached_property
    def sign_in(self) -> SignInService:
        """Signing in by name and password, not too often: `archive.sign_in.by_password(...)`."""
        from reidsearch.services.sign_in import SignInService

        return SignInService(self._store, self.accounts, self.sessions)

    def sight(self, cameras: Collection[str] | None) -> Sight:
        """Return what may be seen of these cameras alone: `archive.sight(["gate"]).crops([7])`."""
        from reidsearch.services.sight import Sight

        return Sight(self._store, self.identities, cameras)

    @cached_property
    def pictures(self) -> PictureService:
        """Where the pictures of crops are: `archive.pictures.kept()`."""
        from reidsearch.services.pictures import PictureService

        return PictureService(self._store, self._progress)

    @cached_property
    def holds(self) -> HoldService:
        """What must not be deleted: `archive.holds.add(HoldOf(case="2026-17"))`."""
        from reidsearch.services.holds import HoldService

        return HoldService(self._store)

    @cached_property
    def retention(self) -> RetentionService:
        """How long crops are kept: `archive.retention.set("gate", 30)`."""
        from reidsearch.services.retention import RetentionService

        return RetentionService(self._store, self.maintenance)

    @cached_property
    def places(self) -> PlaceService:
        """Regions and lines of cameras: `archive.places.all()`."""
        from reidsearch.services.places import PlaceService

        return PlaceService(self._store)

    @cached_property
    def maintenance(self) -> MaintenanceService:
        """Erasing, checking, backing up, re-embedding: `archive.maintenance.check()`."""
        from reidsearch.services.maintenance import MaintenanceService

        return MaintenanceService(
            self._store, self._gallery, self.neighbours, self._engines, self._progress
        )

    @cached_property
    def merging(self) -> MergeService:
        """Other archives become part of this one: `archive.merging.merge(["north", "south"])`."""
        from reidsearch.services.merging import MergeService

        return MergeService(self._store, self._gallery, self.neighbours)
