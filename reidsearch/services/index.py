"""One index run: crops and footage at some paths, under the writer lock (`Store.indexing`)."""

from __future__ import annotations

import contextlib
import itertools
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.errors import ArchiveLocked, UsageError
from reidsearch.base.locations import location_text
from reidsearch.base.progress import NO_PROGRESS, Parts, Progress
from reidsearch.base.settings import FootageSettings, PictureLimits
from reidsearch.base.settings_file import read_settings
from reidsearch.domain.crops import CropInput, Rejected
from reidsearch.domain.reports import FactsReport, FootageReport, IndexReport
from reidsearch.index.contract import IndexAway
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.ingest.crops import ingest, request_digest
from reidsearch.ingest.progress import CropBytes
from reidsearch.media.files.crop_inputs import CropInputs
from reidsearch.media.files.inventory import FOOTAGE, Inventory, Kind, absolute, take_inventory
from reidsearch.media.files.paths import NAMED_AT_MOST
from reidsearch.media.naming.patterns import Naming
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.separation import separation
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import Writer, open_writer
from reidsearch.store.footage.clocks import most_of_one_start
from reidsearch.store.footage.reader import facts_at
from reidsearch.store.sink import ArchiveSink

if TYPE_CHECKING:
    from reidsearch.vision.detection.detector import Detector
    from reidsearch.vision.embedding.embedder import Embedder
    from reidsearch.vision.engines import Engines

_COUNTS = (
    "offered",
    "indexed",
    "unchanged",
    "updated",
    "duplicates",
    "conflicting",
    "kept_out",
    "failed",
    "skipped",
)
_FOOTAGE_COUNTS = ("offered", "indexed", "unchanged", "failed", "tracklets", "best_shots")


@dataclass(frozen=True)
class FootageOptions:
    """How footage among the paths is taken in.

    Args:
        naming: where camera and start time of a source come from.
        settings: how it is analysed; see `settings.PRESETS`.
        frames: folders of pictures hold full frames, one source each, not person crops.
        frames_fps: their pictures a second, where names tell no time.
        detections: somebody else's detections for the one video that is given.
        notes: what a reader of its coverage must know beside what it says of itself.
    """

    naming: SourceNaming = field(default_factory=SourceNaming)
    settings: FootageSettings = FootageSettings()
    frames: bool = False
    frames_fps: Fraction | None = None
    detections: Path | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """What an index run works with.

    Args:
        detector: loads the detector; only called when footage needs it.
        version: of this program, for the record.
        doubt: what speaks against the model; empty: nothing does.
        decoder: the kind of device that decodes footage; None: software does.
    """

    store: Store
    embedder: Embedder
    detector: Callable[[], Detector]
    limits: PictureLimits
    version: str
    progress: Progress = NO_PROGRESS
    stop: threading.Event = field(default_factory=threading.Event)
    doubt: str = ""
    decoder: str | None = None

    def paths(self, paths: Sequence[Path], naming: Naming, options: FootageOptions) -> IndexReport:
        """Index everything that lies there: pictures first, then footage."""
        endpoint = read_settings(self.store.address).objects.endpoint
        inventory = take_inventory(paths, frames=options.frames, endpoint=endpoint)
        require_one_source(inventory, options)
        roots = [location_text(absolute(path)) for path in paths]
        return self.inventory(inventory, roots, naming, options)

    def inventory(
        self,
        inventory: Inventory,
        roots: Sequence[str],
        naming: Naming,
        options: FootageOptions,
        *,
        whole: bool = True,
    ) -> IndexReport:
        """Index what an inventory holds.

        Args:
            roots: it was taken there.
            whole: of all that lies below them.
        """
        decoder = self.decoder if inventory.footage_count else None
        if decoder is not None:
            from reidsearch.media.video.hardware import require_decoder

            require_decoder(decoder)
        # How they are read does not matter: a finished run has met all that lies there.
        request = [*roots, f"frames={options.frames}"]
        with open_writer(self.store, self.embedder.identity) as writer:
            # No names: they would stay when what they name is deleted.
            command = [repr(options.settings), f"frames={options.frames}"]
            self._begin(writer, request, command, paths="\n".join(roots), decoder=decoder)
            sink = ArchiveSink(writer)
            total = inventory.crop_bytes + inventory.footage_bytes
            self.progress.begin("indexing", total, "bytes")
            report = self._crops(sink, inventory, naming)
            if inventory.footage_count and not report.interrupted:
                footage = self._footage(sink, inventory, options)
                footage = replace(footage, facts=facts_of_sources(self.store, inventory, options))
                report = replace(report, footage=footage, interrupted=self.stop.is_set())
            self.progress.end()
            skipped = inventory.skipped
            first = tuple(itertools.islice(skipped, NAMED_AT_MOST))
            report = replace(report, skipped=skipped.count, skipped_names=first)
            if not report.interrupted:
                writer.record_skipped(skipped, roots if whole else ())
            self._end(writer, report)
        return report

    def crops(
        self, inputs: Iterable[CropInput | Rejected], request: Sequence[str], total: int | None
    ) -> IndexReport:
        """Index the crops that an iterable gives."""
        with open_writer(self.store, self.embedder.identity) as writer:
            request = request or [uuid.uuid4().hex]
            self._begin(writer, request, [])
            self.progress.begin("indexing", total, "crops")
            report = self._ingest(ArchiveSink(writer), inputs, self.progress)
            self.progress.end()
            self._end(writer, report)
        return report

    def _begin(
        self,
        writer: Writer,
        request: Sequence[str],
        command: Sequence[str],
        paths: str | None = None,
        decoder: str | None = None,
    ) -> None:
        writer.begin_run(
            request=request_digest(request),
            command="\n".join(command),
            version=self.version,
            runtime=self.embedder.runtime + (f", decoded by {decoder}" if decoder else ""),
            paths=paths,
        )

    def _end(self, writer: Writer, report: IndexReport) -> None:
        counts = {name: getattr(report, name) for name in _COUNTS}
        counts |= {f"footage_{name}": getattr(report.footage, name) for name in _FOOTAGE_COUNTS}
        writer.end_run(counts, finished=not report.interrupted)

    def _crops(self, sink: ArchiveSink, inventory: Inventory, naming: Naming) -> IndexReport:
        if not inventory.has_crops:
            return IndexReport(sink.run_id)
        crops = CropInputs(inventory, naming, self.limits)
        inputs = CropBytes(crops, self.progress)
        report = self._ingest(sink, inputs, inputs)
        if not report.interrupted:
            inputs.finish()
        return replace(report, facts=crops.facts)

    def _ingest(
        self, sink: ArchiveSink, inputs: Iterable[CropInput | Rejected], progress: Progress
    ) -> IndexReport:
        return ingest(
            inputs,
            store=self.store,
            sink=sink,
            embedder=self.embedder,
            limits=self.limits,
            progress=progress,
            stop=self.stop,
        )

    def _footage(
        self, sink: ArchiveSink, inventory: Inventory, options: FootageOptions
    ) -> FootageReport:
        from reidsearch.ingest.footage.source_run import SourceRun
        from reidsearch.ingest.footage.sources import index_sources

        run = SourceRun(
            store=self.store,
            sink=sink,
            embedder=self.embedder,
            detector=self.detector,
            naming=options.naming,
            settings=options.settings,
            frames_fps=options.frames_fps,
            decoder=self.decoder,
            detections=options.detections,
            notes=options.notes,
            progress=self.progress,
            stop=self.stop,
        )
        return index_sources(inventory.entries(FOOTAGE), run, count=inventory.footage_count)


def facts_of_sources(store: Store, inventory: Inventory, options: FootageOptions) -> FactsReport:
    """Return what is not known of the footage among the inputs, by what is stored of it now."""
    naming = options.naming
    locations = [entry.location for entry in inventory.entries(FOOTAGE)]
    held = facts_at(store, locations)
    alike = most_of_one_start(store, (facts.clock for facts in held))
    missing, others = naming.listed.unused(locations) if naming.listed else ([], [])
    videos = [entry.location for entry in inventory.entries({Kind.VIDEO})]
    unread = [one for one in videos if naming.reads_names and not naming.understands(one)]
    return FactsReport(
        inputs=len(held),
        without_time=sum(facts.clock.start is None for facts in held),
        without_camera=sum(facts.camera is None for facts in held),
        names_read=naming.reads_names,
        unread_names=len(unread),
        same_start=alike if alike > 1 else 0,
        source_list=naming.listed.path if naming.listed else None,
        rows_without_file=tuple(missing),
        rows_elsewhere=tuple(others),
    )


class IndexService:
    """Indexing into one archive, whose index and neighbour graph follow.

    Args:
        ask_saved: asks the saved questions of what was indexed; raises nothing.
    """

    def __init__(
        self,
        store: Store,
        gallery: Gallery,
        neighbours: Neighbours,
        engines: Engines,
        version: str,
        ask_saved: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._gallery = gallery
        self._neighbours = neighbours
        self._engines = engines
        self._version = version
        self.ask_saved = ask_saved

    def paths(
        self,
        paths: Sequence[Path],
        naming: Naming | None = None,
        footage: FootageOptions | None = None,
        limits: PictureLimits = PictureLimits(),
        progress: Progress = NO_PROGRESS,
        stop: threading.Event | None = None,
    ) -> IndexReport:
        """Index footage and person crops; see `Archive.index`."""
        footage = footage or FootageOptions()
        run = self._run(limits, progress, stop, footage.settings)
        return self._caught_up(run.paths(paths, naming or Naming(), footage), run)

    def prepare(self) -> None:
        """Load the model, and look for the device that decodes, before anything is waited for.

        Raises:
            ModelError: there is no model, or not the archive's.
            UsageError: footage cannot be decoded where it is to be.
        """
        if self._engines.decoder is not None:
            from reidsearch.media.video.hardware import require_decoder

            require_decoder(self._engines.decoder)
        self._engines.embedder()

    def place(
        self,
        inventory: Inventory,
        location: str,
        naming: Naming,
        footage: FootageOptions,
        limits: PictureLimits,
        progress: Progress,
        stop: threading.Event,
    ) -> IndexReport:
        """Index one place of the queue; the index is left behind until `catch_up`."""
        require_one_source(inventory, footage)
        run = self._run(limits, progress, stop, footage.settings)
        return run.inventory(inventory, [location], naming, footage, whole=False)

    def catch_up(self, progress: Progress = NO_PROGRESS) -> None:
        """Bring the files of index and neighbour graph up to what was committed, where it pays."""
        self._fold(progress, threading.Event())

    def crops(
        self,
        inputs: Iterable[CropInput | Rejected],
        request: Sequence[str] = (),
        limits: PictureLimits = PictureLimits(),
        total: int | None = None,
        progress: Progress = NO_PROGRESS,
        stop: threading.Event | None = None,
    ) -> IndexReport:
        """Index the crops that an iterable gives; see `Archive.index_crops`.

        Args:
            request: texts that are equal when the same inputs are given again; a finished run
                then supersedes interrupted ones, and failures that did not happen again. Without
                any the run is like no other.
            total: how many inputs there will be, for showing progress; None: not known.
        """
        run = self._run(limits, progress, stop, FootageSettings())
        return self._caught_up(run.crops(inputs, request, total), run)

    def _run(
        self,
        limits: PictureLimits,
        progress: Progress,
        stop: threading.Event | None,
        settings: FootageSettings,
    ) -> Run:
        from reidsearch.vision.embedding.sense import require_sense

        embedder = self._engines.embedder()
        return Run(
            store=self._store,
            embedder=embedder,
            doubt=require_sense(embedder),
            detector=lambda: self._engines.detector(settings.detector),
            limits=limits,
            version=self._version,
            progress=progress,
            stop=stop or threading.Event(),
            decoder=self._engines.decoder,
        )

    def _caught_up(self, report: IndexReport, run: Run) -> IndexReport:
        """Bring index and neighbour graph up to what a run committed; add what it doubts."""
        self._fold(run.progress, run.stop)
        if not run.stop.is_set():  # else the next run asks of this one's crops too
            self.ask_saved()
        return replace(report, model_doubt=self._doubt(run))

    def _fold(self, progress: Progress, stop: threading.Event) -> None:
        if self._gallery.needs_compaction() or self._store.state().pending:
            with contextlib.suppress(ArchiveLocked), self._store.indexing():
                pass  # what the run has left pending is finished
            # Another writer of these files that has begun meanwhile compacts them just as well.
            with contextlib.suppress(ArchiveLocked), self._store.deriving():
                if self._gallery.needs_compaction():  # still, after what was pending
                    self._compact(progress)
                progress.working_on("")
        with contextlib.suppress(ArchiveLocked):
            self._neighbours.keep(progress, stopped=stop.is_set)

    def _compact(self, progress: Progress) -> None:
        try:
            self._gallery.compact(Parts(progress, []))  # named, below the total
        except IndexAway as error:
            said = f"all that was read is in the database, but {error.message}"
            raise error.reworded(said, IndexAway) from error

    def _doubt(self, run: Run) -> str:
        """What speaks against the model: of synthetic people, then of those of the archive."""
        found = separation(self._store)
        if found is None or not found.doubt:
            return run.doubt
        doubt = f"{run.embedder.identity.name}: {found.doubt}"
        return f"{run.doubt}; {doubt}" if run.doubt else doubt


def require_one_source(inventory: Inventory, options: FootageOptions) -> None:
    """Refuse detections of one video for several sources, or for none. Raises UsageError."""
    if options.detections is not None and inventory.footage_count != 1:
        raise UsageError(
            f"precomputed detections belong to one video, not to {inventory.footage_count}",
            "name one video, or give a source list with a column `detections`",
        )
