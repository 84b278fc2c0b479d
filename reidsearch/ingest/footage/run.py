"""One source of footage from its first frame to its last committed tracklet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from reidsearch.base.errors import Refused
from reidsearch.base.settings import FootageSettings, PictureLimits
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.footage import BestShot, Detections, Tracklet
from reidsearch.domain.steps import Begun, SourceStep
from reidsearch.ingest.footage.checkpoint import pack, pack_told, unpack, unpack_told
from reidsearch.ingest.footage.follow import Ended, Event, Follower, Mark
from reidsearch.ingest.footage.sampled_frames import SampledFrame, Seen, looks
from reidsearch.ingest.progress import SourceBytes
from reidsearch.ingest.sink import Sink
from reidsearch.media.pictures import decode
from reidsearch.media.video.frames import Footage
from reidsearch.vision.detection.detector import Detector
from reidsearch.vision.detection.given import GivenDetections, GivenIds
from reidsearch.vision.embedding.embedder import Embedder
from reidsearch.vision.models.catalogue import by_digest
from reidsearch.vision.tracking.bytetrack import ByteTracker
from reidsearch.vision.tracking.stitching import Stitcher, TrackletPiece
from reidsearch.vision.tracking.tracker import LIFESPAN_US, Tracker

MARK_S = 2.0
"""Seconds between checkpoints: what a kill costs at most, beside opening the file."""

NOT_JOINED = (
    "pieces before and after an occlusion stay two tracklets: this model's scores are not known"
)
LIMITS = PictureLimits(min_width_px=1, min_height_px=1)  # of views that were just cut


class Sees(Protocol):
    """Where detections come from: a detector, or a file of somebody else's."""

    @property
    def size_px(self) -> tuple[int, int] | None:
        """Width and height of the pictures it takes; None: it needs none."""
        ...

    @property
    def knows_people(self) -> bool:
        """Whether its detections say themselves who is who."""
        ...

    def tracker(self) -> Tracker:
        """A fresh tracker for its detections."""
        ...

    def see(
        self, looked: Iterable[tuple[Seen, Pixels | None]]
    ) -> Iterator[tuple[Seen, Detections | None]]:
        """Detections of every look in order; None where nobody looked."""
        ...


@dataclass(frozen=True, slots=True)
class WithDetector:
    """A detector looks."""

    detector: Detector
    settings: FootageSettings

    @property
    def size_px(self) -> tuple[int, int] | None:
        """What the detector takes."""
        return self.detector.width_px, self.detector.height_px

    @property
    def knows_people(self) -> bool:
        """A detector does not."""
        return False

    def tracker(self) -> Tracker:
        """By motion."""
        return ByteTracker(self.settings.min_confidence)

    def see(
        self, looked: Iterable[tuple[Seen, Pixels | None]]
    ) -> Iterator[tuple[Seen, Detections | None]]:
        """Asynchronously, in order."""
        for what, raw in self.detector.stream(looked):
            if raw is None or not isinstance(what, SampledFrame):
                yield what, None
            else:
                frame = what.frame
                size_px = frame.width_px, frame.height_px
                yield what, self.detector.read(raw, *size_px, self.settings)


@dataclass(frozen=True, slots=True)
class WithGiven:
    """Somebody else has looked."""

    given: GivenDetections
    footage: Footage
    settings: FootageSettings

    @property
    def size_px(self) -> tuple[int, int] | None:
        """No pictures are needed."""
        return None

    @property
    def knows_people(self) -> bool:
        """If ids were given."""
        return self.given.has_ids

    def tracker(self) -> Tracker:
        """By the ids that were given, or by motion."""
        return GivenIds() if self.knows_people else ByteTracker(self.settings.min_confidence)

    def see(
        self, looked: Iterable[tuple[Seen, Pixels | None]]
    ) -> Iterator[tuple[Seen, Detections | None]]:
        """What the file says of each frame."""
        for what, _ in looked:
            if isinstance(what, SampledFrame):
                frame = what.frame
                media_s = self.footage.info.media_s(frame.pts)
                found = self.given.at(what.number, media_s, frame.width_px, frame.height_px)
                yield what, found
            else:
                yield what, None


@dataclass(slots=True)
class SourceOutcome:
    """What came of a source, so far."""

    finished: bool = False
    resumed: bool = False
    duration_us: int = 0
    frames: int = 0
    counts: dict[str, int] | None = None


def watch(
    footage: Footage,
    begun: Begun,
    *,
    sees: Sees,
    embedder: Embedder,
    sink: Sink,
    settings: FootageSettings,
    share: SourceBytes,
    notes: Sequence[str] = (),
    stop: threading.Event | None = None,
    require_unchanged: Callable[[], None] = lambda: None,
) -> SourceOutcome:
    """Work through a source and commit what is found, step by step.

    Args:
        begun: the source, and where to go on.
        share: of the source in the run's progress.
        notes: what a reader of coverage must know beside what the footage says of itself.
        stop: when set, what was worked through is committed and `finished` is False.
        require_unchanged: called before the last step is committed; what it raises ends the work.
    """
    stop = stop or threading.Event()
    followed, pending, outcomes = unpack(begun.state) if begun.state else (None, [], None)
    told = [entry for piece in begun.log for entry in unpack_told(piece)]
    # While the tracker waits for somebody to go on, joining does too. Given ids are the truth: what
    # they tell apart is never joined, and somebody who comes back in time needs no proof.
    gap_us = max(round(settings.max_gap_s * 1_000_000), LIFESPAN_US)
    follower = Follower(
        settings,
        sees.tracker,
        lifespan_us=gap_us if sees.knows_people else LIFESPAN_US,
        given=sees.size_px is None,
        followed=followed,
        told=told,
        mark_s=MARK_S,
        stop=stop,
    )
    run = _Run(footage, begun.source_id, embedder, sink, settings, share)
    run.told_notes = tuple(notes)
    run.require_unchanged = require_unchanged
    if not sees.knows_people:
        run.join(embedder, gap_us)
    run.watched.resumed = followed is not None
    if outcomes is not None:
        run.outcomes = outcomes
        run.joiner.pending = pending
    position = followed.position if followed else None
    looked = looks(footage, settings, sees.size_px, position)
    stream = embedder.stream(_pictures(follower.follow(sees.see(looked)), embedder))
    try:
        for event, vector in stream:
            run.take(event, vector)
    finally:
        stream.close()  # type: ignore[attr-defined]
    return run.watched


def _pictures(events: Iterable[Event], embedder: Embedder) -> Iterator[tuple[Event, Pixels | None]]:
    """An embedding is made from the bytes that are stored, so that it can be made again."""
    for event in events:
        if isinstance(event, BestShot):
            yield event, embedder.prepare(decode(event.jpeg, LIMITS))
        else:
            yield event, None


class _Run:
    """Collects embedded views to fragments, joins those, and commits at every mark."""

    def __init__(
        self,
        footage: Footage,
        source_id: int,
        embedder: Embedder,
        sink: Sink,
        settings: FootageSettings,
        share: SourceBytes,
    ) -> None:
        self._footage = footage
        self._source_id = source_id
        self._dimension = embedder.identity.dimension
        self._sink = sink
        self._settings = settings
        self._share = share
        self._views: list[BestShot] = []
        self._vectors: list[Vectors] = []
        self.joiner = Stitcher(0)
        self.outcomes = dict.fromkeys(("tracklets", "views", "brief", "unviewed", "refused"), 0)
        self.watched = SourceOutcome()
        self.told_notes: tuple[str, ...] = ()
        self.require_unchanged: Callable[[], None] = lambda: None

    def join(self, embedder: Embedder, gap_us: int) -> None:
        """Join fragments up to this far apart.

        How alike views of one person are is measured for the catalogue's models; for any other a
        threshold would be a guess, and a guess joins two people.
        """
        if by_digest(embedder.identity.digest) is None:
            self.told_notes = (NOT_JOINED, *self.told_notes)
        else:
            self.joiner = Stitcher(gap_us)

    def take(self, event: Event, vector: Vectors | Refused | None) -> None:
        if isinstance(event, BestShot):
            if isinstance(vector, Refused):
                self.outcomes["refused"] += 1
            else:
                assert vector is not None
                self._views.append(event)
                self._vectors.append(vector)
        elif isinstance(event, Ended):
            self.joiner.add(self._fragment(event))
        else:
            self._commit(event)

    def _fragment(self, ended: Ended) -> TrackletPiece:
        vectors = (
            np.stack(self._vectors) if self._vectors else np.zeros((0, self._dimension), np.float32)
        )
        fragment = TrackletPiece(
            trace=ended.open.trace(),
            times_us=np.array(ended.open.times_us, np.int64),
            views=tuple(self._views),
            vectors=vectors,
        )
        self._views, self._vectors = [], []
        return fragment

    def _commit(self, mark: Mark) -> None:
        if mark.finished:
            self.require_unchanged()
            ready = self.joiner.ready(2**62, ())
        else:
            ready = self.joiner.ready(mark.time_us, mark.open_since_us)
        tracklets = [one for fragment in ready if (one := self._tracklet(fragment)) is not None]
        counts = {**mark.counts, **self.outcomes}
        state = (
            None
            if mark.followed is None
            else pack(mark.followed, self.joiner.pending, self.outcomes)
        )
        measured_fps = _rate(mark.decoded, mark.time_us) if not self._settings.still else None
        self._sink.commit(
            SourceStep(
                source_id=self._source_id,
                tracklets=tracklets,
                first_span=mark.first_span,
                spans=mark.spans,
                state=state,
                log=pack_told(mark.told),
                log_restarts=mark.told_anew,
                counts=counts,
                duration_us=mark.time_us,
                measured_fps=measured_fps,
                notes=self._notes(measured_fps, finished=mark.finished),
            ),
        )
        self._share.reach(
            mark.time_us / 1_000_000,
            tracklets=self.outcomes["tracklets"],
            views=self.outcomes["views"],
        )
        self.watched.finished = mark.finished
        self.watched.duration_us = mark.time_us
        self.watched.frames = mark.decoded
        self.watched.counts = counts

    def _tracklet(self, fragment: TrackletPiece) -> Tracklet | None:
        if len(fragment.trace) < self._settings.min_detections:
            self.outcomes["brief"] += 1
            return None
        if not fragment.views:
            self.outcomes["unviewed"] += 1
            return None
        tracklet = fragment.tracklet(self._settings.views)
        self.outcomes["tracklets"] += 1
        self.outcomes["views"] += len(tracklet.views)
        return tracklet

    def _notes(self, measured_fps: float | None, *, finished: bool) -> list[str]:
        info = self._footage.info
        notes = [*info.notes, *self.told_notes]
        # Of a folder the rate is what its frames were taken to be; damaged ones do not change it.
        declared = info.declared_fps if info.kind == "video" else None
        if finished and declared and measured_fps and abs(measured_fps / declared - 1) > 0.02:
            notes.append(
                f"declared {declared:.3f} frames a second, measured {measured_fps:.3f}: "
                "media time follows the measured frames"
            )
        return notes


def _rate(decoded: int, time_us: int) -> float | None:
    return (decoded - 1) * 1_000_000 / time_us if decoded > 1 and time_us > 0 else None
