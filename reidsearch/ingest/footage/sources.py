"""Many sources, one after the other: which need work, what is known of them, what failed."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import FootageSettings
from reidsearch.domain.crops import Rejected
from reidsearch.domain.reports import FootageReport
from reidsearch.ingest.footage.checkpoint import FORMAT
from reidsearch.ingest.footage.run import Sees, WithDetector, WithGiven, watch
from reidsearch.media.files.paths import location_text, refusal
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.video.frames import Footage
from reidsearch.media.video.open import digest_of, open_footage
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import Writer
from reidsearch.store.footage.reader import KnownSource, source_at, source_of
from reidsearch.store.footage.writer import FootageWriter, SourceFile, facts_digest
from reidsearch.vision.detection.detector import Detector
from reidsearch.vision.detection.given import GivenDetections, read_given
from reidsearch.vision.embedding.embedder import Embedder


@dataclass(frozen=True)
class SourceRun:
    """All that sources are worked through with.

    Args:
        detector: loads the detector when the first source needs it.
        frames_fps: pictures a second in folders of frames whose names tell no time.
        detections: file of somebody else's detections for a source, by its path; else a file
            named like the source is not looked for.
    """

    store: Store
    writer: Writer
    embedder: Embedder
    detector: Callable[[], Detector]
    naming: SourceNaming
    settings: FootageSettings
    frames_fps: Fraction | None = None
    detections: Mapping[str, Path] | None = None


def index_sources(
    paths: Sequence[str],
    watching: SourceRun,
    progress: Progress = NO_PROGRESS,
    stop: threading.Event | None = None,
) -> FootageReport:
    """Index videos and folders of frames.

    Args:
        paths: absolute; one source each.
        stop: when set, what was worked through is committed, and the rest is left.

    Returns:
        Counts of what became of every source. What fails is in the failures ledger.
    """
    counts: dict[str, int] = dict.fromkeys(asdict(FootageReport()), 0)
    seconds = 0.0
    began = time.monotonic()
    stop = stop or threading.Event()
    for number, path in enumerate(paths, start=1):
        if stop.is_set():
            break
        title = f"{number}/{len(paths)} {Path(path).name}"
        one = _Source(path, watching, progress, stop, title)
        try:
            outcome = one.take_in()
        except Refused as refused:
            watching.writer.commit([Rejected(location_text(path), refused)])
            outcome = {"failed": 1}
        for name, value in outcome.items():
            if name == "footage_s":
                seconds += value
            else:
                counts[name] += int(value)
        counts["offered"] += 1
    counts.pop("footage_s")
    counts.pop("seconds")
    return FootageReport(**counts, footage_s=seconds, seconds=time.monotonic() - began)


class _Source:
    """One source on its way into the archive."""

    def __init__(
        self,
        path: str,
        watching: SourceRun,
        progress: Progress,
        stop: threading.Event,
        title: str,
    ) -> None:
        self._path = path
        self._location = location_text(path)
        self._watching = watching
        self._progress = progress
        self._stop = stop
        self._title = title

    def take_in(self) -> dict[str, float]:
        """What became of it, as counts of a `FootageReport`.

        Raises:
            Refused: it cannot be read at all.
        """
        fingerprint = _fingerprint(self._path)
        known = source_at(self._watching.store, self._location)
        naming = self._watching.naming
        if known and known.finished and known.fingerprint == fingerprint:
            told = None if naming.container_time else naming.facts(self._location, None).facts
            if told is not None and facts_digest(told) == known.facts:
                return {"unchanged": 1, **self._other_settings(known)}
        with open_footage(self._path, frames_fps=self._watching.frames_fps) as footage:
            sha256, size_bytes = digest_of(self._path, self._progress)
            self._require_unchanged(fingerprint)
            file = SourceFile(self._location, fingerprint, sha256, size_bytes)
            return self._take_in(file, footage, known)

    def _take_in(
        self, file: SourceFile, footage: Footage, known: KnownSource | None
    ) -> dict[str, float]:
        held = source_of(self._watching.store, file.sha256)
        first_stamp = getattr(footage, "first_stamp", None)
        told = self._watching.naming.facts(self._location, footage.info, first_stamp)
        writer = FootageWriter(self._watching.writer)
        if held is not None and held.finished:
            changed = writer.place(held.source_id, file, told.facts)
            if known is None or known.source_id != held.source_id:
                return {"duplicates": 1, **self._other_settings(held)}
            return {"updated" if changed else "unchanged": 1, **self._other_settings(held)}
        given = self._given()
        settings = self._settings(given)
        begun = writer.begin(file, footage.info, told.facts, settings)
        sees: Sees
        if given:
            sees = WithGiven(given, footage, self._watching.settings)
        else:
            sees = WithDetector(self._watching.detector(), self._watching.settings)
        declared = footage.info.declared_s
        self._progress.begin(self._title, None if declared is None else round(declared), "s")
        try:
            watched = watch(
                footage,
                begun,
                sees=sees,
                embedder=self._watching.embedder,
                writer=writer,
                settings=self._watching.settings,
                notes=told.notes,
                progress=self._progress,
                stop=self._stop,
                require_unchanged=lambda: self._require_unchanged(file.fingerprint),
            )
        except Refused:
            writer.drop(begun.source_id)  # what was seen are not the bytes that its name stands for
            raise
        self._progress.end()
        if not watched.finished:
            return {}
        found = watched.counts or {}
        names = ("looks", "tracklets", "views", "small", "brief")
        return {
            "indexed": 1,
            "resumed": int(watched.resumed),
            "frames": watched.frames,
            "footage_s": watched.duration_us / 1e6,
            **{name: found.get(name, 0) for name in names},
        }

    def _require_unchanged(self, fingerprint: str) -> None:
        """A recorder may still write it, or a disk be lost; one that was deleted was read whole.

        Raises:
            Refused: (unreadable) other bytes lie there now.
        """
        if os.path.exists(self._path) and _fingerprint(self._path) != fingerprint:  # noqa: PTH110
            raise Refused(
                Reason.UNREADABLE,
                "it changed while it was read",
                "index it again when nothing writes it any more",
            )

    def _given(self) -> GivenDetections | None:
        path = (self._watching.detections or {}).get(self._path)
        return read_given(path) if path else None

    def _settings(self, given: GivenDetections | None) -> dict[str, Any]:
        """What has to be equal for a run to go on from another's checkpoint."""
        watching = self._watching
        seen_by = given.text if given else watching.detector().identity.text
        return {
            **asdict(watching.settings),
            "detector": seen_by,
            "model": watching.embedder.identity.text,
            "format": FORMAT,
        }

    def _other_settings(self, known: KnownSource) -> dict[str, float]:
        same = known.settings.get("preset") == self._watching.settings.preset
        return {} if same else {"other_settings": 1}


def _fingerprint(path: str) -> str:
    """Changes when the file, or anything in the folder of frames, changes.

    Raises:
        Refused: it is not there, or cannot be read.
    """
    try:
        status = os.stat(path)  # noqa: PTH116
        if not stat.S_ISDIR(status.st_mode):
            return f"{status.st_size}-{status.st_mtime_ns}"
        with os.scandir(path) as entries:
            found = [entry.stat() for entry in entries]
    except OSError as error:
        raise refusal(error) from error
    total, newest = (
        sum(one.st_size for one in found),
        max((one.st_mtime_ns for one in found), default=0),
    )
    return f"{len(found)}-{total}-{newest}"
