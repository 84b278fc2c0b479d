"""What an archive knows of its footage, and the footage itself around a match.

`Archive.footage` is a `FootageService`. Footage is read at any of the places where it is known to
lie. A file that is no longer the one that was indexed is refused, never shown as evidence, and so
is a picture that does not show the stored crop of its moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.errors import Kind, NotFound, UsageError, absent
from reidsearch.base.locations import composed, location_text
from reidsearch.base.timecode import parse_zone
from reidsearch.domain.query_origins import OriginKind, QueryOrigin, ReadPicture, whole_box
from reidsearch.domain.tracklets import Trace, TrackletSeen, box_at
from reidsearch.domain.tracks import INTERPOLATED_S
from reidsearch.services.clips import write_clip
from reidsearch.services.footage_files import (
    no_footage,
    open_indexed,
    proven,
    relocate,
    require_crops_shown,
    view_of,
)
from reidsearch.services.gap_reasons import with_reasons
from reidsearch.services.originals import copy_original
from reidsearch.services.redacting import redaction_report, redactor_of
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage import tracklet_reader as tracklet_store
from reidsearch.store.footage.clocks import clock_changes, clock_of, record_clock
from reidsearch.store.footage.gaps import Stretch, not_supplied
from reidsearch.store.footage.places import Relocation, whole_path

if TYPE_CHECKING:
    from reidsearch.base.boxes import Box
    from reidsearch.domain.crops import Crop, Pixels
    from reidsearch.domain.footage import Clock, CoverageGap, SourceCoverage
    from reidsearch.domain.redaction import Redaction, RedactionReport
    from reidsearch.domain.reports import ClipReport, ClockChange, Relocated
    from reidsearch.media.video.frames import Frame
    from reidsearch.store.crops.store import Store
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

    def source(self, source_id: int) -> SourceCoverage:
        """What was seen of one source. Raises NotFound."""
        return footage_store.source(self._store, source_id)

    def not_supplied(self, sources: Sequence[SourceCoverage] | None = None) -> list[CoverageGap]:
        """When cameras have no footage here, from the first to the last source of all of them.

        Of what this program recorded, with what its journal beside the footage says of it.

        Args:
            sources: what `coverage` returned; None: it is read.
        """
        stretches = []
        sources = self.coverage() if sources is None else sources
        for one in sources:
            first_us = one.facts.clock.at_media_us(0)
            last_us = one.facts.clock.at_us(one.duration_s)
            if one.facts.camera is not None and first_us is not None and last_us is not None:
                stretches.append(Stretch(one.facts.camera, first_us, last_us))
        return with_reasons(not_supplied(stretches), sources)

    def tracklet(self, tracklet_id: int) -> TrackletSeen:
        """One tracklet. Raises NotFound."""
        found = tracklet_store.tracklets(self._store, [tracklet_id])
        if tracklet_id not in found:
            raise NotFound(f"{self._store.location} holds no tracklet {tracklet_id}")
        return found[tracklet_id]

    def tracklets(self, source_id: int) -> list[TrackletSeen]:
        """All tracklets that a source shows, by the time they were first seen in it."""
        return tracklet_store.tracklets_of(self._store, source_id)

    def find(self, text: str) -> SourceCoverage:
        """The one source that a part of its location, or the start of its SHA-256, names.

        Raises:
            UsageError: the text is empty.
            NotFound: none, or several.
        """
        if not text.strip():
            raise UsageError("a source was named by an empty text, which every place holds")
        found = [
            one
            for one in self.coverage()
            if composed(text) in composed(one.location)
            or (len(text) >= 8 and one.sha256.startswith(text.lower()))
        ]
        if len(found) != 1:
            names = ", ".join(one.location for one in found[:5])
            raise NotFound(
                f"{len(found) or 'no'} sources of footage match {text!r}"
                + (f": {names}" if found else ""),
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
        with self._store.indexing(), self._store.write() as connection:
            record_clock(connection, source_id, clock, self._actor, why)

    def undo_clock(self, change: ClockChange, why: str = "") -> None:
        """Set a source's clock to what it was before its last correction by hand.

        That is a correction too, on record like any other, and can be undone as well.

        Args:
            change: the last of `clock_changes` of its source.

        Raises:
            UsageError: the clock was changed after that correction.
            ArchiveLocked: another process writes.
        """
        with self._store.indexing(), self._store.write() as connection:
            if clock_of(connection, change.source_id) != change.after:
                raise UsageError("the clock was changed after the correction that is to be undone")
            record_clock(connection, change.source_id, change.before, self._actor, why)

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

    def frame_at_clock(self, name: str, time: str) -> ReadPicture:
        """The frame that a camera, or a source of that name, showed at a time of its clock.

        Args:
            name, time: see `services.clock_times.find_moment`; the archive's time zone counts.

        Returns:
            (h, w, 3) uint8 BGR, with the file and the media time that it is from.

        Raises:
            NotFound, UsageError: as `find_moment`.
            InputError: as `frame`.
        """
        from reidsearch.services.clock_times import find_moment
        from reidsearch.store.timezone import stored_timezone

        zone = stored_timezone(self._store)
        moment = find_moment(self.coverage(), name, time, parse_zone(zone) if zone else None)
        return self.frame_of(moment.source.source_id, moment.media_s, name)

    def frame_of(self, source_id: int, media_s: Fraction, name: str | None = None) -> ReadPicture:
        """The frame that a source shows at a media time.

        Args:
            name: what to call the source; None: by its location.

        Returns:
            (h, w, 3) uint8 BGR, with the file and the media time that it is from.

        Raises:
            NotFound: there is no such source, or the time lies beyond its end.
            InputError: as `frame`.
        """
        source = footage_store.source(self._store, source_id)
        path, footage = open_indexed(self._store, source_id, verify=False)

        def shown() -> Frame:
            frame = footage.frame_at(media_s)
            self.require_shown(path, frame.pts, frame.bgr())
            return frame

        with footage:
            frame = proven(footage, shown)
            pixels = frame.bgr()
        origin = QueryOrigin(
            OriginKind.FRAME,
            source.location if name is None else name,
            whole_box(pixels),
            location_text(str(path.absolute())),
            source.sha256,
            float(footage.info.media_s(frame.pts)),
        )
        return ReadPicture.of_pixels(pixels, origin)

    def frame(self, crop_id: int, *, verify: bool = False) -> tuple[Pixels, Crop]:
        """The full frame that a crop was cut from, (h, w, 3) uint8 BGR, and the crop.

        The crop's location is the place that the frame was read from.

        Args:
            verify: hash the footage, even if it was hashed before and cannot have changed.

        Raises:
            NotFound: no crop has this id, or it came from no footage.
            InputError: the footage is gone, is no longer what was indexed, or does not show the
                crop.
        """
        from reidsearch.media.video.frames import frame_of
        from reidsearch.media.video.views import Differs, require_shown

        crop = self._of_footage(crop_id)
        view = view_of(self._store, crop)

        def shown() -> Pixels:
            # Compared with the stored crop, so that one reading is proof enough.
            frame = frame_of(footage, view.pts, once=True)
            if frame.pts != view.pts:
                raise Differs("the frame of the stored crop cannot be found in the footage")
            require_shown(frame.bgr(), view)
            return frame.bgr()

        path, footage = open_indexed(self._store, crop.source_id, verify=verify)
        with footage:
            return proven(footage, shown), replace(crop, location=location_text(str(path)))

    def boxes(self, crop_id: int) -> dict[int, Box]:
        """Everybody in the frame that a crop was cut from: tracklet -> box, by first sight.

        Of those whom the archive holds. Where somebody was not detected in that very frame, their
        box is interpolated, over as long as it is in tracks that are exported.

        Raises:
            NotFound: no crop has this id, or it came from no footage.
        """
        crop = self._of_footage(crop_id)
        view = view_of(self._store, crop)
        source = footage_store.source(self._store, crop.source_id)
        at_us = int(source.info.media_s(view.pts) * 1_000_000)
        longest = int(INTERPOLATED_S / source.info.time_base)
        traces = tracklet_store.traces_between(self._store, crop.source_id, at_us, at_us)
        found = {number: box_at(trace, view.pts, longest) for number, trace in traces}
        return {number: box for number, box in found.items() if box is not None}

    def redacted_frame(
        self, crop_id: int, whom: Redaction, *, verify: bool = False
    ) -> tuple[Pixels, Crop, RedactionReport]:
        """As `frame`, but with people pixelated; and what was altered.

        Only people whom the archive holds are: who was not detected, or was deleted, stays visible.

        Args:
            whom: of all tracklets that the source shows.

        Raises:
            NotFound, InputError: as `frame`.
        """
        pixels, crop = self.frame(crop_id, verify=verify)
        if crop.moment is None:
            raise absent("the moment of a crop of footage")
        source = footage_store.source(self._store, crop.source_id)
        at_s = crop.moment.media_s
        redactor = redactor_of(self._store, source, whom, crop, at_s, at_s)
        hidden = redactor(pixels, crop.moment.pts)
        return hidden, crop, redaction_report(redactor, source, whom, crop)

    def clip(
        self,
        crop_id: int,
        out: Path,
        *,
        margin_s: float,
        box: bool,
        as_it_is: bool,
        verify: bool = False,
        redact: Redaction | None = None,
        below: Callable[[Pixels, Fraction], Pixels] | None = None,
    ) -> ClipReport:
        """Cut the footage around what the source of a crop shows of its tracklet.

        Args:
            margin_s: seconds before its first and after its last detection.
            box: draw the person's box; the footage is then encoded anew.
            as_it_is: copy the stream, from the key frame before.
            verify: as `frame`.
            redact: pixelate people, as `redacted_frame`; the footage is then encoded anew.
            below: gives each frame a margin below its picture, by its media time; not when the
                stream is copied.

        Raises:
            UsageError: nothing can be drawn or redacted on a copied stream.
            NotFound, InputError: as `frame`.
        """
        return write_clip(
            self._store,
            self._of_footage(crop_id),
            out,
            margin_s=margin_s,
            box=box,
            as_it_is=as_it_is,
            verify=verify,
            redact=redact,
            below=below,
        )

    def original(self, source_id: int, out: Path) -> Path:
        """Copy the whole file of a source, proven by its SHA-256; return where it lay.

        Raises:
            InputError: as `frame`; or it is a folder of frames.
            OSError: the copy cannot be written.
        """
        return copy_original(self._store, source_id, out)

    def relocate(self, old: str, new: Path, *, dry_run: bool = False, why: str = "") -> Relocated:
        """Record that the footage in a folder was moved as a whole.

        Relocating from `new` to `old` takes it back: no place is forgotten.

        Args:
            old: how the places that the archive knows begin; parts of a path, whole.
            new: the folder that stands there instead.
            dry_run: only count which sources would be found.
            why: for the record.

        Raises:
            UsageError: what was moved is an empty text; the note cannot be stored.
            NotFound: no known place begins so.
            ArchiveLocked: another process writes.
        """
        if not old.strip():
            raise UsageError("how the places begin that were moved is an empty text")
        moved = Relocation(whole_path(old), whole_path(str(new)))
        return relocate(self._store, moved, who=self._actor, why=why, dry_run=dry_run)

    def require_shown(self, path: Path, pts: int, pixels: Pixels) -> None:
        """Refuse a frame of any video that is not what the archive holds of its moment.

        A video that is not held, or was not hashed since it last changed, is not looked at.

        Raises:
            Differs: a crop of this frame is stored, and it does not show it.
        """
        require_crops_shown(self._store, path, pts, pixels)

    def trace(self, tracklet_id: int, source_id: int) -> Trace:
        """Where a tracklet's person was in one of its sources, frame by frame."""
        return tracklet_store.trace(self._store, tracklet_id, source_id)

    def _of_footage(self, crop_id: int) -> Crop:
        crop = self._store.crop(crop_id)
        if crop.moment is None:
            raise no_footage(crop)
        return crop


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
