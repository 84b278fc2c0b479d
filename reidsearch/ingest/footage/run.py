"""Index one source of footage, from its first frame to its last committed tracklet."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from reidsearch.base.errors import Refused
from reidsearch.base.settings import FootageSettings
from reidsearch.domain.crops import Vectors
from reidsearch.domain.footage import Detections, VideoInfo
from reidsearch.domain.steps import Begun, SourceStep
from reidsearch.domain.tracklets import Tracklet
from reidsearch.ingest.footage.ahead import Ending
from reidsearch.ingest.footage.checkpoint import UNREADABLE, Followed, pack, unpack
from reidsearch.ingest.footage.detections import DetectionSource
from reidsearch.ingest.footage.embedded_once import EmbeddedOnce
from reidsearch.ingest.footage.follow import Event, Follower, Mark
from reidsearch.ingest.footage.sampled_frames import Seen, sampled_frames
from reidsearch.ingest.footage.tracklet_maker import TrackletMaker, embedded_events
from reidsearch.ingest.progress import SourceBytes
from reidsearch.ingest.sink import Sink
from reidsearch.media.video.frames import Footage
from reidsearch.vision.embedding.embedder import Embedder
from reidsearch.vision.models.catalogue import by_digest
from reidsearch.vision.tracking.appearance import ByClothes, ByModel
from reidsearch.vision.tracking.stitching import Stitcher, TrackletPiece
from reidsearch.vision.tracking.tracker import LIFESPAN_US

MARK_S = 2.0
"""Seconds between checkpoints: what a kill costs at most, beside opening the file."""

NOT_STITCHED = (
    "this model's scores are not known: people who cross were told apart by the colours of their "
    "clothes, and tracklets before and after an occlusion were not stitched"
)


@dataclass(slots=True)
class SourceOutcome:
    """What became of a source, so far."""

    finished: bool = False
    resumed: bool = False
    restarted: bool = False
    duration_us: int = 0
    frames: int = 0
    counts: dict[str, int] | None = None


def index_source(
    footage: Footage,
    begun: Begun,
    *,
    source: DetectionSource,
    embedder: Embedder,
    sink: Sink,
    settings: FootageSettings,
    share: SourceBytes,
    notes: Callable[[], Sequence[str]] = tuple,
    ending: Ending,
    detected: Iterator[tuple[Seen, Detections | None]] | None = None,
    stop: threading.Event | None = None,
    require_unchanged: Callable[[int], None] = lambda _: None,
) -> SourceOutcome:
    """Work through a source and commit what is found, step by step.

    Args:
        begun: the source, and where to go on.
        share: of the source in the run's progress.
        notes: gives in the end what a reader of coverage must know beside what the footage says
            of itself.
        ending: is told when all of it is decoded.
        detected: its detections from the first frame on, which were begun ahead; None: they are
            made here, and so they are of a source that goes on from a checkpoint.
        stop: when set, what was worked through is committed and `finished` is False.
        require_unchanged: called before the last step is committed, with how many detections were
            met, by earlier runs of this source too; what it raises ends the work.
    """
    stop = stop or threading.Event()
    followed, pending, outcomes = _taken_up(begun)
    lost = begun.lost
    if begun.state is not None and followed is None:
        sink.restart_source(begun.source_id)
        lost = True
    # While the tracker waits for a track to go on, stitching does too. Precomputed ids are the
    # truth: two ids are never stitched, and one that comes back in time needs no proof.
    gap_us = max(round(settings.max_gap_s * 1_000_000), LIFESPAN_US)
    embedded = EmbeddedOnce(embedder)
    appearance = ByModel(embedded.embed) if scores_known(embedder) else ByClothes()
    follower = Follower(
        settings,
        partial(source.tracker, appearance.likeness),
        appearance,
        lifespan_us=gap_us if source.has_ids else LIFESPAN_US,
        precomputed=source.size_px is None,
        followed=followed,
        mark_s=MARK_S,
        stop=stop,
    )
    run = _Run(footage, begun.source_id, embedder, sink, settings, share)
    run.notes_in_the_end = notes
    run.require_unchanged = require_unchanged
    if not source.has_ids:
        run.stitch(embedder, gap_us)
    run.outcome.resumed = followed is not None
    run.outcome.restarted = lost
    if outcomes is not None:
        run.made.outcomes |= outcomes
        run.made.stitcher.pending = pending
    position = followed.position if followed else None
    if detected is None or position is not None:
        sampled = sampled_frames(footage, settings, source.size_px, position)
        detected = source.detect(ending.watch(sampled))
    events = follower.follow(detected)
    with contextlib.closing(embedded_events(events, embedder, embedded)) as stream:
        for event, vector in stream:
            run.take(event, vector)
    return run.outcome


def _taken_up(
    begun: Begun,
) -> tuple[Followed | None, list[TrackletPiece], dict[str, int] | None]:
    """Unpack where to go on; nothing when what is stored cannot be unpacked."""
    if begun.state is None:
        return None, [], None
    try:
        return unpack(begun.state)
    except UNREADABLE:
        return None, [], None


def scores_known(embedder: Embedder) -> bool:
    """Tell whether it was measured how alike a model's crops of one person are.

    That is so for the catalogue's models; for any other a threshold would be a guess, and a guess
    merges two people.
    """
    return by_digest(embedder.identity.digest) is not None


class _Run:
    """Commits what has become of a source at every mark."""

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
        self._sink = sink
        self._settings = settings
        self._share = share
        self.made = TrackletMaker(embedder.identity.dimension, settings)
        self.outcome = SourceOutcome()
        self.notes: tuple[str, ...] = ()
        self.notes_in_the_end: Callable[[], Sequence[str]] = tuple
        self.require_unchanged: Callable[[int], None] = lambda _: None

    def stitch(self, embedder: Embedder, gap_us: int) -> None:
        """Stitch pieces up to this far apart, where the model's scores are known."""
        if scores_known(embedder):
            self.made.stitcher = Stitcher(gap_us)
        else:
            self.notes = (NOT_STITCHED, *self.notes)

    def take(self, event: Event, vector: Vectors | Refused | None) -> None:
        if isinstance(event, Mark):
            self._commit(event)
        else:
            self.made.take(event, vector)

    def _commit(self, mark: Mark) -> None:
        if mark.finished:
            self.require_unchanged(sum(mark.counts[one] for one in ("detections", "small", "wide")))
        tracklets = [self._pictured(one) for one in self.made.ready(mark)]
        counts = {**mark.counts, **self.made.outcomes}
        lacking = self._footage.lacking
        counts["lost_us"] += round(lacking.head_s * 1_000_000)
        counts["whole_us"] += round(lacking.head_s * 1_000_000)
        counts["other_streams"] = len(lacking.streams)
        counts["cut_off"] = int(lacking.cut_off)
        state = (
            None
            if mark.followed is None
            else pack(mark.followed, self.made.stitcher.pending, self.made.outcomes)
        )
        measured_fps = None if self._settings.still else _rate(mark.decoded, _shown_us(mark))
        self._sink.commit(
            SourceStep(
                source_id=self._source_id,
                tracklets=tracklets,
                first_span=mark.first_span,
                spans=mark.spans,
                state=state,
                counts=counts,
                duration_us=mark.time_us if mark.finished else self._complete_us(mark),
                measured_fps=measured_fps,
                notes=self._all_notes(mark, measured_fps),
            ),
        )
        self._share.reach(
            mark.time_us / 1_000_000,
            tracklets=self.made.outcomes["tracklets"],
            best_shots=self.made.outcomes["best_shots"],
        )
        self.outcome.finished = mark.finished
        self.outcome.duration_us = mark.time_us
        self.outcome.frames = mark.decoded
        self.outcome.counts = counts

    def _complete_us(self, mark: Mark) -> int:
        """Return up to where all that was found is committed: whoever is in sight is not yet."""
        waiting = (piece.first_us for piece in self.made.stitcher.pending)
        return min((mark.time_us, *mark.open_since_us, *waiting))

    def _pictured(self, tracklet: Tracklet) -> Tracklet:
        """Name the pictures that the views of a folder of frames were cut from."""
        if self._footage.info.kind != "frames":
            return tracklet
        name = self._footage.picture_at
        views = tuple(replace(view, picture=name(view.pts)) for view in tracklet.views)
        return replace(tracklet, views=views)

    def _all_notes(self, mark: Mark, measured_fps: float | None) -> list[str]:
        info, finished = self._footage.info, mark.finished
        notes = [*info.notes, *self.notes, *(self.notes_in_the_end() if finished else ())]
        head_s = self._footage.lacking.head_s
        if head_s:
            notes.append(
                f"its first {head_s:.1f} s cannot be decoded; media time begins after them"
            )
        cuts = mark.counts["cuts"]
        if cuts:
            what = "another view begins" if cuts == 1 else f"another view begins {cuts} times"
            notes.append(
                f"{what} without a break in its time stamps (a hard cut, or another picture size): "
                "wall-clock times after it hold only if the recording ran on"
            )
        seconds = mark.counts["whole_us"] / 1e6
        if finished and info.declared_s and abs(info.declared_s - seconds) > _wrong_s(info):
            notes.append(
                f"its container declares {info.declared_s:.1f} s, it holds {seconds:.1f} s"
            )
        # Of a folder the rate is what its frames were taken to be; damaged ones do not change it.
        declared = info.declared_fps if info.kind == "video" else None
        # Nobody knows how many frames lay where some could not be decoded.
        least_fps = _rate(mark.decoded, mark.counts["whole_us"])
        if (
            finished
            and declared
            and measured_fps
            and least_fps
            and not least_fps * 0.98 <= declared <= measured_fps * 1.02
        ):
            notes.append(
                f"declared {declared:.3f} frames a second, measured {measured_fps:.3f}: "
                "media time follows the measured frames"
            )
        return notes


def _wrong_s(info: VideoInfo) -> float:
    """Return by how many seconds a declared length may be wrong without being worth a note."""
    return max(2.0, 0.02 * (info.declared_s or 0.0), 20 / (info.declared_fps or 25.0))


def _shown_us(mark: Mark) -> int:
    """Return for how long frames were shown: media time less what is missing of it."""
    return mark.counts["whole_us"] - mark.counts["lost_us"] - mark.counts["gap_us"]


def _rate(decoded: int, time_us: int) -> float | None:
    return (decoded - 1) * 1_000_000 / time_us if decoded > 1 and time_us > 0 else None
