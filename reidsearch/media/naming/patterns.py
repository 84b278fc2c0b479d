"""What a name tells: camera, time and person from options, a pattern, or Market-1501 names."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from reidsearch.base.errors import Kind, Reason, Refused, UsageError
from reidsearch.base.locations import readable_location, told_location
from reidsearch.base.reading import require_label
from reidsearch.base.timecode import at_local, only_once, parse_time
from reidsearch.domain.crops import Facts
from reidsearch.media.naming.stamps import PARTS, holds_stamp
from reidsearch.media.naming.told_times import told_stamp
from reidsearch.media.naming.user_pattern import Matched, NamePattern, Searching

GROUPS = frozenset({"camera", "time", "person", "millisecond", "epoch", *PARTS})

# PPPP_cCsS_FFFFFF_DD.jpg: person, camera, sequence, frame, detection. -1 marks crops without a
# person of interest, 0000 distractors; both are labels like any other here.
MARKET1501 = re.compile(r"(?:^|/)(?P<person>-1|\d+)_(?P<camera>c\d+)s\d+_\d+_\d+\.[^/]*$")


def compile_pattern(text: str) -> NamePattern:
    """Read a regular expression with one or more of the groups camera, time, person.

    Raises:
        UsageError: when it is no regular expression, or has no such group, or another one.
    """
    pattern = NamePattern(text)
    _require_groups(pattern)
    return pattern


@dataclass(frozen=True)
class Naming:
    """Where the facts of a crop come from, other than a manifest's row.

    A manifest's row beats a name, a name beats `camera` and `time`. What none of them tells
    stays unknown.

    Args:
        camera: of every crop whose name tells none.
        time: likewise; aware.
        zone: of times in names and manifests that carry none.
        pattern: searched for anywhere in a location; named groups camera, time, person.
        time_format: of the group and of a manifest's column, as in `strptime`; None: ISO 8601.
        market1501: read Market-1501 file names instead of a pattern.

    Raises:
        UsageError: when the camera cannot be stored, pattern and market1501 are both given, or a
            pattern lacks the groups.
    """

    camera: str | None = None
    time: dt.datetime | None = None
    zone: dt.tzinfo | None = None
    pattern: Searching | None = None
    time_format: str | None = None
    market1501: bool = False
    _options: Facts = field(init=False, repr=False, compare=False)
    _names: Searching | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        require_camera(self.camera)
        if self.pattern is not None:
            if self.market1501:
                raise UsageError("names are read by a pattern or as Market-1501 names, not both")
            _require_groups(self.pattern)
        object.__setattr__(self, "_options", Facts(self.camera, self.time))
        object.__setattr__(self, "_names", MARKET1501 if self.market1501 else self.pattern)

    def facts(self, location: str) -> Facts:
        """What is known of a crop by where it lies.

        Raises:
            Refused: (bad-time) when the pattern matches but its time cannot be read.
        """
        if self._names is None:
            return self._options
        match = self._names.search(readable_location(location))
        if match is None:
            return self._options
        told = match.groupdict()
        camera = told.get("camera") or self.camera
        if told.get("camera") and holds_stamp(told["camera"]):
            raise Refused(Reason.BAD_TIME, f"its camera would be {camera!r}, which holds a time")
        return Facts(
            camera=None if camera is None else told_location(camera),
            time=self._told_time(match) or self.time,
            person=told.get("person") or None,
        )

    @property
    def reads_names(self) -> bool:
        """Whether names are read at all."""
        return self._names is not None

    def matches(self, location: str) -> bool:
        """Whether names are read, and this one is understood."""
        return self._names is None or bool(self._names.search(readable_location(location)))

    def _told_time(self, match: Matched) -> dt.datetime | None:
        stamp = told_stamp(match, self.time_format)
        if stamp is None:
            return None
        if (zone := stamp.zone or self.zone) is None:
            raise Refused(
                Reason.BAD_TIME,
                f"time '{stamp.local}' names no time zone",
                "give the time zone",
                kind=Kind.TIME_WITHOUT_ZONE,
            )
        return only_once(at_local(stamp.local, zone), str(stamp.local))

    def moment(self, text: str) -> dt.datetime:
        """One time, by this naming's zone and format.

        Raises:
            Refused: (bad-time).
        """
        return parse_time(text, self.zone, self.time_format)


def require_camera(camera: str | None) -> None:
    """Refuse a name that a camera cannot have.

    Raises:
        UsageError: it is empty, too long, or not UTF-8.
    """
    try:
        if camera is not None:
            require_label(camera, "the camera")
    except ValueError as error:
        raise UsageError(str(error)) from error


def _require_groups(pattern: Searching) -> None:
    names = set(pattern.groupindex)
    hint = "name the parts: (?P<camera>...), (?P<time>...), (?P<person>...)"
    if unknown := sorted(names - GROUPS):
        raise UsageError(
            f"pattern group {unknown[0]!r} is not camera, time, person or a part of a time", hint
        )
    if not names:
        raise UsageError(f"pattern {pattern.pattern!r} has no named group", hint)
