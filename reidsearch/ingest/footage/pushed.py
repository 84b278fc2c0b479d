"""Frames that somebody pushes in, one by one; tracklets out, as they are complete.

The stages are those of footage in files: sampling, detection, following, embedding, stitching. They
pull, so they run in a thread of their own, which takes frames from a short queue: whoever pushes
faster than the stages work waits, and memory does not grow with the length of the stream. Nothing
is written down, so a stream that was broken off begins anew.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from fractions import Fraction
from functools import partial

import av
import numpy as np

from reidsearch.base.settings import FootageSettings
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import VideoInfo
from reidsearch.domain.streamed import PTS_A_SECOND, StreamedTracklet
from reidsearch.ingest.footage.coverage import Coverage
from reidsearch.ingest.footage.detections import WithDetector
from reidsearch.ingest.footage.embedded_once import EmbeddedOnce
from reidsearch.ingest.footage.follow import Follower, Mark
from reidsearch.ingest.footage.run import scores_known
from reidsearch.ingest.footage.sampled_frames import Seen, sampled_frames
from reidsearch.ingest.footage.tracklet_maker import TrackletMaker, embedded_events
from reidsearch.media.video.frames import Frame, Item, StillRule
from reidsearch.vision.detection.detector import Detector
from reidsearch.vision.embedding.embedder import Embedder
from reidsearch.vision.tracking.appearance import ByClothes, ByModel
from reidsearch.vision.tracking.stitching import Stitcher
from reidsearch.vision.tracking.tracker import LIFESPAN_US

MARK_S = 0.5
"""Between two looks for tracklets that are complete."""
WAITING_FRAMES = 4
LOOKS_EVERY_S = 0.2
"""Whoever waits for room looks so often whether the thread still works."""


class _Unnoted(Coverage):
    """No coverage: a stream has no end up to which one could be given."""

    def note(self, seen: Seen) -> None:
        """Leave it."""


class PushedFrames:
    """The stages, and the thread in which they run; a source of frames to them.

    Args:
        width_px, height_px, first_pts: of the first frame.
    """

    def __init__(
        self,
        detector: Detector,
        embedder: Embedder,
        settings: FootageSettings,
        *,
        width_px: int,
        height_px: int,
        first_pts: int,
    ) -> None:
        self.info = VideoInfo(
            kind="stream",
            container="",
            codec="",
            pixel_format="bgr24",
            width_px=width_px,
            height_px=height_px,
            rotation=0,
            time_base=Fraction(1, PTS_A_SECOND),
            first_pts=first_pts,
            declared_fps=None,
            declared_s=None,
        )
        self._detector, self._embedder, self._settings = detector, embedder, settings
        self._frames = queue.Queue[Frame | None](WAITING_FRAMES)
        self._ready = queue.SimpleQueue[StreamedTracklet]()
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._count = 0
        self._thread = threading.Thread(target=self._work, name="stream", daemon=True)
        self._thread.start()

    def push(self, pixels: Pixels, pts: int) -> list[StreamedTracklet]:
        """Hand a frame on; waits while the stages are behind. Raises what they raised."""
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="bgr24")
        self._put(Frame(picture, pts))
        return self._taken()

    def close(self) -> list[StreamedTracklet]:
        """Let the stages come to their end, and return the rest. Raises what they raised."""
        self._put(None)
        self._thread.join()
        return self._taken()

    def abandon(self) -> None:
        """Stop without a result; nothing is raised."""
        self._stop.set()
        self._thread.join()

    def _put(self, frame: Frame | None) -> None:
        while self._thread.is_alive():
            with contextlib.suppress(queue.Full):
                self._frames.put(frame, timeout=LOOKS_EVERY_S)
                return

    def _taken(self) -> list[StreamedTracklet]:
        if self._error is not None:
            raise self._error
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._ready.get_nowait())
        return found

    def frames(self, after: int | None = None, still: StillRule | None = None) -> Iterator[Item]:
        """What is pushed, in its order."""
        while not self._stop.is_set():
            with contextlib.suppress(queue.Empty):
                frame = self._frames.get(timeout=LOOKS_EVERY_S)
                if frame is None:
                    return
                yield frame

    def _work(self) -> None:
        try:
            self._follow()
        except BaseException as error:  # noqa: BLE001 - it is raised where frames are pushed
            self._error = error

    def _follow(self) -> None:
        settings = self._settings
        gap_us = max(round(settings.max_gap_s * 1_000_000), LIFESPAN_US)
        source = WithDetector(self._detector, settings)
        embedded = EmbeddedOnce(self._embedder)
        known = scores_known(self._embedder)
        appearance = ByModel(embedded.embed) if known else ByClothes()
        follower = Follower(
            settings,
            partial(source.tracker, appearance.likeness),
            appearance,
            lifespan_us=LIFESPAN_US,
            precomputed=False,
            followed=None,
            mark_s=MARK_S,
            stop=self._stop,
            coverage=_Unnoted(),
        )
        made = TrackletMaker(self._embedder.identity.dimension, settings)
        if known:
            made.stitcher = Stitcher(gap_us)
        sampled = sampled_frames(self, settings, source.size_px)
        events = follower.follow(source.detect(sampled))
        with contextlib.closing(embedded_events(events, self._embedder, embedded)) as stream:
            for event, vector in stream:
                if not isinstance(event, Mark):
                    made.take(event, vector)
                    continue
                for tracklet in made.ready(event):
                    self._count += 1
                    self._ready.put(StreamedTracklet.of(self._count, tracklet))
