"""Times by a user's own pattern: one group with the whole time, or a group a part."""

from __future__ import annotations

import re

from reidsearch.base.errors import Refused
from reidsearch.base.timecode import EPOCH, read_time
from reidsearch.domain.told import Stamp
from reidsearch.media.naming.stamps import completed, stamp_of, tail_of
from reidsearch.media.naming.user_pattern import Matched

_DIGITS = re.compile(r"(\d{8})(\d{4}|\d{6})")


def told_stamp(match: Matched, time_format: str | None) -> Stamp | None:
    """Return the time that a match tells, with what follows it; None where it tells none.

    Raises:
        Refused: (bad-time) it cannot be read, or something follows that is not understood.
    """
    text = match.groupdict().get("time")
    if text is None:
        return stamp_of(match)
    if time_format is None and (digits := _DIGITS.fullmatch(text)):
        text = f"{digits[1]}T{digits[2]}"
    read = read_time(text, EPOCH.tzinfo, time_format)
    local = read.time.replace(tzinfo=None)
    if _names_zone(text, time_format):
        return completed(Stamp(local, read.uncertainty_s, EPOCH.tzinfo), tail_of(match))
    return completed(Stamp(local, read.uncertainty_s), tail_of(match))


def _names_zone(text: str, time_format: str | None) -> bool:
    try:
        read_time(text, None, time_format)
    except Refused:
        return False
    return True
