"""Detections in, tracklet pieces out: the tracker is fed, best shots are kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import absent
from reidsearch.base.settings import FootageSettings
from reidsearch.domain.crops import Vectors
from reidsearch.domain.footage import Boxes, Detections, Span
from reidsearch.domain.tracklets import BestShot
from reidsearch.ingest.footage.checkpoint import Followed, OpenPiece
from reidsearch.ingest.footage.coverage import Coverage
from reidsearch.ingest.footage.sampled_frames import End, Position, SampledFrame, Seen, Unseen
from reidsearch.media.video.frames import Damage, Frame, Jump
from reidsearch.vision.tracking.appearance import Appearance
from reidsearch.vision.tracking.best_shots import Candidate, candidates
from reidsearch.vision.tracking.tracker import Picture, Track, Tracker

HIDDEN_US = 1_000_000
"""For so long a person who is no longer detected may stand behind one who is."""
COUNTED = ("sampled_frames", "detections", "small", "wide", "untracked", "cuts", "asked", "doubts")
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
        first_span, spans: coverage that is new since the last mark, and where it begins.
        finished: nothing comes after this.
    """

    followed: Followed | None
    time_us: int
    decoded: int
    open_since_us: tuple[int, ...]
    first_span: int
    spans: tuple[Span, ...]
    counts: dict[str, int]
    finished: bool


Event: TypeAlias = BestShot | Ended | Mark


class Follower:
    """One source being followed. `follow` is its whole use.

    Args:
        make_tracker: makes one of an earlier one's state; of nothing where the view breaks.
        appearance: tells the tracker what people look like.
        precomputed: detections come from a file.
        lifespan_us: for so long after its last detection a piece may go on.
        followed: the state of an earlier one.
        mark_s: seconds between marks.
        coverage: to note what was seen in; None: what that of `followed` goes on with.
    """

    def __init__(
        self,
        settings: FootageSettings,
        make_tracker: Callable[[Sequence[Track]], Tracker],
        appearance: Appearance,
        *,
        precomputed: bool,
        lifespan_us: int,
        followed: Followed | None,
        mark_s: float,
        stop: threading.Event,
        coverage: Coverage | None = None,
    ) -> None:
        self._settings = settings
        self._make_tracker = make_tracker
        self._appearance = appearance
        self._lifespan_us = lifespan_us
        self._stop = stop
        self._mark_s = mark_s
        self._marked = time.monotonic()
        self._tracker = make_tracker(followed.tracks if followed else ())
        self._last: SampledFrame | None = None
        self._open = {one.number: one for one in followed.open} if followed else {}
        self._ids = dict(followed.ids) if followed else {}
        self._next_number = followed.next_number if followed else 0
        self._stretch = followed.stretch if followed else 0
        self._analysed_us = followed.analysed_us if followed else 0
        self._damaged_us = followed.damaged_us if followed else -DAMAGE_US
        self._sampled_us = followed.sampled_us if followed else None
        self._counts = dict.fromkeys(COUNTED, 0) | (dict(followed.counts) if followed else {})
        self._coverage = coverage or (
            Coverage(followed.spans, followed.covered_us, precomputed=precomputed)
            if followed
            else Coverage(precomputed=precomputed)
        )
        self._coverage.take_changes()

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
        self._tracker = self._make_tracker(())

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
        looks = _FrameLooks(self._appearance, frame, usable, self._counts)
        assigned = self._tracker.update(usable, sampled.time_us, looks)
        ids = assigned.tracks
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
                one = usable[row : row + 1]
                self._extend(track, one, kept[row], sampled, doubtful=bool(assigned.doubtful[row]))

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
        sampled: SampledFrame,
        *,
        doubtful: bool,
    ) -> None:
        frame = sampled.frame
        one = self._open.get(self._ids.get(track, -1)) or self._begin(track, sampled.time_us)
        if doubtful:
            one.doubts.append(frame.pts)
            self._counts["doubts"] += 1
        one.pts.append(frame.pts)
        one.times_us.append(sampled.time_us)
        one.xyxy.append(row.xyxy[0])
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
            first_span=first_span,
            spans=spans,
            counts=dict(self._counts),
            finished=finished,
        )
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
            tracks=self._tracker.state(),
            next_number=self._next_number,
            stretch=self._stretch,
            analysed_us=self._analysed_us,
            damaged_us=self._damaged_us,
            counts=dict(self._counts),
            spans=tuple(self._coverage.spans),
            covered_us=self._coverage.at_us,
        )


class _FrameLooks:
    """What the people of one frame look like; see `Looks`."""

    def __init__(
        self, appearance: Appearance, frame: Frame, usable: Detections, counts: dict[str, int]
    ) -> None:
        self._appearance = appearance
        self._frame = frame
        self._usable = usable
        self._counts = counts

    def crops(self, rows: Sequence[int]) -> list[Picture]:
        return self._appearance.crops(self._frame.bgr(), self._usable.xyxy, rows)

    def of(self, crops: Sequence[Picture]) -> Vectors:
        self._counts["asked"] += len(crops)
        return self._appearance.looks(crops)
