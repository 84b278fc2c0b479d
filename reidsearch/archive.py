"""`Archive`: the public face of everything; the command line calls nothing else.

with Archive.open("archive", create=True) as archive:
    archive.index(["crops/"])
    answer = archive.search("person.jpg", k=10)
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from reidsearch.base.actor import default_actor
from reidsearch.base.errors import ArchiveLocked, UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import FootageSettings, PictureLimits, RuntimeSettings
from reidsearch.base.version import __version__
from reidsearch.domain.answers import Answer, Failed, Match, Statement
from reidsearch.domain.crops import Crop, CropInput, Rejected, Vectors
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.reports import Failure, Finding, IndexReport, Summary
from reidsearch.domain.request import (
    AnyPicture,
    Filters,
    Searched,
    SearchOptions,
    SearchRequest,
    request_of,
)
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.maintenance import summary as summaries
from reidsearch.services.search import SearchService
from reidsearch.store.crops.store import Store
from reidsearch.store.database import lifecycle
from reidsearch.vision.engines import Engines

if TYPE_CHECKING:
    from reidsearch.datasets.readers import DataSet
    from reidsearch.domain.answers import Plan
    from reidsearch.domain.decisions import Transits
    from reidsearch.domain.explanation import Explanation
    from reidsearch.domain.journeys import Journey
    from reidsearch.maintenance.backup import Backup
    from reidsearch.maintenance.erase import Erasure
    from reidsearch.media.naming.patterns import Naming
    from reidsearch.services.attributes import AttributeService
    from reidsearch.services.calibration import CalibrationService
    from reidsearch.services.footage import FootageService
    from reidsearch.services.identities import IdentityService
    from reidsearch.services.index import FootageOptions, Run
    from reidsearch.services.proposals import ProposalService
    from reidsearch.vision.detection.detector import Detector


class Archive(contextlib.AbstractContextManager["Archive"]):
    """An open archive. Use as a context manager.

    Threads may share one: look-ups and decisions run side by side, searches take turns on the
    index (milliseconds; embedding their pictures runs side by side). Indexing, deleting and the
    like are for one thread at a time, and searches wait while the index is brought up to date.

    Made by `Archive.open`. All services share one set of parts: the store, the index, the
    neighbour graph, the models, each loaded when it is first needed.

    Example:
        >>> with Archive.open("archive") as archive:
        ...     print(archive.search("person.jpg").statement)
    """

    def __init__(
        self, store: Store, engines: Engines, progress: Progress, version: str, actor: str
    ) -> None:
        self._store = store
        self._gallery = Gallery(store)
        self._neighbours = Neighbours(store, self._gallery)
        self._engines = engines
        self._progress = progress
        self._version = version
        self._actor = actor

    def close(self) -> None:
        """Close the archive's files.

        Example:
            >>> archive = Archive.open("archive")
            >>> archive.close()
        """
        self._store.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        model: str | None = None,
        flip: bool | None = None,
        model_path: Sequence[Path] = (),
        offline: bool = False,
        runtime: RuntimeSettings = RuntimeSettings(),
        progress: Progress = NO_PROGRESS,
        actor: str | None = None,
    ) -> Archive:
        """Open an archive folder.

        Args:
            path: the folder.
            create: make it when it does not exist.
            model: catalogue name, name/precision, .xml or .onnx file, or `builtin`; None takes
                the archive's own model, or the catalogue's default for a new archive.
            flip: embed every crop as the mean of itself and its mirror image, or not; None does
                as the archive's embeddings were made, and does not for a new archive.
            model_path: folders in Open Model Zoo layout to look in first.
            offline: never download a model.
            runtime: device, streams, threads.
            progress: told of downloads, index rebuilding and the like.
            actor: who takes decisions here, for their log; None: `REIDSEARCH_ACTOR` in the
                environment, else the operating system's user.

        Raises:
            ArchiveError: there is none, or the folder is something else.
            ArchiveVersionError: it was made by another version.
        """
        folder = Path(path)
        if create:
            Store.create(folder)
        opened = Store(folder)
        engines = Engines(
            folder,
            opened.model,
            model=model,
            flip=flip,
            model_path=model_path,
            offline=offline,
            runtime=runtime,
            progress=progress,
        )
        return cls(opened, engines, progress, __version__, actor or default_actor())

    # -- services -----------------------------------------------------------------------------

    @cached_property
    def searching(self) -> SearchService:
        """Searches; see `reidsearch.services.search`. `search` and the like are short for it.

        Example:
            >>> archive.searching.prepare()  # load the index before the first search
        """
        find = self.identities.find
        return SearchService(
            self._store, self._gallery, self._neighbours, self._engines, find, self._progress
        )

    @cached_property
    def identities(self) -> IdentityService:
        """Identity decisions; see `reidsearch.services.identities`.

        Example:
            >>> archive.identities.new("anna", [7, 12])
        """
        from reidsearch.services.identities import IdentityService

        return IdentityService(self._store, self._actor)

    @cached_property
    def footage(self) -> FootageService:
        """Coverage, clocks, frames and clips; see `reidsearch.services.footage`.

        Example:
            >>> archive.footage.clip(7, Path("out.mp4"), margin_s=2, box=True, as_it_is=False)
        """
        from reidsearch.services.footage import FootageService

        return FootageService(self._store, self._engines.detector)

    @cached_property
    def calibration(self) -> CalibrationService:
        """How to read a score; see `reidsearch.services.calibration`.

        Example:
            >>> archive.calibration.from_set(Path("Market-1501"))
        """
        from reidsearch.services.calibration import CalibrationService

        return CalibrationService(self._store, self._engines.embedder, self._version)

    @cached_property
    def attributes(self) -> AttributeService:
        """What people wear and carry, recorded on request; see `reidsearch.services.attributes`.

        Example:
            >>> archive.attributes.record()
        """
        from reidsearch.services.attributes import AttributeService

        return AttributeService(self._store, self._engines.recognizer)

    @cached_property
    def proposals(self) -> ProposalService:
        """Proposed identities, until somebody confirms them; see `reidsearch.services.proposals`.

        Example:
            >>> archive.proposals.link()
        """
        from reidsearch.services.proposals import ProposalService

        return ProposalService(self._store, self.identities)

    @property
    def neighbours(self) -> Neighbours:
        """The neighbour graph, for re-ranking; see `reidsearch.index.neighbours.table`.

        Example:
            >>> archive.neighbours.keep()  # bring it up to date whatever that takes
        """
        return self._neighbours

    # -- searching ----------------------------------------------------------------------------

    def search(self, query: Searched = (), **options: Unpack[SearchOptions]) -> Answer:
        """Find the crops most like the person shown, of footage one a tracklet.

        Args:
            query: a `SearchRequest`, or the query of one: a picture file, pixels, a crop id, or
                several of these.
            options: the other fields of the request.

        Raises:
            Refused: a picture cannot be read.
            NotFound: a crop, camera, source or identity is not in the archive.
            UsageError: the request makes no sense, the archive is not calibrated, or something
                is liked and unliked, marked and searched with, or liked and rejected for the
                identity.

        Example:
            >>> archive.search("person.jpg", k=10).matches[0].crop.crop_id
            7
            >>> archive.search(SearchRequest("person.jpg", k=10))  # the same
        """
        return self.searching.search(request_of(query, options))

    def search_many(self, requests: Iterable[SearchRequest]) -> Iterator[Answer | Failed]:
        """Answer many requests, each as `search` would, together and so much faster.

        Yields:
            In the order of the requests, an `Answer` each, or `Failed` with the error where one
            cannot be answered.

        Example:
            >>> for answer in archive.search_many(SearchRequest(path) for path in paths):
            ...     print(answer.error if isinstance(answer, Failed) else answer.matches)
        """
        return self.searching.search_many(requests)

    def search_all(
        self, query: Searched = (), **options: Unpack[SearchOptions]
    ) -> tuple[Statement, Iterator[Match]]:
        """Find everything that reaches the request's least score, proven, best first.

        `search` with `k=None` gives the same at once; this gives matches as they are found.
        The statement's `k` is the number of crops searched.

        Raises:
            UsageError: there is neither `min_score` nor `max_false_alarms`; else as `search`.

        Example:
            >>> statement, matches = archive.search_all("person.jpg", min_score=0.6)
            >>> for match in matches:
            ...     print(match.score)
        """
        return self.searching.search_all(request_of(query, options))

    def plan_search(self, query: Searched = (), **options: Unpack[SearchOptions]) -> Plan:
        """Return how the index would be searched, without searching: which way, how much, why.

        The query itself is not looked at and may be left out.

        Example:
            >>> archive.plan_search(k=10).method
            'flat'
        """
        return self.searching.plan(request_of(query, options))

    def explain(
        self, query: Searched, crop_id: int, **options: Unpack[SearchOptions]
    ) -> Explanation:
        """Return why a crop scores what it scores for a query; see `services.explain`.

        Args:
            query: one picture or crop; of a request only this, its limits and label count.

        Raises:
            Refused: the picture cannot be read.
            NotFound: there is no such crop.
            UsageError: the query is not one picture or crop.

        Example:
            >>> archive.explain("person.jpg", 7).score
            0.83
        """
        from reidsearch.services.explain import explain

        self.searching.prepare()
        request = request_of(query, options)
        return explain(self._store, self._gallery, self._engines.embed, request, crop_id)

    def prepare_search(self) -> None:
        """Load the index now rather than in the first search.

        Raises:
            ArchiveError: the archive holds no crops yet.

        Example:
            >>> archive.prepare_search()
        """
        self.searching.prepare()

    def embed(self, pictures: Sequence[AnyPicture]) -> Vectors:
        """Embed pictures with the archive's model: (n, d) float32, rows of unit length.

        Args:
            pictures: pixels or Pillow images, as `SearchRequest` takes them.

        Raises:
            Refused: something is no picture.
            ModelError: no model, or not the archive's.

        Example:
            >>> archive.embed([np.zeros((128, 64, 3), np.uint8)]).shape
            (1, 256)
        """
        from reidsearch.domain.pixels import to_pixels

        return self._engines.embed([to_pixels(one) for one in pictures])

    def detector(self, name: str | None = None) -> Detector:
        """Return the person detector; loaded once. None: the catalogue's default.

        Example:
            >>> archive.detector().identity.name
        """
        return self._engines.detector(name)

    @property
    def model(self) -> ModelIdentity | None:
        """The model of the archive's embeddings; None while it is empty."""
        return self._store.model()

    # -- writing ------------------------------------------------------------------------------

    def index(
        self,
        paths: Sequence[str | os.PathLike[str]],
        *,
        naming: Naming | None = None,
        footage: FootageOptions | None = None,
        limits: PictureLimits = PictureLimits(),
        progress: Progress = NO_PROGRESS,
        stop: threading.Event | None = None,
    ) -> IndexReport:
        """Index footage and person crops: videos, pictures, folders, tar, zip, manifests.

        What is held already is skipped; what fails is recorded (`failures`) and the run goes on.

        Args:
            paths: files and folders; relative ones count from the working folder.
            naming: where camera, time and person of pictures come from; None: only manifests.
            footage: how footage is looked at, and where its camera and time come from.
            stop: set it (from a signal handler or another thread) to stop after committing.

        Raises:
            ArchiveLocked: another process writes.
            ModelError: no model, or not the archive's.
            InputError: a path does not exist.
        """
        from reidsearch.media.naming.patterns import Naming
        from reidsearch.services.index import FootageOptions

        footage = footage or FootageOptions()
        run = self._run(limits, progress, stop, footage.settings)
        report = run.paths([Path(path) for path in paths], naming or Naming(), footage)
        return self._indexed(report, progress, stop)

    def index_crops(
        self,
        inputs: Iterable[CropInput | Rejected],
        *,
        request: Sequence[str] = (),
        limits: PictureLimits = PictureLimits(),
        total: int | None = None,
        progress: Progress = NO_PROGRESS,
        stop: threading.Event | None = None,
    ) -> IndexReport:
        """Index the crops that an iterable gives; `index` for sources of your own.

        Args:
            inputs: pulled in another thread, as the work goes on.
            request: texts that are equal when the same inputs are given again; a finished run
                then supersedes interrupted ones, and failures that did not happen again. Without
                any the run is like no other.
            total: how many inputs there will be, for showing progress; None: not known.
        """
        run = self._run(limits, progress, stop, FootageSettings())
        return self._indexed(run.crops(inputs, request, total), progress, stop)

    def _run(
        self,
        limits: PictureLimits,
        progress: Progress,
        stop: threading.Event | None,
        settings: FootageSettings,
    ) -> Run:
        from reidsearch.services.index import Run

        return Run(
            store=self._store,
            embedder=self._engines.embedder(),
            detector=lambda: self._engines.detector(settings.detector),
            limits=limits,
            version=self._version,
            progress=progress,
            stop=stop or threading.Event(),
        )

    def _indexed(
        self, report: IndexReport, progress: Progress, stop: threading.Event | None
    ) -> IndexReport:
        if self._gallery.needs_compaction():
            # Another writer that has begun meanwhile will compact it just as well.
            with contextlib.suppress(ArchiveLocked), self._store.lock():
                self._gallery.compact()
        with contextlib.suppress(ArchiveLocked):
            self._neighbours.keep(progress, stopped=stop.is_set if stop else lambda: False)
        return report

    def plan_delete(self, filters: Filters = Filters(), *, crop_ids: Sequence[int] = ()) -> Erasure:
        """Count what `delete` would delete; with both filters and ids, both must hold.

        Raises:
            UsageError: nothing was named.
            NotFound: a camera, source or crop is not in the archive.
        """
        from reidsearch.maintenance.erase import plan

        return plan(self._store, filters, tuple(crop_ids))

    def delete(self, planned: Erasure) -> bool:
        """Delete for good just what was planned: rows, pictures, embeddings, index entries.

        Returns:
            Whether the freed pages have left the write-ahead log too; if not, another process is
            reading, and they leave it when that ends.

        Raises:
            ArchiveLocked: another process writes.
        """
        from reidsearch.maintenance.erase import erase

        forgotten = erase(self._store, self._gallery, planned)
        with contextlib.suppress(ArchiveLocked):  # a writer that has begun meanwhile does it
            self._neighbours.keep()
        return forgotten

    def reembed(self, *, progress: Progress = NO_PROGRESS) -> int:
        """Embed every crop anew as `model` and `flip` given to `open` say, from stored pictures.

        Queries go on with the old model until all are done. Returns how many were embedded.

        Raises:
            ArchiveError: a stored picture is damaged; nothing is switched over.
        """
        from reidsearch.services.reembed import renew

        embedder = self._engines.another()
        if embedder is None:
            raise UsageError("say what is to change: --model NAME, --flip or --no-flip")
        count = renew(self._store, embedder, progress)
        self._engines.use(embedder)
        with self._store.lock():
            self._gallery.compact(self._progress)
        with contextlib.suppress(ArchiveLocked):
            self._neighbours.keep(progress)
        return count

    # -- looking up ---------------------------------------------------------------------------

    def __len__(self) -> int:
        """How many crops the index holds; loads it."""
        self._gallery.sync(self._progress)
        return len(self._gallery)

    def crop(self, crop_id: int) -> Crop:
        """All that is known of one crop. Raises NotFound."""
        return self._store.crop(crop_id)

    def picture(self, crop_id: int) -> bytes:
        """One crop's JPEG, its checksum verified. Raises NotFound, ArchiveError."""
        return self._store.picture(crop_id)

    def show(self) -> Summary:
        """What the archive holds, in numbers."""
        return summaries.summarise(self._store)

    def failures(self) -> list[Failure]:
        """Inputs that never became crops, and why; oldest first."""
        return summaries.failures(self._store)

    def labelled(self, labels: str | None = None) -> DataSet:
        """Return the crops whose person and camera are known; see `datasets.readers.read_archive`.

        Example:
            >>> archive.labelled("identities")
        """
        from reidsearch.datasets.readers import read_archive

        return read_archive(self._store, labels)

    def journey(self, identity: str, *, transits: Transits | None = None) -> Journey:
        """Return where an identity was and when; see `reidsearch.services.journeys`.

        Args:
            identity: name or number.
            transits: the least seconds between cameras; None: those of the last `link`.

        Raises:
            NotFound: there is no such identity.
            UsageError: nothing is confirmed of it.

        Example:
            >>> archive.journey("anna").stops
        """
        from reidsearch.services.journeys import journey

        return journey(self._store, self.identities, self.proposals, identity, transits)

    # -- health -------------------------------------------------------------------------------

    def check(self, *, repair: bool = False, progress: Progress = NO_PROGRESS) -> list[Finding]:
        """Prove that the archive is whole; see `reidsearch.maintenance.check`.

        Args:
            repair: rebuild what is derived first, then return what is still wrong.
        """
        from reidsearch.maintenance import check as checks

        findings = checks.check(self._store, progress)
        if repair and any(finding.repairable for finding in findings):
            checks.repair(self._store, findings, progress)
            findings = checks.check(self._store, progress)
        return findings

    def backup(self, target: str | os.PathLike[str]) -> Backup:
        """Copy the archive consistently to a new folder, even while it is being written."""
        from reidsearch.maintenance.backup import backup

        return backup(self._store, Path(target))


def migrate(path: str | os.PathLike[str]) -> tuple[str, str]:
    """Bring an archive of an earlier version to this one's schema, whole or not at all."""
    return lifecycle.migrate(Path(path))


def restore(
    source: str | os.PathLike[str], target: str | os.PathLike[str], progress: Progress = NO_PROGRESS
) -> int:
    """Make an archive from a backup, verified; see `reidsearch.maintenance.backup.restore`."""
    from reidsearch.maintenance import backup

    return backup.restore(Path(source), Path(target), progress)
