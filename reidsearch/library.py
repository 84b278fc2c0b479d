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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from reidsearch import __version__
from reidsearch.archive import sqlite, store
from reidsearch.archive import summary as summaries
from reidsearch.archive.gallery import Gallery
from reidsearch.archive.lock import writer_lock
from reidsearch.archive.neighbours import Neighbours
from reidsearch.archive.store import Store
from reidsearch.engines import Engines
from reidsearch.errors import ArchiveError, ArchiveLocked, UsageError
from reidsearch.progress import NO_PROGRESS, Progress
from reidsearch.records import (
    Answer,
    Crop,
    Failure,
    Filters,
    Finding,
    IndexReport,
    Match,
    ModelIdentity,
    Offer,
    Pixels,
    Rejected,
    Statement,
    Summary,
    Vectors,
)
from reidsearch.settings import PictureLimits, RuntimeSettings, WatchSettings

if TYPE_CHECKING:
    from reidsearch.archive.backup import Backup
    from reidsearch.archive.erase import Erasure
    from reidsearch.archive.vectors import Plan
    from reidsearch.attribution import AttributesView
    from reidsearch.bulk import Asking
    from reidsearch.calibrating import CalibrationView
    from reidsearch.decisions import Transits
    from reidsearch.detection.detector import Detector
    from reidsearch.evaluation.datasets import DataSet
    from reidsearch.explaining import Explanation
    from reidsearch.footage.naming import Naming
    from reidsearch.identities import IdentityView
    from reidsearch.indexing import FootageOptions, Run
    from reidsearch.journeys import Journey
    from reidsearch.proposals import ProposalView
    from reidsearch.search.views import View
    from reidsearch.viewing import FootageView


class Archive:
    """An open archive. Use as a context manager; one thread at a time.

    Made by `Archive.open`. The model is loaded when it is first needed, so looking things up
    costs nothing of it.
    """

    def __init__(
        self,
        store: Store,
        *,
        model: str | None,
        model_path: Sequence[Path],
        offline: bool,
        runtime: RuntimeSettings,
        progress: Progress,
    ) -> None:
        self._store = store
        self._gallery = Gallery(store)
        self._neighbours = Neighbours(store, self._gallery)
        self._progress = progress
        self._engines = Engines(
            store,
            model=model,
            model_path=model_path,
            offline=offline,
            runtime=runtime,
            progress=progress,
        )

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        model: str | None = None,
        model_path: Sequence[Path] = (),
        offline: bool = False,
        runtime: RuntimeSettings = RuntimeSettings(),
        progress: Progress = NO_PROGRESS,
    ) -> Archive:
        """Open an archive folder.

        Args:
            path: the folder.
            create: make it when it does not exist.
            model: catalogue name, name/precision, .xml or .onnx file, or `builtin`; None takes
                the archive's own model, or the catalogue's default for a new archive.
            model_path: folders in Open Model Zoo layout to look in first.
            offline: never download a model.
            runtime: device, streams, threads.
            progress: told of downloads, index rebuilding and the like.

        Raises:
            ArchiveError: there is none, or the folder is something else.
            ArchiveVersionError: it was made by another version.
        """
        folder = Path(path)
        if create and not (folder / sqlite.DATABASE).exists():
            Store.create(folder)
        return cls(
            Store(folder),
            model=model,
            model_path=model_path,
            offline=offline,
            runtime=runtime,
            progress=progress,
        )

    def close(self) -> None:
        """Let go of the files."""
        self._store.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    # -- writing ----------------------------------------------------------------------------

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
        from reidsearch.footage.naming import Naming
        from reidsearch.indexing import FootageOptions

        footage = footage or FootageOptions()
        run = self._run(limits, progress, stop, footage.watch)
        report = run.paths([Path(path) for path in paths], naming or Naming(), footage)
        return self._indexed(report, progress, stop)

    def index_offers(
        self,
        offers: Iterable[Offer | Rejected],
        *,
        request: Sequence[str] = (),
        limits: PictureLimits = PictureLimits(),
        total: int | None = None,
        progress: Progress = NO_PROGRESS,
        stop: threading.Event | None = None,
    ) -> IndexReport:
        """Index what an iterable offers; `index` for sources of your own.

        Args:
            offers: pulled in another thread, as the work goes on.
            request: texts that are equal when the same inputs are offered again; a finished run
                then supersedes interrupted ones, and failures that did not happen again. Without
                any the run is like no other.
            total: how many offers there will be, for showing progress; None: not known.
        """
        run = self._run(limits, progress, stop, WatchSettings())
        return self._indexed(run.offers(offers, request, total), progress, stop)

    def _run(
        self,
        limits: PictureLimits,
        progress: Progress,
        stop: threading.Event | None,
        watch: WatchSettings,
    ) -> Run:
        from reidsearch.indexing import Run

        return Run(
            store=self._store,
            embedder=self._engines.embedder(),
            detector=lambda: self._engines.detector(watch.detector),
            limits=limits,
            version=__version__,
            progress=progress,
            stop=stop,
        )

    def _indexed(
        self, report: IndexReport, progress: Progress, stop: threading.Event | None
    ) -> IndexReport:
        if self._gallery.worth_folding():
            # Another writer that has begun meanwhile will fold the tail just as well.
            with contextlib.suppress(ArchiveLocked), writer_lock(self._store.folder):
                self._gallery.fold()
        with contextlib.suppress(ArchiveLocked):
            self._neighbours.keep(progress, stopped=stop.is_set if stop else lambda: False)
        return report

    def plan_delete(self, filters: Filters = Filters(), *, crop_ids: Sequence[int] = ()) -> Erasure:
        """Count what `delete` would delete; with both filters and ids, both must hold.

        Raises:
            UsageError: nothing was named.
            NotFound: a camera, source or crop is not in the archive.
        """
        from reidsearch.archive.erase import plan

        return plan(self._store, filters, tuple(crop_ids))

    def delete(self, planned: Erasure) -> bool:
        """Delete for good just what was planned: rows, pictures, embeddings, index entries.

        Returns:
            Whether the freed pages have left the write-ahead log too; if not, another process is
            reading, and they leave it when that ends.

        Raises:
            ArchiveLocked: another process writes.
        """
        from reidsearch.archive.erase import erase

        forgotten = erase(self._store, self._gallery, planned)
        with contextlib.suppress(ArchiveLocked):  # a writer that has begun meanwhile does it
            self._neighbours.keep()
        return forgotten

    def reembed(self, *, progress: Progress = NO_PROGRESS) -> int:
        """Embed every crop anew with the model given to `open`, from the stored pictures.

        Queries go on with the old model until all are done. Returns how many were embedded.

        Raises:
            ArchiveError: a stored picture is damaged; nothing is switched over.
        """
        from reidsearch.renewal import renew

        embedder = self._engines.another()
        if embedder is None:
            raise UsageError("name the new model: --model NAME")
        count = renew(self._store, embedder, progress)
        self._engines.use(embedder)
        with writer_lock(self._store.folder):
            self._gallery.fold(self._progress)
        with contextlib.suppress(ArchiveLocked):
            self._neighbours.keep(progress)
        return count

    # -- searching --------------------------------------------------------------------------

    def search(
        self,
        query: View | Sequence[View] = (),
        *,
        k: int = 10,
        filters: Filters = Filters(),
        min_score: float | None = None,
        grouped: bool = True,
        exact: bool = False,
        reranked: bool = True,
        shown_as: str | None = None,
        identity: str | None = None,
        new_only: bool = False,
        max_false_alarms: float | None = None,
        prior: float | None = None,
        limits: PictureLimits = PictureLimits(),
    ) -> Answer:
        """Find the k crops most like the person shown, of footage one a tracklet.

        Several views of one person are fused to their mean direction. Crops given by id are
        themselves left out of the matches. `shown_as` tells in the statement what the views were
        made from, where they are pixels. `grouped=False` gives all views of a tracklet.
        `reranked=False` leaves them in the order of their scores (`search.rerank`).
        `max_false_alarms` in place of `min_score` leaves out scores that more wrong crops than
        that are expected to reach; `prior` is that of the probabilities (`calibration.apply`).

        Args:
            exact: prove that no better match is held, where a large archive's index would only
                say how many of the best it finds.
            identity: search with all its confirmed views too; what was rejected for it is left
                out of the matches.
            new_only: leave out what is confirmed of it as well.

        Raises:
            Refused: a picture cannot be read.
            NotFound: a crop, camera, source or identity is not in the archive.
            UsageError: k or min_score make no sense, or the archive is not calibrated.
        """
        from reidsearch.search import engine
        from reidsearch.search.views import look

        read = self.calibration.reader(
            prior=prior, max_false_alarms=max_false_alarms, min_score=min_score
        )
        asked = self.identities.asked(identity, new_only=new_only)
        given = _views(query)
        views = [*given, *asked.own]
        if self._gallery.index is None:
            self._require_crops()
            # Proving a large index file takes about as long as loading the model: side by side.
            with ThreadPoolExecutor(1) as pool:
                proving = pool.submit(self.prepare_search)
                shown = look(views, self._store, self.embed, limits)
                proving.result()
        else:
            shown = look(views, self._store, self.embed, limits)
        question = engine.Query(
            vector=shown.vector,
            text=asked.text(shown_as or shown.text, further=len(given)),
            doubts=shown.doubts,
            k=k,
            min_score=min_score,
            grouped=grouped,
            exact=exact,
            reranked=reranked,
            least=self.calibration.least(max_false_alarms),
            filters=replace(
                filters, exclude_crops=(*filters.exclude_crops, *asked.out(shown.crop_ids))
            ),
        )
        answer = engine.search(
            self._store, self._gallery, question, self._engines.text(), self._neighbours
        )
        return self.identities.told(read(answer, len(views)), asked)

    def explain(
        self,
        query: View,
        crop_id: int,
        *,
        shown_as: str | None = None,
        limits: PictureLimits = PictureLimits(),
    ) -> Explanation:
        """Why a crop scores what it scores for one view of a person; see `reidsearch.explaining`.

        Raises:
            Refused: the picture cannot be read.
            NotFound: there is no such crop.
        """
        from reidsearch.explaining import explain

        self.prepare_search()
        return explain(
            self._store,
            self._gallery,
            self.embed,
            self.calibration,
            query,
            crop_id,
            shown_as,
            limits,
        )

    def search_many(
        self,
        queries: Sequence[View | Sequence[View]],
        *,
        k: int = 10,
        filters: Filters = Filters(),
        min_score: float | None = None,
        grouped: bool = True,
        exact: bool = False,
        reranked: bool = True,
        limits: PictureLimits = PictureLimits(),
    ) -> list[Answer]:
        """`search` for each of many queries, together: answers in their order."""
        from reidsearch import bulk
        from reidsearch.search.views import look_many

        self.prepare_search()
        views = [_views(one) for one in queries]
        shown = look_many(views, self._store, self.embed, limits)
        like = bulk.in_general(
            k, filters, min_score, grouped=grouped, exact=exact, reranked=reranked
        )
        return list(self._asking(min_score).many(shown, like))

    def search_all(
        self,
        query: View | Sequence[View],
        *,
        min_score: float,
        filters: Filters = Filters(),
        grouped: bool = True,
        limits: PictureLimits = PictureLimits(),
    ) -> tuple[Statement, Iterator[Match]]:
        """Everything that scores `min_score` or more, proven, best first, as it is found.

        The statement's `k` is the number of crops searched.
        """
        from reidsearch import bulk
        from reidsearch.search.views import look

        self.prepare_search()
        shown = look(_views(query), self._store, self.embed, limits)
        like = bulk.in_general(1, filters, min_score, grouped=grouped, exact=True, reranked=False)
        return self._asking(min_score).all(shown, like)

    def plan_search(
        self,
        *,
        k: int = 10,
        filters: Filters = Filters(),
        grouped: bool = True,
        exact: bool = False,
        reranked: bool = True,
    ) -> Plan:
        """How the index would be searched, without searching: which way, how much of it, why."""
        from reidsearch import bulk
        from reidsearch.search import engine

        like = bulk.in_general(k, filters, None, grouped=grouped, exact=exact, reranked=reranked)
        return engine.plan(self._store, self._gallery, like, self._neighbours)

    def _asking(self, min_score: float | None) -> Asking:
        from reidsearch.bulk import Asking

        read = self.calibration.reader(min_score=min_score)
        nobody = self.identities.asked(None)

        def told(answer: Answer, views: int) -> Answer:
            return self.identities.told(read(answer, views), nobody)

        return Asking(self._store, self._gallery, self._neighbours, self._engines.text, told)

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

    # -- looking up -------------------------------------------------------------------------

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

        return CalibrationView(self._store, self._engines.embedder, __version__)

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

    @property
    def labelled(self) -> DataSet:
        """The crops that carry a person and a camera; see `evaluation.datasets.read_archive`."""
        from reidsearch.evaluation.datasets import read_archive

        return read_archive(self._store)

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

    # -- health -----------------------------------------------------------------------------

    def check(self, *, repair: bool = False, progress: Progress = NO_PROGRESS) -> list[Finding]:
        """Prove that the archive is whole; see `reidsearch.archive.check`.

        Args:
            repair: rebuild what is derived first, then return what is still wrong.
        """
        from reidsearch.archive import check as checks

        findings = checks.check(self._store, progress)
        if repair and any(finding.repairable for finding in findings):
            checks.repair(self._store, findings, progress)
            findings = checks.check(self._store, progress)
        return findings

    def backup(self, target: str | os.PathLike[str]) -> Backup:
        """Copy the archive consistently to a new folder, even while it is being written."""
        from reidsearch.archive.backup import backup

        return backup(self._store, Path(target))


def migrate(path: str | os.PathLike[str]) -> tuple[str, str]:
    """Bring an archive of an earlier version to this one's schema; see `archive.store.migrate`."""
    return store.migrate(Path(path))


def restore(
    source: str | os.PathLike[str], target: str | os.PathLike[str], progress: Progress = NO_PROGRESS
) -> int:
    """Make an archive from a backup, verified; see `reidsearch.archive.backup.restore`."""
    from reidsearch.archive import backup

    return backup.restore(Path(source), Path(target), progress)


def _views(query: View | Sequence[View]) -> list[View]:
    return [query] if _is_one(query) else list(query)  # type: ignore[arg-type]


def _is_one(query: View | Sequence[View]) -> TypeGuard[View]:
    return isinstance(query, (str, os.PathLike, int, np.integer, np.ndarray))
