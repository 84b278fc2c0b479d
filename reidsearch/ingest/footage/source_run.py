"""What every source of a run is worked through with, and what of one is begun before its turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import FootageSettings
from reidsearch.ingest.footage.ahead import Ahead
from reidsearch.ingest.footage.detections import WithDetector
from reidsearch.ingest.sink import Sink
from reidsearch.media.files.inventory import Entry
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.store.crops.store import Store
from reidsearch.vision.detection.detector import Detector
from reidsearch.vision.embedding.embedder import Embedder


@dataclass(frozen=True)
class SourceRun:
    """All that sources are worked through with.

    Args:
        store: is asked what is stored already.
        sink: takes what is found.
        detector: loads the detector when the first source needs it.
        frames_fps: pictures a second in folders of frames whose names tell no time.
        decoder: the kind of device that decodes videos; None: software does.
        detections: precomputed detections of the one source there is; else those that the source
            list names are taken.
        notes: what a reader of coverage must know of each, beside what it says of itself.
    """

    store: Store
    sink: Sink
    embedder: Embedder
    detector: Callable[[], Detector]
    naming: SourceNaming
    settings: FootageSettings
    frames_fps: Fraction | None = None
    decoder: str | None = None
    detections: Path | None = None
    notes: tuple[str, ...] = ()
    progress: Progress = NO_PROGRESS
    stop: threading.Event = field(default_factory=threading.Event)


def begun_ahead(entry: Entry | None, run: SourceRun) -> Ahead:
    """Return the source that may be begun before its turn, where nothing else is decided before."""
    decided = (
        entry is not None
        and run.settings.tiles != "auto"
        and detections_of(entry.path, run) is None
    )
    source = partial(_with_detector, run) if decided else None
    return Ahead(entry.path if entry else None, source, run.settings, run.frames_fps, run.decoder)


def _with_detector(run: SourceRun) -> WithDetector:
    return WithDetector(run.detector(), run.settings)


def detections_of(path: str, run: SourceRun) -> Path | None:
    """Return the file of a source's precomputed detections; None: it has none."""
    if run.detections is not None:
        return run.detections
    row = run.naming.listed.lookup(path) if run.naming.listed else None
    return None if row is None else row.detections
