"""What is known of a source of footage beside its pixels: its camera, and when it starts.

A row of a source list beats a name, a name beats an option, an option beats the container. What
none of them tells stays unknown; a time whose zone is not known is no time.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from reidsearch.base.errors import Refused, UsageError
from reidsearch.base.timecode import parse_time
from reidsearch.domain.footage import Clock, SourceFacts, VideoInfo
from reidsearch.media.naming.recorders import Recorder, readings, recorder, stamp_of
from reidsearch.media.naming.source_list import ListedSource, SourceList

WHOLE_SECONDS_S = 1.0
MILLISECONDS_S = 0.001
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class NamedSource:
    """What is known of a source, and what must be said about it, in sentences."""

    facts: SourceFacts
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceNaming:
    """Where camera and start of sources come from.

    Args:
        camera, start: of every source that nothing else tells of; `start` is aware.
        zone: of times in names that carry none.
        pattern: searched for in a location; groups camera and time, or year, month, day, hour,
            minute, second.
        time_format: of the group time, as in `strptime`; None: ISO 8601.
        recorder: name of a ready-made pattern, or `auto`: all are tried, and taken when all that
            match agree (see `recorders.readings`).
        listed: rows by path.
        container_time: take the container's creation time where nothing else tells. Many cameras
            write local time there, or the end of the recording.

    Raises:
        UsageError: pattern and recorder are both given, or there is no such recorder.
    """

    camera: str | None = None
    start: dt.datetime | None = None
    zone: dt.tzinfo | None = None
    pattern: re.Pattern[str] | None = None
    time_format: str | None = None
    recorder: str | None = None
    listed: SourceList | None = None
    container_time: bool = False

    def __post_init__(self) -> None:
        if self.recorder is not None:
            if self.pattern is not None:
                raise UsageError("names are read by a pattern or as a recorder's, not both")
            if self.recorder != "auto":
                recorder(self.recorder)

    def facts(
        self,
        location: str,
        info: VideoInfo | None = None,
        first_stamp: dt.datetime | None = None,
    ) -> NamedSource:
        """Camera and clock of one source.

        Args:
            location: absolute path.
            info: what the container says; None: it has not been opened.
            first_stamp: the first frame's time by its own name, without a zone.
        """
        notes: list[str] = []
        listed = self.listed.lookup(location) if self.listed else None
        camera, named = self._named(location, notes)
        clock = self._clock(listed, named or self._stamped(first_stamp, notes), info, notes)
        told = (listed.camera if listed else None) or camera or self.camera
        return NamedSource(SourceFacts(told, clock), tuple(notes))

    def _clock(
        self,
        listed: ListedSource | None,
        named: Clock | None,
        info: VideoInfo | None,
        notes: list[str],
    ) -> Clock:
        if listed is not None:
            uncertainty_s = (
                WHOLE_SECONDS_S if listed.uncertainty_s is None else listed.uncertainty_s
            )
            if listed.start is not None:
                return Clock(listed.start, "list", uncertainty_s, listed.offset_s, listed.drift_ppm)
        found = named or self._untold(info, notes)
        if listed is None or found.start is None:
            return found
        if listed.uncertainty_s is not None:
            found = Clock(found.start, found.origin, listed.uncertainty_s)
        return Clock(
            found.start, found.origin, found.uncertainty_s, listed.offset_s, listed.drift_ppm
        )

    def _untold(self, info: VideoInfo | None, notes: list[str]) -> Clock:
        if self.start is not None:
            return Clock(self.start, "option", WHOLE_SECONDS_S)
        if self.container_time and info is not None and info.created is not None:
            notes.append(
                "the start is the container's creation time, which many cameras write in local "
                "time or at the end of the recording"
            )
            return Clock(info.created, "container", None)
        return Clock()

    def _named(self, location: str, notes: list[str]) -> tuple[str | None, Clock | None]:
        """Camera and clock by the name."""
        if self.pattern is not None:
            match = self.pattern.search(location)
            if match is None:
                notes.append("the pattern does not match its path")
                return None, None
            return match.groupdict().get("camera"), self._time_of(match, notes)
        if self.recorder is None:
            return None, None
        path = location.replace("\\", "/")
        found = readings(path)
        if self.recorder != "auto":
            one = recorder(self.recorder)
            match = one.pattern.search(path)
            found = [(one, match)] if match else []
        told = {(match.groupdict().get("camera"), stamp_of(match)) for _, match in found}
        if not found:
            notes.append(_no_recorder(self.recorder))
            return None, None
        if len(told) > 1:
            names = ", ".join(one.name for one, _ in found)
            notes.append(f"its name can be read in several ways ({names}); none was taken")
            return None, None
        one, match = found[0]
        return match.groupdict().get("camera"), self._recorded(one, match, notes)

    def _recorded(self, one: Recorder, match: re.Match[str], notes: list[str]) -> Clock | None:
        stamp = stamp_of(match)
        if stamp is None:
            return None
        exact = "millisecond" in match.groupdict() and match["millisecond"] is not None
        uncertainty_s = MILLISECONDS_S if exact else WHOLE_SECONDS_S
        return _local(stamp, dt.UTC if one.utc else self.zone, uncertainty_s, notes)

    def _time_of(self, match: re.Match[str], notes: list[str]) -> Clock | None:
        text = match.groupdict().get("time")
        if text is None:
            stamp = stamp_of(match)
            return None if stamp is None else _local(stamp, self.zone, WHOLE_SECONDS_S, notes)
        try:
            moment = parse_time(text, dt.UTC, self.time_format)
            has_zone = parse_time(text, dt.timezone(dt.timedelta(hours=1)), self.time_format)
        except Refused as refused:
            notes.append(refused.message)
            return None
        if moment == has_zone:  # it names its own zone
            return Clock(moment, "name", WHOLE_SECONDS_S)
        return _local(moment.replace(tzinfo=None), self.zone, WHOLE_SECONDS_S, notes)

    def _stamped(self, stamp: dt.datetime | None, notes: list[str]) -> Clock | None:
        if stamp is None:
            return None
        exact = bool(stamp.microsecond)
        return _local(stamp, self.zone, MILLISECONDS_S if exact else WHOLE_SECONDS_S, notes)


def _no_recorder(name: str) -> str:
    if name == "auto":
        return "file name matches no known recorder pattern"
    return f"file name does not match the pattern of recorder {name}"


def _local(
    stamp: dt.datetime, zone: dt.tzinfo | None, uncertainty_s: float, notes: list[str]
) -> Clock | None:
    """A clock that starts at a local time; None when the zone is not known, or has no such time."""
    if zone is None:
        notes.append(
            f"its name tells {stamp.isoformat(sep=' ')} without a time zone, so its time is not "
            "known: give the time zone"
        )
        return None
    early, late = (stamp.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() != late.utcoffset():
        back = early.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None)
        if back != stamp:
            notes.append(
                f"its name tells {stamp.isoformat(sep=' ')}, a time that the clock change left "
                "out: its time is not known"
            )
            return None
        notes.append(
            f"its name tells {stamp.isoformat(sep=' ')}, which the clock change repeats: the "
            "earlier was taken, the uncertainty is an hour more"
        )
        uncertainty_s += HOUR_S
    return Clock(early.astimezone(dt.UTC), "name", uncertainty_s)
