"""Detections in, tracklet pieces out: the tracker is fed, best shots are kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.settings import FootageSettings
from reidsearch.domain.footage import BestShot, Boxes, Detections, Span
from reidsearch.ingest.footage.checkpoint import Followed, OpenPiece, TrackerLog
from reidsearch.ingest.footage.coverage import Coverage
from reidsearch.ingest.footage.sampled_frames import End, Position, SampledFrame, Seen
from reidsearch.media.video.frames import Frame
from reidsearch.vision.tracking.best_shots import Candidate, candidates
from reidsearch.vision.tracking.tracker import Tracker

HIDDEN_US = 1_000_000
"""For so long a person who is no longer detected may stand behind one who is."""
COUNTED = ("sampled_frames", "detections", "small", "wide", "untracked")


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """A piece that has ended, and whose best shots have all been handed on before it."""

    open: OpenPiece


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A point from which the work can go on after a kill.

    Args:
        time_us: media time that has been worked through.
        log: what the tracker was fed since the last mark.
        log_restarts: the log begins anew with `log`: nobody was in sight in between.
        first_span, spans: coverage that is new since the last mark, and where it begins.
        finished: nothing comes after this.
    """

    followed: Followed | None
    time_us: int
    decoded: int
    open_since_us: tuple[int, ...]
    log: TrackerLog
    log_restarts: bool
    first_span: int
    spans: tuple[Span, ...]
    counts: dict[str, int]
    finished: bool


Event: TypeAlias = BestShot | Ended | Mark


class Follower:
    """One source being followed. `follow` is its whole use.

    Args:
        make_tracker: makes a fresh one; also after nobody was in sight for a while.
        precomputed: detections come from a file.
        lifespan_us: for so long after its last detection a piece may go on.
        followed, log: the state of an earlier one, and what its tracker had been fed.
        mark_s: seconds between marks.
    """

    def __init__(
        self,
        settings: FootageSettings,
        make_tracker: Callable[[], Tracker],
        *,
        precomputed: bool,
        lifespan_us: int,
        followed: Followed | None,
        log: TrackerLog,
        mark_s: float,
        stop: threading.Event,
    ) -> None:
        self._settings = settings
        self._make_tracker = make_tracker
        self._lifespan_us = lifespan_us
        self._stop = stop
        self._mark_s = mark_s
        self._marked = time.monotonic()
        self._tracker = make_tracker()
        self._log: TrackerLog = []
        self._log_restarts = False
        self._last: SampledFrame | None = None
        self._open = {one.number: one for one in followed.open} if followed else {}
        self._ids = dict(followed.ids) if followed else {}
        self._next_number = followed.next_number if followed else 0
        self._counts = dict(followed.counts) if followed else dict.fromkeys(COUNTED, 0)
        self._coverage = (
            Coverage(followed.spans, followed.covered_us, precomputed=precomputed)
            if followed
            else Coverage(precomputed=precomputed)
        )
        self._coverage.take_changes()
        for time_us, detections in log:
            self._tracker.update(detections, time_us)

    def follow(self, seen: Iterable[tuple[Seen, Detections | None]]) -> Iterator[Event]:
        """Turn detections into best shots to embed, pieces that ended, and marks.

        Args:
            seen: every sampled frame in order; detections where it was analysed.
        """
        for what, detections in seen:
            self._coverage.note(what)
            if isinstance(what, SampledFrame):
                self._last = what
                if detections is not None:
                    self._take(what, detections)
                yield from self._end(what.time_us)
            elif isinstance(what, End):
                yield from self._end(None)
                yield self._mark(what.time_us, what.decoded, finished=True)
                return
            stopping = self._stop.is_set()
            if self._last and (stopping or time.monotonic() - self._marked >= self._mark_s):
                yield self._mark(self._last.time_us, self._last.number + 1, finished=False)
            if stopping:
                return

    def _take(self, sampled: SampledFrame, detections: Detections) -> None:
        self._counts["sampled_frames"] += 1
        frame = sampled.frame
        usable = self._usable(detections)
        if not len(usable) and not self._open:
            return  # the tracker is empty: nothing to update
        ids = self._tracker.update(usable, sampled.time_us)
        self._log.append((sampled.time_us, usable))
        self._counts["detections"] += len(usable)
        self._counts["untracked"] += int(np.count_nonzero(ids < 0))
        kept = candidates(
            frame.pts,
            sampled.time_us,
            usable.xyxy,
            usable.confidence,
            frame.width_px,
            frame.height_px,
            self._hidden(ids, sampled.time_us),
        )
        for row, track in enumerate(ids.tolist()):
            if track >= 0:
                self._extend(track, usable[row : row + 1], kept[row], sampled.time_us, frame)

    def _hidden(self, ids: NDArray[np.int64], time_us: int) -> Boxes:
        """Return where those were a moment ago who are not detected in this frame."""
        shown = {self._ids.get(track) for track in ids.tolist()}
        gone = [
            one.xyxy[-1]
            for one in self._open.values()
            if one.number not in shown and time_us - one.times_us[-1] <= HIDDEN_US
        ]
        return np.array(gone, np.float32).reshape(-1, 4)

    def _usable(self, detections: Detections) -> Detections:
        """Drop detections that are too small or too wide; they are counted."""
        sides = detections.xyxy[:, 2:] - detections.xyxy[:, :2]
        small = (sides[:, 0] < self._settings.min_width_px) | (
            sides[:, 1] < self._settings.min_height_px
        )
        wide = ~small & (sides[:, 0] > self._settings.max_aspect * sides[:, 1])
        # Below this confidence they only help the tracker; what is small then is rather nothing.
        sure = detections.confidence >= self._settings.min_confidence
        self._counts["small"] += int(np.count_nonzero(small & sure))
        self._counts["wide"] += int(np.count_nonzero(wide & sure))
        return detections[~(small | wide)]

    def _extend(
        self, track: int, row: Detections, kept: Candidate | None, time_us: int, frame: Frame
    ) -> None:
        if track not in self._ids:
            self._ids[track] = self._next_number
            self._open[self._next_number] = OpenPiece(self._next_number)
            self._next_number += 1
        one = self._open[self._ids[track]]
        one.pts.append(frame.pts)
        one.times_us.append(time_us)
        one.xyxy.append(row.xyxy[0])
        one.confidence.append(float(row.confidence[0]))
        if kept is not None and kept.confidence >= self._settings.min_confidence:
            one.keeper.offer(kept, frame.bgr)

    def _end(self, time_us: int | None) -> Iterator[Event]:
        """Hand on the pieces that the tracker has ended; all of them at the end."""
        over = [
            one
            for one in self._open.values()
            if time_us is None or time_us - one.times_us[-1] > self._lifespan_us
        ]
        for one in sorted(over, key=lambda each: (each.times_us[-1], each.number)):
            del self._open[one.number]
            for _, shot in one.keeper.kept():
                yield shot
            yield Ended(one)
        if over:
            self._ids = {key: value for key, value in self._ids.items() if value in self._open}
            if not self._open:
                # A fresh tracker here keeps its log short.
                self._tracker = self._make_tracker()
                self._log = []
                self._log_restarts = True

    def _mark(self, time_us: int, decoded: int, *, finished: bool) -> Mark:
        first_span, spans = self._coverage.take_changes()
        mark = Mark(
            followed=None if finished else self._followed(),
            time_us=time_us,
            decoded=decoded,
            open_since_us=tuple(one.times_us[0] for one in self._open.values()),
            log=self._log,
            log_restarts=self._log_restarts,
            first_span=first_span,
            spans=spans,
            counts=dict(self._counts),
            finished=finished,
        )
        self._log, self._log_restarts = [], False
        self._marked = time.monotonic()
        return mark

    def _followed(self) -> Followed:
        """A snapshot: the lists of open pieces are copied, since they grow on."""
        assert self._last is not None
        frame = self._last.frame
        return Followed(
            position=Position(frame.pts, frame.digest(), self._last.number, self._last.gate),
            open=tuple(one.copy() for one in self._open.values()),
            ids=dict(self._ids),
            next_number=self._next_number,
            counts=dict(self._counts),
            spans=tuple(self._coverage.spans),
            covered_us=self._coverage.at_us,
        )
