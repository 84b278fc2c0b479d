"""Where a tracklet is cut, and whether several can be one: by their detections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np

from reidsearch.base.errors import Kind, UsageError
from reidsearch.base.timecode import from_us, iso
from reidsearch.domain.decisions import TraceStretch
from reidsearch.store.footage.recordings import OVERLAP_US
from reidsearch.store.footage.whole_tracklets import WholePart, WholeTracklet


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """A cut before one detection.

    Args:
        part: which of the tracklet's parts is cut; those before it are early, those after it late.
        from_pts: of the first detection after the cut.
    """

    part: int
    from_pts: int

    def stretches(self, whole: WholeTracklet) -> tuple[TraceStretch, ...]:
        """Return what is cut off: from here on, whatever is found later."""
        later = whole.parts[self.part + 1 :]
        return (
            TraceStretch(whole.parts[self.part].source_id, self.from_pts, None),
            *(TraceStretch(part.source_id, None, None) for part in later),
        )

    def crops_of(self, whole: WholeTracklet) -> tuple[frozenset[int], frozenset[int]]:
        """Return the crops before and after it."""
        late = {
            crop_id
            for number, part in enumerate(whole.parts)
            for crop_id, pts in part.views
            if number > self.part or (number == self.part and pts >= self.from_pts)
        }
        return whole.crops - late, frozenset(late)


@dataclass(frozen=True, slots=True)
class TimeReading:
    """What a time that somebody gave may mean.

    Args:
        clock_us: it was read as this time of the clock, which two files of a recording may both
            show; None: as a media time, which only counts within what its source shows.
    """

    source_id: int
    media_s: Fraction
    clock_us: int | None = None


def cut_at(whole: WholeTracklet, readings: Sequence[TimeReading]) -> Cut:
    """Return the one cut that a time means.

    Raises:
        UsageError: none lies within the tracklet, or several do.
    """
    by_time: dict[int | None, list[Cut]] = {}
    for one in readings:
        if (cut := _cut(whole, one)) is not None:
            by_time.setdefault(one.clock_us, []).append(cut)
    of_media = by_time.pop(None, [])
    found = {*of_media, *(min(cuts) for cuts in by_time.values())}
    if len(found) == 1:
        return next(iter(found))
    if not found:
        raise UsageError(
            f"tracklet {whole.tracklet_id} is not seen both before and after that time: it is seen "
            f"{', then '.join(_seen(part) for part in whole.parts)}",
            "give a time in between",
            kind=Kind.SPLIT_OUTSIDE,
        )
    meant = ", or ".join(_told(whole.parts[cut.part], cut.from_pts) for cut in sorted(found))
    raise UsageError(
        f"that time may mean {len(found)} moments of tracklet {whole.tracklet_id}: {meant}",
        "give the seconds, or the time with its date",
        kind=Kind.SPLIT_AMBIGUOUS,
    )


def _cut(whole: WholeTracklet, one: TimeReading) -> Cut | None:
    media_s = one.media_s
    number = next(n for n, part in enumerate(whole.parts) if part.source_id == one.source_id)
    part = whole.parts[number]
    first_s, last_s = (part.info.media_s(int(part.pts[row])) for row in (0, -1))
    if one.clock_us is None and not first_s <= media_s <= last_s:
        return None
    # The first time stamp at or after the time.
    wanted = part.info.first_pts - int(-media_s / part.info.time_base // 1)
    row = int(np.searchsorted(part.pts, wanted))
    if row == len(part.pts):
        number, row = number + 1, 0
    if (number == 0 and row == 0) or number == len(whole.parts):
        return None
    return Cut(number, int(whole.parts[number].pts[row]))


def _seen(part: WholePart) -> str:
    first_s, last_s = (float(part.info.media_s(int(part.pts[row]))) for row in (0, -1))
    told = f"from {first_s:.3f} to {last_s:.3f} s of {part.location}"
    first_us, last_us = part.at_us(0), part.at_us(-1)
    if first_us is None or last_us is None:
        return told
    return f"{told} ({iso(from_us(first_us))} to {iso(from_us(last_us))})"


def _told(part: WholePart, pts: int) -> str:
    at_us = part.clock.at_us(part.info.media_s(pts))
    clock = "" if at_us is None else f" ({iso(from_us(at_us))})"
    return f"{float(part.info.media_s(pts)):.3f} s of {part.location}{clock}"


def require_joinable(whole: Sequence[WholeTracklet], *, one_recording: bool) -> None:
    """Refuse tracklets that cannot be one.

    Args:
        one_recording: their sources are one, or consecutive files of one recording.

    Raises:
        UsageError: two are seen in one frame, or by one camera at one time; or they are of several
            recordings.
    """
    for a, b in combinations(whole, 2):
        for one in a.parts:
            for other in b.parts:
                _require_apart(a, one, b, other)
    if not one_recording:
        names = ", ".join(f"tracklet {one.tracklet_id} in {one.parts[0].location}" for one in whole)
        raise UsageError(
            f"a tracklet is seen by one camera without interruption, and these are not of one "
            f"recording: {names}",
            "make them one identity instead",
            kind=Kind.TRACKLETS_APART,
        )


def _require_apart(a: WholeTracklet, one: WholePart, b: WholeTracklet, other: WholePart) -> None:
    where = None
    if one.source_id == other.source_id:
        shared = np.intersect1d(one.pts, other.pts)
        if len(shared):
            where = _told(one, int(shared[0]))
    elif a.camera is not None and a.camera == b.camera:
        times = [part.at_us(row) for part in (one, other) for row in (0, -1)]
        known = [at for at in times if at is not None]
        if len(known) == 4 and min(known[1], known[3]) - max(known[0], known[2]) > OVERLAP_US:
            where = f"{iso(from_us(max(known[0], known[2])))} at {a.camera}"
    if where is not None:
        raise UsageError(
            f"tracklets {a.tracklet_id} and {b.tracklet_id} are both seen at {where}, so they are "
            "two people, or one that was detected twice, and were not joined",
            "look at both",
            kind=Kind.TRACKLETS_AT_ONCE,
        )
