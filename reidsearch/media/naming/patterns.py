"""What a name tells: camera, time and person from options, a pattern, or Market-1501 names."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from reidsearch.base.errors import UsageError
from reidsearch.base.timecode import parse_time
from reidsearch.domain.crops import Facts
from reidsearch.media.naming.recorders import PARTS, stamp_of

GROUPS = frozenset({"camera", "time", "person", "millisecond", *PARTS})

# PPPP_cCsS_FFFFFF_DD.jpg: person, camera, sequence, frame, detection. -1 marks crops without a
# person of interest, 0000 distractors; both are labels like any other here.
MARKET1501 = re.compile(r"(?:^|/)(?P<person>-1|\d+)_(?P<camera>c\d+)s\d+_\d+_\d+\.[^/]*$")


def compile_pattern(text: str) -> re.Pattern[str]:
    """Read a regular expression with one or more of the groups camera, time, person.

    Raises:
        UsageError: when it is no regular expression, or has no such group, or another one.
    """
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"pattern {text!r} is no regular expression: {error}") from error
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
        UsageError: when pattern and market1501 are both given, or a pattern lacks the groups.
    """

    camera: str | None = None
    time: dt.datetime | None = None
    zone: dt.tzinfo | None = None
    pattern: re.Pattern[str] | None = None
    time_format: str | None = None
    market1501: bool = False
    _options: Facts = field(init=False, repr=False, compare=False)
    _names: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
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
        if self._names is None or (match := self._names.search(location)) is None:
            return self._options
        told = match.groupdict()
        return Facts(
            camera=told.get("camera") or self.camera,
            time=self._told_time(match) or self.time,
            person=told.get("person") or None,
        )

    def _told_time(self, match: re.Match[str]) -> dt.datetime | None:
        if text := match.groupdict().get("time"):
            return self.moment(text)
        stamp = stamp_of(match)
        return None if stamp is None else parse_time(stamp.isoformat(), self.zone)

    def moment(self, text: str) -> dt.datetime:
        """One time, by this naming's zone and format.

        Raises:
            Refused: (bad-time).
        """
        return parse_time(text, self.zone, self.time_format)


def _require_groups(pattern: re.Pattern[str]) -> None:
    names = set(pattern.groupindex)
    hint = "name the parts: (?P<camera>...), (?P<time>...), (?P<person>...)"
    if unknown := sorted(names - GROUPS):
        raise UsageError(
            f"pattern group {unknown[0]!r} is not camera, time, person or a part of a time", hint
        )
    if not names:
        raise UsageError(f"pattern {pattern.pattern!r} has no named group", hint)
