"""`Archive`: the public face of everything; the command line calls nothing else.

with Archive.open("archive", create=True) as archive:
    archive.index(["crops/"])
    answer = archive.search("person.jpg", k=10)
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Unpack

from reidsearch.base.actor import default_actor
from reidsearch.base.address import PostgresAddress, read_address
from reidsearch.base.errors import UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import PictureLimits, RuntimeSettings
from reidsearch.base.timecode import parse_zone
from reidsearch.domain.request import Filters
from reidsearch.services.cases import author_for
from reidsearch.services.long_work import LongWork
from reidsearch.services.searches import Searches
from reidsearch.store import timezone as zones
from reidsearch.store.crops.store import Store
from reidsearch.store.pending import pending_work
from reidsearch.vision.engines import Engines

if TYPE_CHECKING:
    from reidsearch.datasets.readers import DataSet
    from reidsearch.domain.audit import Audit
    from reidsearch.domain.copies import Copy
    from reidsearch.domain.crops import Crop, CropInput, Rejected
    from reidsearch.domain.decisions import Transits
    from reidsearch.domain.journeys import Journey
    from reidsearch.domain.models import ModelIdentity
    from reidsearch.domain.next_footage import NextFootage
    from reidsearch.domain.pending import Pending
    from reidsearch.domain.reports import Failure, Finding, IndexReport, Summary
    from reidsearch.maintenance.backup import Backup
    from reidsearch.maintenance.erase import Erasure
    from reidsearch.media.naming.patterns import Naming
    from reidsearch.services.index import FootageOptions
    from reidsearch.services.maintenance import Further
    from reidsearch.services.sight import Sight


class Archive(Searches, LongWork, contextlib.AbstractContextManager["Archive"]):
    """An open archive. Use as a context manager.

    Threads may share one: look-ups and decisions run side by side, searches take turns on the
    index (milliseconds; embedding their pictures runs side by side). Indexing, deleting and the
    like are for one thread at a time, and searches wait while the index is brought up to date.

    Made by `Archive.open`. All services share one set of parts: the store, the index, the
    neighbour graph, the models, each loaded when it is first needed. The methods are short for
    the most frequent calls of the services.
    """

    def close(self) -> None:
        """Close the archive's files: `archive.close()`, or the end of a `with` statement."""
        self._engines.close()
        self._store.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str] | PostgresAddress,
        *,
        create: bool = False,
        model: str | None = None,
        flip: bool | None = None,
        model_path: Sequence[Path] = (),
        offline: bool = False,
        runtime: RuntimeSettings = RuntimeSettings(),
        progress: Progress = NO_PROGRESS,
        actor: str | None = None,
        logged: bool = True,
        case: str | None = None,
        reason: str | None = None,
        first: Callable[[Engines], object] | None = None,
        engines: Engines | None = None,
    ) -> Archive:
        """Open an archive.

        Args:
            path: its folder, or `postgresql://user@host/database`; `create` makes it.
            model: catalogue name, name/precision, .xml or .onnx file, or `builtin`; None takes
                the archive's own model, or the catalogue's default for a new archive.
            flip: embed crops as the mean of themselves and their mirror images; None: as before.
            model_path: folders in Open Model Zoo layout to look in first.
            offline: never download a model.
            runtime: device, streams, threads.
            progress: told of downloads, index rebuilding and the like.
            actor: who acts here; None: `REIDSEARCH_ACTOR`, else the operating system's user.
            logged: a new archive keeps an event log; one without it can never have one, and every
                answer says so.
            case: the number of the case that what is done here belongs to; see `archive.cases`.
            reason: why it is searched, e.g. `witness: saw the car`; see `domain.cases.Reason`.
            first: is called with the models before a new archive is made, e.g.
                `lambda models: models.embedder()`; where that raises, none is left behind.
            engines: models that are being loaded already, instead of those that `model` to
                `runtime` describe.

        Raises:
            ArchiveError: there is none, or the folder is something else.
            ArchiveVersionError: it was made by another version.
            NotFound, UsageError: there is no such case; it is closed, or has expired.

        Example:
            >>> archive = Archive.open("archive", create=True, offline=True)
        """
        address = read_address(path)
        engines = engines or Engines(
            model=model,
            flip=flip,
            model_path=model_path,
            offline=offline,
            runtime=runtime,
            progress=progress,
        )
        if create:
            if first is not None and not Store.is_there(address):
                first(engines)
            Store.create(address, logged=logged)
        opened = Store(address)
        try:
            if opened.logged and not logged:
                raise UsageError(f"{address} keeps an event log, and cannot be without it any more")
            opened.author = author_for(opened, actor or default_actor(), case, reason)
            if create:
                from reidsearch.services.pictures import PictureService

                PictureService(opened).begin()
            engines.serve(opened.folder, opened.model)
            return cls(opened, engines, progress, opened.author.name)
        except BaseException:
            opened.close()
            raise

    @property
    def timezone(self) -> str | None:
        """The zone to read and show times in, if one is set: `archive.timezone = "Asia/Tokyo"`."""
        return zones.stored_timezone(self._store)

    @timezone.setter
    def timezone(self, zone: str) -> None:
        parse_zone(zone)
        zones.store_timezone(self._store, zone)

    # -- writing ------------------------------------------------------------------------------

    def index(
        self,
        paths: Sequence[str | os.PathLike[str]],
        *,
        naming: Naming | None = None,
        footage: FootageOptions | None = None,
        limits: PictureLimits = PictureLimits(),
        attributes: bool = False,
        progress: Progress = NO_PROGRESS,
        stop: Event | None = None,
    ) -> IndexReport:
        """Index footage and person crops: videos, pictures, folders, tar, zip, manifests.

        What is unchanged is skipped; what fails is recorded (`failures`) and the run goes on.

        Args:
            paths: files and folders; relative ones count from the working folder.
            naming: where camera, time and person of pictures come from; None: only manifests.
            footage: how footage is analysed, and where its camera and time come from.
            attributes: after the run record what people wear and carry, of every crop of the
                archive that has none yet: a run that was interrupted there goes on with them.
            stop: set it (from a signal handler or another thread) to stop after committing.

        Raises:
            ArchiveLocked: another process writes.
            ModelError: no model, or not the archive's.
            InputError: a path does not exist.
            UsageError: a path is empty.

        Example:
            >>> archive.index(["gate.mp4"], footage=FootageOptions(naming=SourceNaming("gate")))
        """
        if any(os.fspath(path) == "" for path in paths):
            raise UsageError("an empty path was given to index; it would mean this folder")
        if attributes:
            self._engines.recognizer(None)  # what is missing is told now, not after hours
        report = self.indexing.paths([*map(Path, paths)], naming, footage, limits, progress, stop)
        if not attributes or report.interrupted:
            return report
        recorded = self.attributes.record(progress, stop=stop)
        interrupted = stop is not None and stop.is_set()
        return replace(report, attributes=recorded, interrupted=interrupted)

    def index_crops(
        self,
        inputs: Iterable[CropInput | Rejected],
        *,
        request: Sequence[str] = (),
        limits: PictureLimits = PictureLimits(),
        total: int | None = None,
        progress: Progress = NO_PROGRESS,
        stop: Event | None = None,
    ) -> IndexReport:
        """Index the crops that an iterable gives, which is pulled in another thread.

        For `request` and `total` see `services.index.IndexService.crops`.

        Example:
            >>> archive.index_crops([CropInput("a.jpg", "v1", Path("a.jpg").read_bytes)])
        """
        return self.indexing.crops(inputs, request, limits, total, progress, stop)

    def plan_delete(
        self,
        filters: Filters = Filters(),
        *,
        crop_ids: Sequence[int] = (),
        permanent: bool = False,
        **further: Unpack[Further],
    ) -> Erasure:
        """Count what `delete` would delete: `archive.plan_delete(crop_ids=[7]).ids`.

        See `MaintenanceService.plan_delete`.
        """
        return self.maintenance.plan_delete(filters, crop_ids, permanent=permanent, **further)

    def delete(self, planned: Erasure, *, progress: Progress = NO_PROGRESS) -> bool:
        """Delete for good just what was planned: `archive.delete(archive.plan_delete(...))`."""
        return self.maintenance.delete(planned, progress)

    def reembed(self, *, progress: Progress = NO_PROGRESS) -> int:
        """Re-embed all crops, and return how many: `Archive.open(path, model=new).reembed()`."""
        return self.maintenance.reembed(progress)

    # -- looking up ---------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return how many crops the index holds; loads it."""
        self._gallery.sync(self._progress)
        return len(self._gallery)

    @property
    def location(self) -> str:
        """The archive's folder or address, as text. Example: `print(archive.location)`."""
        return self._store.location

    @property
    def archive_id(self) -> str:
        """What stays when the folder is moved or renamed. Example: `print(archive.archive_id)`."""
        return str(self._store.row.uuid)

    @property
    def actor(self) -> str:
        """Who takes decisions, unless taken `by` others. Example: `print(archive.actor)`."""
        return self._actor

    @property
    def model(self) -> ModelIdentity | None:
        """The model of the archive's embeddings; None while it is empty."""
        return self._store.model()

    def crop(self, crop_id: int) -> Crop:
        """Return all that is known of a crop: `archive.crop(7).facts.camera`. Raises NotFound."""
        return self._store.crop(crop_id)

    def changes(self) -> int:
        """Return a number that grows when anybody changes the archive: `archive.changes()`."""
        return self._store.changes()

    def picture(self, crop_id: int) -> bytes:
        """Return a crop's JPEG, verified: `archive.picture(7)`. Raises NotFound, ArchiveError."""
        return self._store.picture(crop_id)

    def show(self) -> Summary:
        """Return what the archive holds, in numbers: `archive.show().crops`."""
        return self.maintenance.summary()

    def failures(self) -> list[Failure]:
        """Return what never became a crop, and why: `archive.failures()[0].reason`."""
        return self.maintenance.failures()

    def labelled(self, labels: str | None = None) -> DataSet:
        """Return the crops of known person and camera: `archive.labelled("identities")`."""
        from reidsearch.datasets.readers import read_archive

        with self._store.one_state():
            return read_archive(self._store, labels)

    def journey(self, identity: str, *, transits: Transits | None = None) -> Journey:
        """Return where an identity was and when, e.g. `archive.journey("anna").stops`."""
        from reidsearch.services.journeys import journey

        with self._store.one_state():
            return journey(self._store, self.identities, self.proposals, identity, transits)

    def next_footage(
        self,
        identity: str,
        *,
        keeps_days: Mapping[str, float] | None = None,
        sight: Sight | None = None,
    ) -> NextFootage:
        """Return which footage to fetch next, e.g. `archive.next_footage("anna").fetches[0]`.

        Args:
            keeps_days: by camera how many days its recorder keeps footage.
            sight: what may be seen; None: everything.

        Raises as `services.next_footage.next_footage`, and NotFound.
        """
        from reidsearch.services.next_footage import next_footage

        seen = sight or self.sight(None)
        found = seen.require_identity(identity)
        return next_footage(
            self._store,
            found,
            keeps_days=keeps_days,
            cameras=seen.cameras,
            failures=0 if seen.limited else len(self.failures()),
        )

    # -- health -------------------------------------------------------------------------------

    def pending(self) -> tuple[Pending, ...]:
        """Return what a committed change has left to do, e.g. `archive.pending()[0].sentence`.

        Whatever writes next finishes it first.
        """
        return pending_work(self._store)

    def audit(self, *, progress: Progress = NO_PROGRESS) -> Audit:
        """Tell where calibration fails, and which cameras have changed: `archive.audit().refused`.

        Without labels: people whom one camera shows at once are different people. Nothing is
        stored.
        """
        return self.searching.audit(progress)

    def check(self, *, repair: bool = False, progress: Progress = NO_PROGRESS) -> list[Finding]:
        """Verify the archive; return what is wrong, after a repair: `archive.check() == []`."""
        return self.maintenance.check(repair=repair, progress=progress)

    def backup(self, target: str | os.PathLike[str], *, progress: Progress = NO_PROGRESS) -> Backup:
        """Copy the archive to a new folder, also while it is written: `archive.backup("copy")`."""
        return self.maintenance.backup(Path(target), progress)

    def copy(
        self,
        target: str | os.PathLike[str] | PostgresAddress,
        *,
        progress: Progress = NO_PROGRESS,
    ) -> Copy:
        """Make the archive at another address too, verified: `archive.copy("postgresql://db/x")`.

        While it is written. A copy that is cut off goes on with the same call.
        """
        return self.maintenance.copy(target, progress)
