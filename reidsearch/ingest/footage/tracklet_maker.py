"""Events of what is followed in, tracklets out: best shots are embedded, pieces are stitched."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

import numpy as np

from reidsearch.base.errors import Refused, absent
from reidsearch.base.settings import FootageSettings
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.tracklets import BestShot, Tracklet
from reidsearch.ingest.footage.embedded_once import EmbeddedOnce
from reidsearch.ingest.footage.follow import Ended, Event, Mark
from reidsearch.vision.embedding.embedder import Embedder
from reidsearch.vision.tracking.stitching import SPARSE_US, Stitcher, TrackletPiece

OUTCOMES = ("tracklets", "best_shots", "brief", "without_shot", "refused", "unlike", "divided")


def embedded_events(
    events: Iterable[Event], embedder: Embedder, embedded: EmbeddedOnce
) -> Generator[tuple[Event, Vectors | Refused | None]]:
    """Yield events in their order, best shots with their embeddings."""
    stream = embedder.stream(_pictures(events, embedded))
    try:
        for (event, known), vector in stream:
            yield event, (vector if known is None else known)
    finally:
        stream.close()  # type: ignore[attr-defined]


def _pictures(
    events: Iterable[Event], embedded: EmbeddedOnce
) -> Iterator[tuple[tuple[Event, Vectors | None], Pixels | None]]:
    """Decode best shots, which are embedded from the bytes that are stored.

    Yields:
        The event with its embedding if that is known, and otherwise the picture of a best shot.
    """
    for event in events:
        known = embedded.known(event.jpeg) if isinstance(event, BestShot) else None
        if isinstance(event, BestShot) and known is None:
            yield (event, None), embedded.prepared(event.jpeg)
        else:
            yield (event, known), None


class TrackletMaker:
    """Collects embedded best shots to pieces, and stitches those to tracklets.

    Attributes:
        stitcher: with the pieces that may still be continued.
        outcomes: what became of pieces so far.
    """

    def __init__(self, dimension: int, settings: FootageSettings) -> None:
        self._dimension, self._settings = dimension, settings
        self._shots: list[BestShot] = []
        self._vectors: list[Vectors] = []
        self.stitcher = Stitcher(0)
        self.outcomes = dict.fromkeys(OUTCOMES, 0)

    def take(self, event: BestShot | Ended, vector: Vectors | Refused | None) -> None:
        """Take a best shot with its embedding, or that the piece of those before has ended."""
        if isinstance(event, BestShot):
            if isinstance(vector, Refused):
                self.outcomes["refused"] += 1
            else:
                if vector is None:
                    raise absent("the embedding of a best shot")
                self._shots.append(event)
                self._vectors.append(vector)
        else:
            self.outcomes["divided"] += self.stitcher.add(self._piece(event))

    def ready(self, mark: Mark) -> list[Tracklet]:
        """Return tracklets that nothing can be added to any more; all of them at the end."""
        if mark.finished:
            pieces = self.stitcher.ready(2**62, ())
        else:
            pieces = self.stitcher.ready(mark.time_us, mark.open_since_us)
        return [one for piece in pieces if (one := self._tracklet(piece)) is not None]

    def _piece(self, ended: Ended) -> TrackletPiece:
        vectors = (
            np.stack(self._vectors) if self._vectors else np.zeros((0, self._dimension), np.float32)
        )
        piece = TrackletPiece(
            stretch=ended.open.stretch,
            interval_us=ended.open.interval_us,
            doubts=tuple(ended.open.doubts),
            trace=ended.open.trace(),
            times_us=np.array(ended.open.times_us, np.int64),
            shots=tuple(self._shots),
            vectors=vectors,
        )
        self._shots, self._vectors = [], []
        return piece

    def _tracklet(self, piece: TrackletPiece) -> Tracklet | None:
        if len(piece.trace) < _least_detections(piece, self._settings.min_detections):
            self.outcomes["brief"] += 1
            return None
        if not piece.shots:
            self.outcomes["without_shot"] += 1
            return None
        tracklet = piece.tracklet(self._settings.best_shots)
        self.outcomes["unlike"] += piece.unlike
        self.outcomes["tracklets"] += 1
        self.outcomes["best_shots"] += len(tracklet.views)
        return tracklet


def _least_detections(piece: TrackletPiece, usual: int) -> int:
    """Return of how many detections a tracklet is.

    At the usual rate, one or two are rather a mistake of the detector. In slow footage they are
    all that there is of somebody who passes.
    """
    if piece.interval_us <= SPARSE_US // usual:
        return usual
    return min(usual, max(1, round(SPARSE_US / piece.interval_us)))
