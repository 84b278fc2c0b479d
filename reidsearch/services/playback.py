"""Footage as a page plays it: the file or a stretch of it, stills, boxes, the other cameras.

`Archive.playback` is a `PlaybackService`. The file is always proven to be the one that was indexed;
its bytes are hashed once and then known by size, times and inode (`media/video/verified.py`).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from reidsearch.base.errors import NotFound, UsageError
from reidsearch.base.timecode import from_us
from reidsearch.domain.crops import Crop, Pixels
from reidsearch.domain.decisions import Mark, Member
from reidsearch.domain.footage import DISCONTINUITY, UNSEEN, SourceCoverage, VideoInfo
from reidsearch.domain.playback import (
    Instant,
    Playback,
    SameInstant,
    SourceBoxes,
    Still,
    TrackletBoxes,
    Way,
)
from reidsearch.domain.redaction import Redaction
from reidsearch.domain.tracklets import Trace
from reidsearch.domain.tracks import INTERPOLATED_S
from reidsearch.media.video.frame_times import frame_times
from reidsearch.media.video.frames import Footage, Frame, Watched, frame_of, frame_shown_at
from reidsearch.media.video.playable import MP4, media_type_of, way_of
from reidsearch.media.video.streaming import Stretch, copied, encoded
from reidsearch.media.video.views import Differs, View, require_shown
from reidsearch.services.footage_files import (
    indexed_file,
    no_footage,
    open_indexed,
    proven,
    require_crops_shown,
    view_of,
)
from reidsearch.services.patience import Patience, Slots, nobody_leaves
from reidsearch.services.redacting import redactor_of
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.instants import Timed, timed
from reidsearch.store.footage.traces import some_of
from reidsearch.store.footage.tracklet_reader import traces_between, views_in
from reidsearch.store.identities.store import marks

STREAMED_S = Fraction(30)
"""The longest stretch that one request gets: whoever plays on asks for the next."""
BOXES_S = Fraction(120)
SLACK_S = 1
"""The last frame is shown for a while."""
JPEG_QUALITY = 90


class PlaybackService:
    """Footage to be looked at, of one archive; threads share it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._slots = Slots()
        self._guard = threading.Lock()
        self._verifying: dict[int, threading.Lock] = {}

    def source(self, source_id: int) -> Playback:
        """Which way a source is played, by what the archive knows of it.

        Raises:
            NotFound: there is no such source.

        Example:
            >>> archive.playback.source(1).way
            <Way.FILE: 'file'>
        """
        source = footage_store.source(self._store, source_id)
        info = source.info
        jumps = any(span.detail.startswith(DISCONTINUITY) for span in source.spans)
        way = way_of(info, jumps=jumps)
        media_type = media_type_of(info) if way is Way.FILE else None
        return Playback(source, way, media_type or MP4)

    def file(self, source_id: int) -> Path:
        """The file of a source, proven to be the one that was indexed.

        Raises:
            NotFound: there is no such source.
            InputError: it is gone, or no longer what was indexed.
            UsageError: it is no file that browsers play.
        """
        if self.source(source_id).way is not Way.FILE:
            raise UsageError("browsers do not play this file itself; ask for a stretch of it")
        return self._file(source_id)

    def stream(
        self,
        source_id: int,
        from_s: Fraction,
        to_s: Fraction,
        left: Callable[[], bool] = nobody_leaves,
    ) -> Stretch:
        """A stretch of a source as fragmented MP4, at most `STREAMED_S` of it.

        It begins at the frame that is shown at `from_s`, or at the key frame before it.

        Args:
            left: tells whether nobody wants it any more.

        Raises:
            NotFound: there is no such source, or it ends before.
            InputError: the footage is gone, is no longer what was indexed, or it takes too long to
                come to that moment.
            StorageError: (playback-busy) as much is being played as this machine can.
        """
        playback = self.source(source_id)
        source = playback.source
        _require_interval(source, from_s, to_s)
        patience = Patience(left)
        release = self._slots.take(patience)
        try:
            path, footage = self._opened(source_id)
            with footage:
                first_pts, last_pts = _ends(footage.info, from_s, to_s)
                stretch = None
                if playback.way is not Way.TRANSCODED:
                    stretch = copied(path, footage, first_pts, last_pts, patience)
                stretch = stretch or encoded(footage, first_pts, last_pts, patience)
            patience.begun()
        except BaseException:
            release()
            raise
        stretch.when_closed(release)
        return stretch

    def still(
        self, source_id: int, media_s: Fraction, left: Callable[[], bool] = nobody_leaves
    ) -> Still:
        """The frame that a source shows at a media time, as JPEG.

        Raises:
            NotFound: there is no such source, or it shows nothing then.
            InputError, StorageError: as `stream`; it does not show a stored crop of that frame.
        """
        return self._still(source_id, media_s, left, Frame.bgr)

    def _still(
        self,
        source_id: int,
        media_s: Fraction,
        left: Callable[[], bool],
        drawn: Callable[[Frame], Pixels],
        view: View | None = None,
    ) -> Still:
        from reidsearch.media.pictures import encode

        source = footage_store.source(self._store, source_id)
        _require_interval(source, media_s, media_s)
        patience = Patience(left)
        with self._slots.taken(patience):
            path, footage = self._opened(source_id)

            def shown() -> Frame:
                watched = Watched(footage, patience)
                if view is None:
                    frame = frame_shown_at(watched, media_s)
                else:  # compared with the stored crop, so that one reading is proof enough
                    frame = frame_of(watched, view.pts, once=True)
                    if frame.pts != view.pts:
                        raise Differs("the frame of the stored crop cannot be found in the footage")
                    require_shown(frame.bgr(), view)
                require_crops_shown(self._store, path, frame.pts, frame.bgr())
                return frame

            with footage:
                frame = proven(footage, shown)
                at_s = footage.info.media_s(frame.pts)
            jpeg = encode(drawn(frame), JPEG_QUALITY)
        return Still(jpeg, frame.pts, at_s, frame.width_px, frame.height_px)

    def frame(
        self,
        crop_id: int,
        redact: Redaction | None = None,
        left: Callable[[], bool] = nobody_leaves,
    ) -> Still:
        """The full frame that a crop was cut from, as JPEG.

        Args:
            redact: who is pixelated, of those whom the archive holds.

        Raises:
            NotFound: no crop has this id, or it came from no footage.
            InputError, StorageError: as `still`.
        """
        crop = self._store.crop(crop_id)
        if crop.moment is None:
            raise no_footage(crop)
        at_s = crop.moment.media_s
        drawn = Frame.bgr if redact is None else self._redacting(redact, crop, at_s)
        return self._still(crop.source_id, at_s, left, drawn, view_of(self._store, crop))

    def _redacting(
        self, redact: Redaction, crop: Crop, at_s: Fraction
    ) -> Callable[[Frame], Pixels]:
        source = footage_store.source(self._store, crop.source_id)
        redactor = redactor_of(self._store, source, redact, crop, at_s, at_s)
        return lambda frame: redactor(frame.bgr(), frame.pts)

    @contextmanager
    def turn(self, left: Callable[[], bool] = nobody_leaves) -> Iterator[None]:
        """Wait for a turn to work on footage in another way, such as cutting a clip.

        Raises:
            StorageError: (playback-busy) it did not come in time.
        """
        with self._slots.taken(Patience(left)):
            yield

    def frame_times(
        self,
        source_id: int,
        from_s: Fraction,
        to_s: Fraction,
        left: Callable[[], bool] = nobody_leaves,
    ) -> list[Fraction]:
        """The media times of all frames that an interval of a source shows, in order.

        The first is that of the frame that is shown when it begins; at most `STREAMED_S` of it.

        Raises:
            NotFound, InputError, StorageError: as `stream`.
        """
        source = footage_store.source(self._store, source_id)
        _require_interval(source, from_s, to_s)
        patience = Patience(left)
        with self._slots.taken(patience):
            path, footage = self._opened(source_id)
            with footage:
                info = footage.info
                first_pts, last_pts = _ends(info, from_s, to_s)
                found = frame_times(path, footage, first_pts, last_pts, patience)
        return [info.media_s(pts) for pts in found]

    def boxes(self, source_id: int, from_s: Fraction, to_s: Fraction) -> SourceBoxes:
        """All boxes of an interval of a source, at most `BOXES_S` of it.

        Raises:
            NotFound: there is no such source.
        """
        _require_order(from_s, to_s)
        to_s = min(to_s, from_s + BOXES_S)
        with self._store.one_state():
            source = footage_store.source(self._store, source_id)
            from_us, to_us = math.floor(from_s * 1_000_000), math.ceil(to_s * 1_000_000)
            traces = traces_between(self._store, source_id, from_us, to_us)
            ids = [tracklet_id for tracklet_id, _ in traces]
            views = views_in(self._store, source_id, ids)
            decided = marks(self._store, (Member("tracklet", one) for one in ids))
        info = source.info
        found = []
        for tracklet_id, trace in traces:
            runs = _runs(source, trace, from_s, to_s)
            identity = decided.get(Member("tracklet", tracklet_id), Mark()).identity
            crops = tuple((crop, info.media_s(pts)) for crop, pts in views.get(tracklet_id, ()))
            if runs:
                found.append(TrackletBoxes(tracklet_id, runs, identity, crops))
        unseen = tuple(
            span
            for span in source.spans
            if span.how in UNSEEN and span.from_us <= to_us and span.to_us >= from_us
        )
        return SourceBoxes(source, from_s, to_s, tuple(found), unseen)

    def others(
        self, source_id: int, media_s: Fraction, cameras: Collection[str] | None = None
    ) -> Instant:
        """The sources of other cameras that cover the instant which a source shows.

        By corrected clocks: a source belongs to them where the instant may lie in it, as far as
        both clocks are known. Those of unknown camera count as other cameras.

        Args:
            cameras: leave out all others; None: take all.

        Raises:
            NotFound: there is no such source, or its time is not known.
        """
        with self._store.one_state():
            own = footage_store.source(self._store, source_id)
            clock = own.facts.clock
            at_us = clock.at_us(media_s)
            if at_us is None:
                raise NotFound(
                    f"the time of {own.location} is not known, so nobody can say what other "
                    "cameras show then",
                    "set its clock",
                )
            known = clock.uncertainty_at(media_s)
            found = [
                other
                for one in timed(self._store)
                if one.source_id != source_id
                and (one.camera is None or one.camera != own.facts.camera)
                and (cameras is None or one.camera in cameras)
                and (other := self._at(one, at_us, known)) is not None
            ]
        found.sort(key=lambda one: (one.source.facts.camera or "\U0010ffff", not one.covered))
        return Instant(own, media_s, from_us(at_us), known, tuple(found))

    def _at(self, one: Timed, time_us: int, known: float | None) -> SameInstant | None:
        """Return a source at an instant; None where it cannot be in it."""
        media_s = one.clock.media_s_at(time_us)
        if media_s is None:
            return None
        theirs = one.clock.uncertainty_at(min(max(media_s, Fraction(0)), one.duration_s))
        together = None if known is None or theirs is None else known + theirs
        reach = Fraction(together or 0)
        earliest, latest = media_s - reach, media_s + reach
        if latest < 0 or earliest > one.duration_s:
            return None
        source = footage_store.source(self._store, one.source_id)

        def held(at_s: Fraction) -> Fraction:
            return min(max(at_s, Fraction(0)), one.duration_s)

        at_us = held(media_s) * 1_000_000
        return SameInstant(
            source=source,
            media_s=held(media_s),
            uncertainty_s=together,
            earliest_s=None if together is None else held(earliest),
            latest_s=None if together is None else held(latest),
            covered=together is not None and earliest >= 0 and latest <= one.duration_s,
            how=next(
                (span.how for span in source.spans if span.from_us <= at_us < span.to_us), None
            ),
        )

    def _opened(self, source_id: int) -> tuple[Path, Footage]:
        self._file(source_id)
        return open_indexed(self._store, source_id, verify=False)

    def _file(self, source_id: int) -> Path:
        with self._guard:
            verifying = self._verifying.setdefault(source_id, threading.Lock())
        with verifying:  # nobody hashes what somebody else is hashing
            return indexed_file(self._store, source_id, verify=False)


def _runs(
    source: SourceCoverage, trace: Trace, from_s: Fraction, to_s: Fraction
) -> tuple[Trace, ...]:
    """Return the detections of an interval, parted where a gap is too long to be interpolated.

    With the detections before and after it, where boxes inside are interpolated from them.
    """
    info = source.info
    first, last = (info.first_pts + at / info.time_base for at in (from_s, to_s))
    longest = int(INTERPOLATED_S / info.time_base)
    begins = np.flatnonzero(np.diff(trace.pts, prepend=trace.pts[0]) > longest)
    ends = [0, *begins.tolist(), len(trace)]
    found = []
    for begin, end in pairwise(ends):
        pts = trace.pts[begin:end]
        if pts[0] > last or pts[-1] < first:
            continue
        before = max(0, int(np.searchsorted(pts, math.ceil(first), "right")) - 1)
        after = int(np.searchsorted(pts, math.floor(last), "left")) + 1
        rows = slice(begin + before, begin + min(after, len(pts)))
        found.append(some_of(trace, rows))
    return tuple(found)


def _ends(info: VideoInfo, from_s: Fraction, to_s: Fraction) -> tuple[int, int]:
    """Return the pts between which an interval lies, at most `STREAMED_S` of it."""
    last_s = min(to_s, from_s + STREAMED_S)
    return info.first_pts + int(from_s / info.time_base), info.first_pts + int(
        last_s / info.time_base
    )


def _require_interval(source: SourceCoverage, from_s: Fraction, to_s: Fraction) -> None:
    _require_order(from_s, to_s)
    if from_s > source.duration_s + SLACK_S:
        raise NotFound(
            f"there is no footage at {float(from_s):.3f} s",
            f"it is {float(source.duration_s):.1f} s long",
        )


def _require_order(from_s: Fraction, to_s: Fraction) -> None:
    if from_s < 0 or to_s < from_s:
        raise UsageError("an interval begins at zero or later, and ends after it begins")
