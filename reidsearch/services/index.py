"""One index run: what paths offer, pictures and footage, under one writer lock."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.errors import UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import FootageSettings, PictureLimits
from reidsearch.domain.crops import CropInput, Rejected
from reidsearch.domain.reports import FootageReport, IndexReport
from reidsearch.ingest.crops import ingest, request_digest
from reidsearch.media.files.crop_inputs import Offers, offers
from reidsearch.media.files.listing import Listing, find_footage
from reidsearch.media.files.paths import location_text
from reidsearch.media.naming.patterns import Naming
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import Writer, open_writer

if TYPE_CHECKING:
    from reidsearch.vision.detection.detector import Detector
    from reidsearch.vision.embedding.embedder import Embedder

_COUNTS = (
    "offered",
    "indexed",
    "unchanged",
    "updated",
    "duplicates",
    "conflicting",
    "failed",
    "ignored",
)
_FOOTAGE_COUNTS = ("offered", "indexed", "unchanged", "failed", "tracklets", "views")


@dataclass(frozen=True)
class FootageOptions:
    """How footage among the paths is taken in.

    Args:
        naming: where camera and start time of a source come from.
        watch: how it is looked at; see `settings.PRESETS`.
        frames: folders of pictures hold full frames, one source each, not person crops.
        frames_fps: their pictures a second, where names tell no time.
        detections: somebody else's detections for the one video that is given.
    """

    naming: SourceNaming = field(default_factory=SourceNaming)
    watch: FootageSettings = FootageSettings()
    frames: bool = False
    frames_fps: Fraction | None = None
    detections: Path | None = None


@dataclass(frozen=True)
class Run:
    """What an index run works with.

    Args:
        detector: loads the detector; only called when footage needs it.
        version: of this program, for the record.
    """

    store: Store
    embedder: Embedder
    detector: Callable[[], Detector]
    limits: PictureLimits
    version: str
    progress: Progress = NO_PROGRESS
    stop: threading.Event | None = None

    def paths(self, paths: Sequence[Path], naming: Naming, options: FootageOptions) -> IndexReport:
        """Index everything that lies there: pictures first, then footage."""
        listing = find_footage(paths, frames=options.frames)
        detections = _detections(listing, options)
        offered = offers(listing.other, naming, self.limits) if listing.other else None
        request = [
            *(location_text(str(path.absolute())) for path in paths),
            repr(naming),
            repr(options),
        ]
        with open_writer(self.store, self.embedder.identity) as writer:
            self._begin(writer, request)
            report = self._pictures(writer, offered, listing.rejected)
            if listing.footage and not report.interrupted:
                footage = self._footage(writer, listing.footage, options, detections)
                stopped = self.stop is not None and self.stop.is_set()
                report = replace(report, footage=footage, interrupted=stopped)
            self._end(writer, report)
        return report

    def offers(
        self, offered: Iterable[CropInput | Rejected], request: Sequence[str], total: int | None
    ) -> IndexReport:
        """Index what an iterable offers."""
        with open_writer(self.store, self.embedder.identity) as writer:
            self._begin(writer, request or [uuid.uuid4().hex])
            report = self._ingest(writer, offered, total)
            self._end(writer, report)
        return report

    def _begin(self, writer: Writer, request: Sequence[str]) -> None:
        writer.begin_run(
            request=request_digest(request),
            command="\n".join(request),
            version=self.version,
            runtime=self.embedder.runtime,
        )

    def _end(self, writer: Writer, report: IndexReport) -> None:
        counts = {name: getattr(report, name) for name in _COUNTS}
        counts |= {f"footage_{name}": getattr(report.footage, name) for name in _FOOTAGE_COUNTS}
        writer.end_run(counts, finished=not report.interrupted)

    def _pictures(
        self, writer: Writer, offered: Offers | None, rejected: Sequence[Rejected]
    ) -> IndexReport:
        if rejected:
            writer.commit(rejected)
        if offered is None:
            report = IndexReport(writer.run_id)
        else:
            total = None if self.progress is NO_PROGRESS else offered.expected()
            report = self._ingest(writer, offered, total)
        return replace(
            report,
            offered=report.offered + len(rejected),
            failed=report.failed + len(rejected),
            ignored=0 if offered is None else offered.ignored,
        )

    def _ingest(
        self, writer: Writer, offered: Iterable[CropInput | Rejected], total: int | None
    ) -> IndexReport:
        self.progress.begin("indexing", total, "crops")
        report = ingest(
            offered,
            store=self.store,
            writer=writer,
            embedder=self.embedder,
            limits=self.limits,
            progress=self.progress,
            stop=self.stop,
        )
        self.progress.end()
        return report

    def _footage(
        self,
        writer: Writer,
        paths: Sequence[str],
        options: FootageOptions,
        detections: dict[str, Path],
    ) -> FootageReport:
        from reidsearch.ingest.footage.sources import SourceRun, index_sources

        watching = SourceRun(
            store=self.store,
            writer=writer,
            embedder=self.embedder,
            detector=self.detector,
            naming=options.naming,
            settings=options.watch,
            frames_fps=options.frames_fps,
            detections=detections,
        )
        return index_sources(paths, watching, self.progress, self.stop)


def _detections(listing: Listing, options: FootageOptions) -> dict[str, Path]:
    """Whose detections are taken for which source."""
    listed = options.naming.listed
    found = {}
    for path in listing.footage:
        row = listed.lookup(path) if listed else None
        if row is not None and row.detections is not None:
            found[path] = row.detections
    if options.detections is not None:
        if len(listing.footage) != 1:
            raise UsageError(
                f"given detections belong to one video, not to {len(listing.footage)}",
                "name one video, or give a source list with a column `detections`",
            )
        found[listing.footage[0]] = options.detections
    return found
