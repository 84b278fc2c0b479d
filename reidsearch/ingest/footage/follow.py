"""Detections in, tracklet pieces out: the tracker is fed, best shots are kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import absent
from reidsearch.base.settings import FootageSettings
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Boxes, Detections, Span
from reidsearch.domain.tracklets import BestShot
from reidsearch.ingest.footage.checkpoint import Followed, OpenPiece, TrackerLog
from reidsearch.ingest.footage.coverage import Coverage
from reidsearch.ingest.footage.sampled_frames import End, Position, SampledFrame, Seen, Unseen
from reidsearch.media.video.frames import Damage, Frame, Jump
from reidsearch.vision.tracking.best_shots import Candidate, candidates, covered_shares
from reidsearch.vision.tracking.continuity import (
    COVERED,
    LOST_US,
    REMEMBERED,
    Clothes,
    Doubts,
    clothes_of,
    leaps,
    leaves,
    other_clothes,
)
from reidsearch.vision.tracking.tracker import Tracker

HIDDEN_US = 1_000_000
"""For so long a person who is no longer detected may stand behind one who is."""
COUNTED = ("sampled_frames", "detections", "small", "wide", "untracked", "cuts", "doubts")
COMPARED_PX = (384, 384)
"""Width and height of the pictures that clothes are compared on; the aspect does not matter."""
DAMAGE_US = 1_000_000
"""Damage breaks what was followed; where every frame is damaged, at most once in this time."""


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
        doubts: when a track may have gone over to somebody else; None: never, its ids are true.
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
        doubts: Doubts | None,
        lifespan_us: int,
        followed: Followed | None,
        log: TrackerLog,
        mark_s: float,
        stop: threading.Event,
    ) -> None:
        self._settings = settings
        self._make_tracker = make_tracker
        self._doubts = doubts
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
        self._stretch = followed.stretch if followed else 0
        self._analysed_us = followed.analysed_us if followed else 0
        self._damaged_us = followed.damaged_us if followed else -DAMAGE_US
        self._sampled_us = followed.sampled_us if followed else None
        self._pictured: tuple[int, Pixels] | None = None
        self._counts = dict.fromkeys(COUNTED, 0) | (dict(followed.counts) if followed else {})
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
            if isinstance(what, Unseen):
                self._note_break(what)
            elif isinstance(what, SampledFrame):
                if what.cut:
                    self._counts["cuts"] += 1
                    self._close_all(another_stretch=True)
                self._note_interval(what.time_us)
                if detections is not None:
                    self._take(what, detections)
                    self._analysed_us = what.time_us
                self._last, self._sampled_us = what, what.time_us
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

    def _note_break(self, unseen: Unseen) -> None:
        """Close what was followed where time, or the picture, is lost."""
        item = unseen.item
        if isinstance(item, Jump):
            self._close_all(another_stretch=item.clock)
        elif isinstance(item, Damage):
            at_us = self._coverage.at_us
            if at_us - self._damaged_us >= DAMAGE_US:
                self._damaged_us = at_us
                self._close_all(another_stretch=False)

    def _close_all(self, *, another_stretch: bool) -> None:
        """Follow nobody on: only appearance continues them, and not in another stretch."""
        for one in self._open.values():
            one.closed = True
        self._stretch += another_stretch
        self._ids = {}
        self._restart_tracker()

    def _restart_tracker(self) -> None:
        self._tracker = self._make_tracker()
        self._log = []
        self._log_restarts = True

    def _note_interval(self, time_us: int) -> None:
        if self._sampled_us is not None:
            interval_us = time_us - self._sampled_us
            for one in self._open.values():
                one.interval_us = min(one.interval_us, interval_us)

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
        hidden = self._hidden(ids, sampled.time_us)
        covered = covered_shares(usable.xyxy, hidden)
        kept = candidates(
            frame.pts,
            sampled.time_us,
            usable.xyxy,
            usable.confidence,
            frame.width_px,
            frame.height_px,
            hidden,
        )
        for row, track in enumerate(ids.tolist()):
            if track >= 0:
                one = usable[row : row + 1]
                clothes = self._clothes(frame, one.xyxy[0]) if covered[row] <= COVERED else None
                self._extend(track, one, kept[row], clothes, sampled)

    def _hidden(self, ids: NDArray[np.int64], time_us: int) -> Boxes:
        """Return where those were a moment ago who are not detected in this frame."""
        shown = {self._ids.get(track) for track in ids.tolist()}
        gone = [
            one.xyxy[-1]
            for one in self._open.values()
            if one.number not in shown
            and not one.closed
            and time_us - one.times_us[-1] <= HIDDEN_US
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
        self,
        track: int,
        row: Detections,
        kept: Candidate | None,
        clothes: Clothes | None,
        sampled: SampledFrame,
    ) -> None:
        frame, box = sampled.frame, row.xyxy[0]
        one = self._open.get(self._ids.get(track, -1))
        if one is not None and self._doubted(one, box, clothes, sampled.time_us):
            self._counts["doubts"] += 1
            one.closed = True
            one = None
        if one is None:
            one = self._begin(track, sampled.time_us)
        one.pts.append(frame.pts)
        one.times_us.append(sampled.time_us)
        one.xyxy.append(box)
        if clothes is not None:
            one.clothes = [*one.clothes, clothes][-REMEMBERED:]
        one.confidence.append(float(row.confidence[0]))
        if kept is not None and kept.confidence >= self._settings.min_confidence:
            one.keeper.offer(kept, frame.bgr)

    def _begin(self, track: int, time_us: int) -> OpenPiece:
        one = OpenPiece(self._next_number, self._stretch)
        if self._sampled_us is not None:
            one.interval_us = time_us - self._sampled_us
        self._ids[track] = self._next_number
        self._open[self._next_number] = one
        self._next_number += 1
        return one

    def _clothes(self, frame: Frame, box: NDArray[np.float32]) -> Clothes | None:
        if self._doubts is None or leaves(box, frame.width_px):
            return None
        if self._pictured is None or self._pictured[0] != frame.pts:
            self._pictured = frame.pts, frame.small(*COMPARED_PX)
        return clothes_of(self._pictured[1], box, frame.width_px, frame.height_px)

    def _doubted(
        self, one: OpenPiece, box: NDArray[np.float32], clothes: Clothes | None, time_us: int
    ) -> bool:
        """Whether the next detection of a track may be of somebody else."""
        if self._doubts is None:
            return False
        elapsed_us = time_us - one.times_us[-1]
        lost = elapsed_us > LOST_US and self._analysed_us > one.times_us[-1]
        return leaps(one.xyxy[-1], box, elapsed_us, self._doubts) or other_clothes(
            one.clothes, clothes, self._doubts, lost=lost
        )

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
                self._restart_tracker()

    def _mark(self, time_us: int, decoded: int, *, finished: bool) -> Mark:
        first_span, spans = self._coverage.take_changes()
        self._counts["lost_us"] = self._coverage.lost_us()
        self._counts["gap_us"] = self._coverage.gap_us()
        self._counts["whole_us"] = self._coverage.whole_us()
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
        if self._last is None:
            raise absent("the last frame")
        frame = self._last.frame
        return Followed(
            sampled_us=self._last.time_us,
            position=Position(
                frame.pts, frame.digest(), self._last.number, self._last.gate, self._last.scene
            ),
            open=tuple(one.copy() for one in self._open.values()),
            ids=dict(self._ids),
            next_number=self._next_number,
            stretch=self._stretch,
            analysed_us=self._analysed_us,
            damaged_us=self._damaged_us,
            counts=dict(self._counts),
            spans=tuple(self._coverage.spans),
            covered_us=self._coverage.at_us,
        )
