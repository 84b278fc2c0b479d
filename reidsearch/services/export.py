"""What an archive holds, for other programs: tracklets of a source by the frames of its file.

`Archive.export` is an `ExportService`. Tracklets are stored by the time stamps of their frames;
other programs number the frames of a file. The numbers come from the file itself, which has to be
the one that was indexed: every stored time stamp has to be that of a frame of it, or nothing is
written. They are never computed from a frame rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reidsearch.base.errors import InputError, Kind
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.domain.footage import SourceCoverage, SourceState, Stamps
from reidsearch.domain.tracklets import Trace
from reidsearch.domain.tracks import INTERPOLATED_S, SourceTracks, Track
from reidsearch.services.footage_files import open_indexed
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.tracklet_reader import traces_of

if TYPE_CHECKING:
    from reidsearch.media.video.frames import Footage


class ExportService:
    """Exports of one archive."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def tracks(
        self,
        source_id: int,
        *,
        numbered: bool = True,
        interpolate: bool = False,
        verify: bool = False,
        progress: Progress = NO_PROGRESS,
    ) -> SourceTracks:
        """The tracklets of a source with the numbers of their frames.

        Args:
            numbered: without, the footage is not needed, and frames are not known.
            interpolate: add a box for every frame between two detections of a tracklet that lie at
                most `INTERPOLATED_S` apart, in a straight line by time; needs the numbers.
            verify: hash the footage, even if it was hashed before and cannot have changed.
            progress: told while the footage has to be decoded.

        Raises:
            NotFound: there is no such source.
            InputError: the footage is gone, is no longer what was indexed, or does not show the
                frames that were analysed.

        Example:
            >>> archive.export.tracks(archive.footage.find("gate.mp4").source_id).boxes
            512
        """
        with self._store.one_state():
            source = footage_store.source(self._store, source_id)
            traces = traces_of(self._store, source_id)
        stamps = None
        if numbered or interpolate:
            path, footage = open_indexed(self._store, source_id, verify=verify)
            with footage:
                stamps = _stamps(footage, source, progress)
            wanted = _all_pts(traces)
            if not np.isin(wanted, stamps).all():
                raise InputError(
                    f"{path} shows other frames than were analysed: "
                    f"{int(np.count_nonzero(~np.isin(wanted, stamps)))} of {len(wanted)} time "
                    "stamps are not found, so frames cannot be numbered",
                    kind=Kind.FRAMES_NOT_FOUND,
                    source=source.location,
                )
        longest = int(INTERPOLATED_S / source.info.time_base)
        return SourceTracks(
            source,
            tuple(
                _track(number, one, stamps, longest, interpolate=interpolate)
                for number, one in traces
            ),
            None if stamps is None else len(stamps),
            interpolate,
        )


def _all_pts(traces: list[tuple[int, Trace]]) -> Stamps:
    every = [trace.pts for _, trace in traces]
    return np.unique(np.concatenate(every)) if every else np.zeros(0, np.int64)


def _stamps(footage: Footage, source: SourceCoverage, progress: Progress) -> Stamps:
    """Return the pts of all frames of a source, as many as were decoded when it was analysed."""
    stamps = footage.stamps()
    if stamps is not None and source.info.kind == "frames":
        return stamps
    if stamps is not None and len(stamps) == _decoded(source):
        return stamps
    from reidsearch.media.video.frames import Frame

    seconds = round(source.duration_s)
    progress.begin("numbering frames", seconds, "s of footage")
    found: list[int] = []
    reached = 0
    try:
        for item in footage.frames():
            if isinstance(item, Frame):
                found.append(item.pts)
                at_s = min(int(source.info.media_s(item.pts)), seconds)
                progress.advance(max(0, at_s - reached))
                reached = max(reached, at_s)
    finally:
        progress.end()
    return np.array(found, np.int64)


def _decoded(source: SourceCoverage) -> int | None:
    """Return how many frames were decoded when a source was analysed; None: not known."""
    counts = source.counts
    if source.state is not SourceState.FINISHED or source.measured_fps is None:
        return None
    if not {"whole_us", "lost_us", "gap_us"} <= counts.keys():  # an older archive's
        return None
    shown_us = counts["whole_us"] - counts["lost_us"] - counts["gap_us"]
    return round(source.measured_fps * shown_us / 1_000_000) + 1


def _track(
    tracklet_id: int, trace: Trace, stamps: Stamps | None, longest: int, *, interpolate: bool
) -> Track:
    """Return a trace with frame numbers, interpolated where gaps are at most `longest`."""
    pts, measured = trace.pts, np.ones(len(trace), np.bool_)
    xyxy, confidence = trace.xyxy, trace.confidence
    if stamps is not None and interpolate:
        pts = np.sort(np.concatenate((trace.pts, _between(trace.pts, stamps, longest))))
        measured = np.isin(pts, trace.pts)
        sides = [np.interp(pts, trace.pts, side) for side in trace.xyxy.T.astype(np.float64)]
        xyxy = np.column_stack(sides).astype(np.float32)
        confidence = np.interp(pts, trace.pts, trace.confidence).astype(np.float32)
    return Track(
        tracklet_id=tracklet_id,
        pts=pts,
        frames=None if stamps is None else np.searchsorted(stamps, pts),
        xyxy=xyxy,
        confidence=confidence,
        measured=measured,
        open_after=np.append(np.diff(pts) > longest, np.False_),
    )


def _between(pts: Stamps, stamps: Stamps, longest: int) -> Stamps:
    """Return the pts of frames that lie between two of a trace at most so far apart."""
    after = np.searchsorted(pts, stamps, side="right")
    inside = (after > 0) & (after < len(pts)) & ~np.isin(stamps, pts)
    candidates, after = stamps[inside], after[inside]
    near = pts[after] - pts[after - 1] <= longest
    return candidates[near]
