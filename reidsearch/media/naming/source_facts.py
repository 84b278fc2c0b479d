"""What is known of a source of footage beside its pixels: its camera, and when it starts.

A row of a source list beats a name, a name beats an option, an option beats the container. What
none of them tells stays unknown; a time whose zone is not known is no time.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field, replace

from reidsearch.base.errors import Refused, UsageError
from reidsearch.base.locations import readable_location, told_location
from reidsearch.base.timecode import Reading, at_local
from reidsearch.domain.footage import Clock, SourceFacts, VideoInfo
from reidsearch.domain.told import FactNote, Stamp
from reidsearch.media.naming.patterns import require_camera
from reidsearch.media.naming.recorders import (
    Recorder,
    may_be_epoch,
    named_by_messenger,
    readings,
    recorder,
)
from reidsearch.media.naming.source_list import ListedSource, SourceList
from reidsearch.media.naming.stamps import holds_stamp, said_before, stamp_of
from reidsearch.media.naming.told_times import told_stamp
from reidsearch.media.naming.user_pattern import Matched, Searching

REPEATED = "which the clock change repeats: the earlier was taken, the uncertainty holds both"


@dataclass(frozen=True, slots=True)
class NamedSource:
    """What is known of a source, and what must be said about it."""

    facts: SourceFacts

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said, in sentences."""
        return tuple(note.text for note in self.facts.notes)


@dataclass(frozen=True)
class SourceNaming:
    """Where camera and start of sources come from.

    Args:
        camera, start: of every source that nothing else tells of; `start` is aware.
        zone: of times in names that carry none.
        pattern: searched for in a location; groups camera and time, or year, month, day, hour,
            minute, second, or epoch.
        time_format: of the group time, as in `strptime`; None: ISO 8601.
        recorder: name of a ready-made pattern, or `auto`: all are tried, and taken when all that
            match agree (see `recorders.readings`).
        listed: rows by path.
        container_time: take the container's creation time where nothing else tells. Many cameras
            write local time there, or the end of the recording.

    Raises:
        UsageError: the camera cannot be stored, pattern and recorder are both given, or there is
            no such recorder.
    """

    camera: str | None = None
    start: dt.datetime | Reading | None = None
    zone: dt.tzinfo | None = None
    pattern: Searching | None = None
    time_format: str | None = None
    recorder: str | None = None
    listed: SourceList | None = None
    container_time: bool = False

    def __post_init__(self) -> None:
        require_camera(self.camera)
        if self.recorder is not None:
            if self.pattern is not None:
                raise UsageError("names are read by a pattern or as a recorder's, not both")
            if self.recorder != "auto":
                recorder(self.recorder)

    def facts(
        self,
        location: str,
        info: VideoInfo | None = None,
        first_stamp: Stamp | None = None,
        picture: str | None = None,
    ) -> NamedSource:
        """Camera and clock of one source.

        Args:
            location: absolute path, as `location_text` writes it.
            info: what the container says; None: it has not been opened.
            first_stamp: the first frame's time by its own name.
            picture: name of the first picture of a folder of frames: it tells the camera where
                the folder's name does not.
        """
        return _Naming(self, location, picture).facts(info, first_stamp)

    def understands(self, location: str) -> bool:
        """Whether the name of a source tells its camera or its time."""
        camera, clock = _Naming(self, location).named()
        return camera is not None or clock is not None

    @property
    def reads_names(self) -> bool:
        """Whether names are read at all."""
        return self.pattern is not None or self.recorder is not None


@dataclass
class _Naming:
    """One source on its way to its facts."""

    by: SourceNaming
    location: str
    picture: str | None = None
    notes: list[FactNote] = field(default_factory=list)

    def facts(self, info: VideoInfo | None, first_stamp: Stamp | None) -> NamedSource:
        by = self.by
        listed = by.listed.lookup(self.location) if by.listed else None
        camera, named = self.named()
        if self.picture is not None and camera is None and named is None:
            inside = _Naming(by, f"{self.location}{os.sep}{self.picture}")
            camera, _ = inside.named()
            if camera is not None:
                self.notes = inside.notes
        if named is None and first_stamp is not None:
            named = self._clock_of(first_stamp, by.zone, "the name of its first picture")
        clock = self._clock(listed, named, info)
        told = (listed.camera if listed else None) or camera or by.camera
        return NamedSource(SourceFacts(told, clock, tuple(self.notes)))

    def note(self, about: str, text: str) -> None:
        self.notes.append(FactNote(about, text))

    def _clock(
        self, listed: ListedSource | None, named: Clock | None, info: VideoInfo | None
    ) -> Clock:
        if listed is not None and listed.start is not None:
            if listed.start.repeated:
                self.note("list", f"the list gives it a start {REPEATED}")
            found = Clock(listed.start.time, "list", listed.start.uncertainty_s)
        else:
            found = named or self._untold(info)
        if listed is None or found.start is None:
            return found
        uncertainty_s = found.uncertainty_s
        if listed.uncertainty_s is not None:
            uncertainty_s = listed.uncertainty_s
            if listed.start is not None and listed.start.repeated:
                uncertainty_s += listed.start.uncertainty_s
        return Clock(found.start, found.origin, uncertainty_s, listed.offset_s, listed.drift_ppm)

    def _untold(self, info: VideoInfo | None) -> Clock:
        start = self.by.start
        if isinstance(start, dt.datetime):
            start = Reading(start)
        if start is not None:
            return Clock(start.time, "option", start.uncertainty_s)
        if self.by.container_time and info is not None:
            return self._by_container(info)
        return Clock()

    def _by_container(self, info: VideoInfo) -> Clock:
        if info.first_time is not None:
            told = "the first time stamp that the recorder wrote into the file"
            clock = self._clock_of(info.first_time, self.by.zone, told, "container")
            if clock is not None:
                self.note("container", f"the start is {told}")
                return clock
        if info.created is not None:
            self.note(
                "container",
                "the start is the container's creation time, which many cameras write in local "
                "time or at the end of the recording",
            )
            return Clock(info.created, "container", None)
        return Clock()

    def named(self) -> tuple[str | None, Clock | None]:
        """Camera and clock by the name."""
        path = readable_location(self.location)
        if self.by.pattern is not None:
            match = self.by.pattern.search(path)
            if match is None:
                self._unread("the pattern does not match its path")
                return None, None
            return self._taken(match, None)
        if self.by.recorder is None:
            return None, None
        path = path.replace(os.sep, "/")
        if self.by.recorder != "auto":
            one = recorder(self.by.recorder)
            match = one.pattern.search(path)
            if match is None:
                self._unread(f"file name does not match the pattern of recorder {one.name}")
                return None, None
            return self._taken(match, one)
        return self._automatic(path)

    def _automatic(self, path: str) -> tuple[str | None, Clock | None]:
        if named_by_messenger(path):
            self._unread("a messenger named it by when it was sent or saved, not recorded")
            return None, None
        found = readings(path)
        if not found:
            text = "file name matches no known recorder pattern"
            if may_be_epoch(path):
                text += "; its number may be seconds since 1970, which the recorder epoch reads"
            self._unread(text)
            return None, None
        try:
            stamps = {(stamp_of(match), one.utc) for one, match in found}
        except Refused:
            stamps = set()  # said below
        cameras = {match.groupdict().get("camera") for _, match in found} - {None}
        if len(stamps) > 1 or len(cameras) > 1:
            names = ", ".join(one.name for one, _ in found)
            self._unread(f"its name can be read in several ways ({names}); none was taken")
            return None, None
        one, match = max(found, key=lambda each: each[1].groupdict().get("camera") is not None)
        return self._taken(match, one)

    def _unread(self, text: str) -> None:
        self.note("camera", text)
        self.note("time", text)

    def _taken(self, match: Matched, one: Recorder | None) -> tuple[str | None, Clock | None]:
        """Read what matched. A camera that holds a time stamp means that the end was matched."""
        camera = match.groupdict().get("camera")
        if camera is not None and holds_stamp(camera):
            self._unread(f"its camera would be {camera!r}, which holds a time: none was taken")
            return None, None
        try:
            stamp = told_stamp(match, self.by.time_format) if one is None else stamp_of(match)
        except Refused as refused:
            self.note("time", refused.message)
            stamp = None
        if stamp is not None and one is not None and one.uncertainty_s > stamp.uncertainty_s:
            stamp = replace(stamp, uncertainty_s=one.uncertainty_s)
        if stamp is not None and camera is not None and (word := said_before(camera)):
            self.note("time", f"its name tells {word} before its time, which is not understood")
            stamp = None
        camera = None if camera is None else told_location(camera)
        if stamp is None:
            return camera, None
        zone = dt.UTC if one is not None and one.utc else self.by.zone
        return camera, self._clock_of(stamp, zone, "its name")

    def _clock_of(
        self, stamp: Stamp, zone: dt.tzinfo | None, teller: str, origin: str = "name"
    ) -> Clock | None:
        """A clock that starts at a stamp; None where its zone is not known, or had no such time."""
        zone = stamp.zone or zone
        if zone is None:
            self.note(
                "time",
                f"{teller} tells {stamp.local.isoformat(sep=' ')} without a time zone, so its time "
                "is not known: give the time zone",
            )
            return None
        try:
            read = at_local(stamp.local, zone, stamp.uncertainty_s)
        except Refused as refused:
            self.note("time", f"{teller} tells a time that cannot be: {refused.message}")
            return None
        if read.repeated:
            local = stamp.local.isoformat(sep=" ")
            self.note(origin, f"{teller} tells {local}, {REPEATED}")
        return Clock(read.time, origin, read.uncertainty_s)
