"""What an archive knows of its footage, and the footage itself around a match.

`Archive.footage` is a `FootageService`. Footage is read where it was indexed from; a file that is
no longer the one that was indexed is refused, never shown as evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.errors import InputError, Kind, NotFound, UsageError
from reidsearch.base.locations import composed, path_of
from reidsearch.base.timecode import parse_zone
from reidsearch.domain.crops import Crop, Pixels
from reidsearch.domain.footage import Clock, CoverageGap, SourceCoverage, Trace, TrackletSeen
from reidsearch.domain.reports import ClockChange
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.clocks import clock_changes, record_clock
from reidsearch.store.footage.gaps import Stretch, not_supplied

if TYPE_CHECKING:
    from reidsearch.media.video.frames import Footage
    from reidsearch.vision.detection.detector import Detector
    from reidsearch.vision.detection.people import People


class FootageService:
    """Coverage, clocks, frames and clips of one archive.

    Args:
        detector: gives the detector for `people`.
        actor: who corrects clocks, for the record of events.
    """

    def __init__(self, store: Store, detector: Callable[[], Detector], actor: str) -> None:
        self._store, self._actor = store, actor
        self._detector = detector

    def coverage(self) -> list[SourceCoverage]:
        """What was seen of every source, by camera, then start."""
        return footage_store.coverage(self._store)

    def not_supplied(self) -> list[CoverageGap]:
        """When cameras have no footage here, from the first to the last source of all of them."""
        stretches = []
        for one in self.coverage():
            first_us = one.facts.clock.at_us(Fraction(0))
            last_us = one.facts.clock.at_us(one.duration_s)
            if one.facts.camera is not None and first_us is not None and last_us is not None:
                stretches.append(Stretch(one.facts.camera, first_us, last_us))
        return not_supplied(stretches)

    def tracklet(self, tracklet_id: int) -> TrackletSeen:
        """One tracklet. Raises NotFound."""
        found = footage_store.tracklets(self._store, [tracklet_id])
        if tracklet_id not in found:
            raise NotFound(f"{self._store.location} holds no tracklet {tracklet_id}")
        return found[tracklet_id]

    def tracklets(self, source_id: int) -> list[TrackletSeen]:
        """All tracklets of a source, by the time they were first seen."""
        return footage_store.tracklets_of(self._store, source_id)

    def find(self, text: str) -> SourceCoverage:
        """The one source that a part of its location, or the start of its SHA-256, names.

        Raises:
            NotFound: none, or several.
        """
        found = [
            one
            for one in self.coverage()
            if composed(text) in composed(one.location)
            or (len(text) >= 8 and one.sha256.startswith(text.lower()))
        ]
        if len(found) != 1:
            names = ", ".join(one.location for one in found[:5])
            raise NotFound(
                f"{len(found)} sources of footage match {text!r}" + (f": {names}" if found else ""),
                "give more of the path, or 8 characters of the SHA-256",
                kind=Kind.SOURCE_AMBIGUOUS,
            )
        return found[0]

    def set_clock(self, source_id: int, clock: Clock, why: str = "") -> None:
        """Set a source's clock: the times of its crops follow, nothing is indexed again.

        The event is recorded with the actor and with what the clock was before.

        Args:
            why: for the record, beside who and when.

        Raises:
            ArchiveLocked: another process writes.
        """
        with self._store.lock(), self._store.write() as connection:
            record_clock(connection, source_id, clock, self._actor, why)

    def clock_changes(self, source_id: int | None = None) -> list[ClockChange]:
        """Every correction by hand, of one source or of all, the earliest first."""
        changes = clock_changes(self._store)
        return [one for one in changes if source_id is None or one.source_id == source_id]

    def people(self, path: Path, media_s: Fraction) -> People:
        """Who is to be seen in a frame of any video.

        Raises:
            Refused: it is no video.
            NotFound: the time lies beyond its end.
        """
        from reidsearch.media.video.open import open_footage
        from reidsearch.vision.detection.people import people_in

        with open_footage(path) as footage:
            return people_in(footage.frame_at(media_s).bgr(), self._detector())

    def frame_at_clock(self, name: str, time: str) -> Pixels:
        """The frame that a camera, or a source of that name, showed at a time of its clock.

        Args:
            name, time: see `services.clock_times.find_moment`; the archive's time zone counts.

        Returns:
            (h, w, 3) uint8 BGR.

        Raises:
            NotFound, UsageError: as `find_moment`.
            InputError: as `frame`.
        """
        from reidsearch.services.clock_times import find_moment
        from reidsearch.store.timezone import stored_timezone

        zone = stored_timezone(self._store)
        moment = find_moment(self.coverage(), name, time, parse_zone(zone) if zone else None)
        with self._open(moment.source.source_id) as footage:
            return footage.frame_at(moment.media_s).bgr()

    def frame(self, crop_id: int) -> tuple[Pixels, Crop]:
        """The full frame that a crop was cut from, (h, w, 3) uint8 BGR, and the crop.

        Raises:
            NotFound: no crop has this id, or it came from no footage.
            InputError: the footage is gone, or is no longer what was indexed.
        """
        crop = self._of_footage(crop_id)
        assert crop.moment is not None
        with self._open(crop.source_id) as footage:
            return footage.frame_at(crop.moment.media_s).bgr(), crop

    def clip(
        self, crop_id: int, out: Path, *, margin_s: float, box: bool, as_it_is: bool
    ) -> tuple[Fraction, Fraction]:
        """Cut the footage around the tracklet of a crop.

        Args:
            margin_s: seconds before its first and after its last detection.
            box: draw the person's box; the footage is then encoded anew.
            as_it_is: copy the stream, from the key frame before.

        Returns:
            First and last media time, seconds.

        Raises:
            UsageError: a box cannot be drawn on a copied stream.
            NotFound, InputError: as `frame`.
        """
        from reidsearch.media.video import cutting

        if box and as_it_is:
            raise UsageError(
                "a box cannot be drawn on a copied stream", kind=Kind.STREAM_COPY_IMPOSSIBLE
            )
        crop = self._of_footage(crop_id)
        assert crop.moment is not None
        tracklet = self.tracklet(crop.moment.tracklet_id)
        margin = Fraction(margin_s).limit_denominator(1000)
        from_s, to_s = max(tracklet.first_s - margin, Fraction(0)), tracklet.last_s + margin
        with self._open(crop.source_id) as footage:
            if as_it_is:
                source = footage_store.source(self._store, crop.source_id)
                cutting.copy(_place_of(source.location), footage, from_s, to_s, out)
                to_s = min(to_s, source.duration_s)
            else:
                trace = self.trace(tracklet.tracklet_id) if box else None
                to_s = cutting.cut(footage, from_s, to_s, out, trace)
        return from_s, to_s

    def trace(self, tracklet_id: int) -> Trace:
        """Where a tracklet's person was, frame by frame."""
        return footage_store.trace(self._store, tracklet_id)

    def _of_footage(self, crop_id: int) -> Crop:
        crop = self._store.crop(crop_id)
        if crop.moment is None:
            raise NotFound(
                f"crop {crop_id} was indexed as a picture ({crop.location}); it has no footage",
                kind=Kind.CROP_WITHOUT_FOOTAGE,
                crop=crop_id,
            )
        return crop

    def _open(self, source_id: int) -> Footage:
        """The footage where it was indexed from, proven to be the same bytes."""
        from reidsearch.media.video.open import digest_of, open_footage

        source = footage_store.source(self._store, source_id)
        path = _place_of(source.location)
        if not path.exists():
            raise InputError(
                f"{source.location} is no longer there",
                "put it back, or index its folder again: a moved file is recognised by its bytes",
            )
        if digest_of(path).sha256.hex() != source.sha256:
            raise InputError(
                f"{source.location} is no longer the footage that was indexed: its SHA-256 differs"
            )
        rate = source.info.declared_fps if source.info.kind == "frames" else None
        return open_footage(path, frames_fps=Fraction(rate) if rate else None)


def _place_of(location: str) -> Path:
    """The file that a stored location means; names that are no text were stored as escapes."""
    path = Path(location)
    return path if path.exists() else Path(path_of(location))


def corrected(
    clock: Clock,
    *,
    start: Clock | None = None,
    offset_s: Fraction | None = None,
    drift_ppm: float | None = None,
    uncertainty_s: float | None = None,
) -> Clock:
    """A clock with some of its parts replaced; None keeps what there is."""
    if start is not None:
        clock = replace(clock, start=start.start, origin=start.origin)
        clock = replace(clock, uncertainty_s=start.uncertainty_s)
    if offset_s is not None:
        clock = replace(clock, offset_s=offset_s)
    if drift_ppm is not None:
        clock = replace(clock, drift_ppm=drift_ppm)
    if uncertainty_s is not None:
        clock = replace(clock, uncertainty_s=uncertainty_s)
    return clock
