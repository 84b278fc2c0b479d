"""`Archive`: the public face of everything; the command line calls nothing else.

with Archive.open("archive", create=True) as archive:
    archive.index(["crops/"])
    answer = archive.search("person.jpg", k=10)
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.errors import ArchiveLocked, UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import FootageSettings, PictureLimits, RuntimeSettings
from reidsearch.base.version import __version__
from reidsearch.domain.crops import Crop, CropInput, Rejected
from reidsearch.domain.reports import Failure, Finding, IndexReport, Summary
from reidsearch.domain.request import Filters
from reidsearch.maintenance import summary as summaries
from reidsearch.services.search import SearchableArchive
from reidsearch.store.crops import store
from reidsearch.store.crops.store import Store
from reidsearch.store.database import sqlite
from reidsearch.store.database.lock import writer_lock
from reidsearch.vision.engines import Engines

if TYPE_CHECKING:
    from reidsearch.maintenance.backup import Backup
    from reidsearch.maintenance.erase import Erasure
    from reidsearch.media.naming.patterns import Naming
    from reidsearch.services.index import FootageOptions, Run


class Archive(SearchableArchive):
    """An open archive. Use as a context manager; one thread at a time.

    Made by `Archive.open`. The model is loaded when it is first needed, so looking things up
    costs nothing of it.
    """

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

        Raises:
            ArchiveError: there is none, or the folder is something else.
            ArchiveVersionError: it was made by another version.
        """
        folder = Path(path)
        if create and not (folder / sqlite.DATABASE).exists():
            Store.create(folder)
        held = Store(folder)
        engines = Engines(
            folder,
            held.model,
            model=model,
            flip=flip,
            model_path=model_path,
            offline=offline,
            runtime=runtime,
            progress=progress,
        )
        return cls(held, engines, progress, __version__)

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
        run = self._run(limits, progress, stop, footage.watch)
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
        watch: FootageSettings,
    ) -> Run:
        from reidsearch.services.index import Run

        return Run(
            store=self._store,
            embedder=self._engines.embedder(),
            detector=lambda: self._engines.detector(watch.detector),
            limits=limits,
            version=self._version,
            progress=progress,
            stop=stop or threading.Event(),
        )

    def _indexed(
        self, report: IndexReport, progress: Progress, stop: threading.Event | None
    ) -> IndexReport:
        if self._gallery.needs_compaction():
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
        with writer_lock(self._store.folder):
            self._gallery.fold(self._progress)
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
    """Bring an archive of an earlier version to this one's schema; see `archive.store.migrate`."""
    return store.migrate(Path(path))


def restore(
    source: str | os.PathLike[str], target: str | os.PathLike[str], progress: Progress = NO_PROGRESS
) -> int:
    """Make an archive from a backup, verified; see `reidsearch.maintenance.backup.restore`."""
    from reidsearch.maintenance import backup

    return backup.restore(Path(source), Path(target), progress)
