"""Time stamps in names: what one says, and what follows it. Understood, or refused with a reason.

A pattern finds where a stamp stands; what follows it up to the file's ending may change what it
means: a zone, AM or PM, a fraction of a second, the end of the recording, seconds since 1970. All
of it is read here, for the patterns of recorders and for those of users alike.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import NoReturn

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.timecode import EPOCH, MILLISECONDS_S, WHOLE_MINUTES_S, WHOLE_SECONDS_S
from reidsearch.domain.told import Stamp
from reidsearch.media.naming.user_pattern import Matched

PARTS = ("year", "month", "day", "hour", "minute", "second")
TIME_GROUPS = (*PARTS, "millisecond", "epoch", "time")

DATE = r"(?P<year>20\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
TIME = r"(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)"
DASHED_DATE = r"(?P<year>20\d\d)[-_.](?P<month>0[1-9]|1[0-2])[-_.](?P<day>0[1-9]|[12]\d|3[01])"
DASHED_TIME = (
    r"(?P<hour>[01]\d|2[0-3]|\d(?=[-.:_]))(?:[-.:_]|h)(?P<minute>[0-5]\d)"
    r"(?:(?:[-.:_]|m(?:in)?)(?P<second>[0-5]\d)(?:s(?:(?P<millisecond>\d{3})ms)?)?)?"
)

_STAMPED = re.compile(
    r"(?<!\d)20\d\d[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12]\d|3[01])[T_ .-]?"
    r"(?:[01]\d|2[0-3])[-.:_h]?[0-5]\d"
)
_ENDING = re.compile(r"\.(?:[A-Za-z]\w{0,4}|3gp|3g2|26[45])$")
_SEPARATORS = r"[\s_.,;()\[\]{}~@#&=-]*"
_FRACTION = re.compile(r"[.,](\d{3}|\d{6}|\d{9})(?!\d)|(\d{3}|\d{6})(?!\d)")
_HALF = re.compile(r"[\s_.-]?([ap])\.?m\b\.?|[\s_.-]?([ap])m(?=_)", re.IGNORECASE)
_NAMED_ZONE = re.compile(
    r"[\s_.,(-]*(Z|UTC|GMT)(?:([+-])(\d{1,2})(?::?([0-5]\d))?)?(?![A-Za-z\d])", re.IGNORECASE
)
_OFFSET = re.compile(r"[\s_]?([+-])(\d\d)(?:[-:.h]?([0-5]\d))?(?!\d|[-.:_]\d\d(?!\d))")
_SECOND = re.compile(
    rf"(?:{_SEPARATORS}(?:to|until|bis|[SE])?{_SEPARATORS})"
    r"(?P<year>20\d\d)[-_.]?(?P<month>0[1-9]|1[0-2])[-_.]?(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[\sT_,-]{0,3})(?P<hour>[01]\d|2[0-3])[-.:_]?(?P<minute>[0-5]\d)"
    r"(?:[-.:_]?(?P<second>[0-5]\d))?(?:\d{3}(?!\d))?(?!\d)"
)
# The end as UniFi Protect writes it, with AM, PM or a zone of its own.
_SECOND_US = re.compile(
    r"[\s-]+\d{1,2}-\d{1,2}-20\d\d,? \d{1,2}\.\d\d\.\d\d(?: ?[ap]m)?"
    r"(?: (?:GMT|UTC)(?:[+-]\d{1,2}(?::?\d\d)?)?| [A-Z]{2,5})?",
    re.IGNORECASE,
)
_EPOCH = re.compile(rf"{_SEPARATORS}(?<!\d)(1\d{{9}}(?:\d{{3}}|\d{{6}})?)(?!\d)")
_MINUS = "\u2212"
_ATTACHED = re.compile(r"\d+")
_WORDS = re.compile(r"[^\W\d_]+")
_REST = re.compile(r"[^\W\d_]+|\d+|.", re.DOTALL)

# Abbreviations that stand for one offset only; hours. Any other is refused.
_ZONES = {"WET": 0, "CET": 1, "WEST": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "EEST": 3,
          "MSK": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13}  # fmt: skip
_UNCLEAR = frozenset(
    (
        *("EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "AKST", "AKDT", "HST", "AST"),
        *("ADT", "NST", "NDT", "BST", "IST", "SAST", "HKT", "SGT", "PHT", "WIB", "ACST", "ACDT"),
        *("AWST", "BRT", "ART", "PKT", "GST", "ICT", "DST", "LT", "LST"),
    )
)
# In lower case only those that are no words, and words that say how the clock stands, or which
# half of the day it is.
_SAID = frozenset(
    (
        *("est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "bst", "dst", "daylight"),
        *("summertime", "wintertime", "sommerzeit", "winterzeit", "zulu"),
        *("vorm", "nachm", "vormittags", "nachmittags"),
        *("\u4e0a\u5348", "\u4e0b\u5348", "\u5348\u524d", "\u5348\u5f8c"),  # Chinese, Japanese
        *("\uc624\uc804", "\uc624\ud6c4"),  # Korean
    )
)
_PLACE = re.compile(
    r"(?<![A-Za-z])(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)"
    r"[-_./ ][A-Z][A-Za-z_]+"
)
_OUT_OF_PLACE = frozenset(("Z", "UTC", "GMT", "AM", "PM"))
_FARTHEST = dt.timedelta(hours=14, minutes=30)  # of a local time from UTC
# Where clocks are behind UTC; anything else behind a minus is a number.
BEHIND = frozenset([*(f"{hour:02}00" for hour in range(1, 13)), "0230", "0330", "0430", "0930"])


def stamp_of(match: Matched) -> Stamp | None:
    """Return the time that a match tells with its groups; None where it tells none.

    Raises:
        Refused: (bad-time) it is no time, or something follows that is not understood.
    """
    told = match.groupdict()
    if epoch := told.get("epoch"):
        return of_epoch(epoch)
    parts = [told.get(part) for part in PARTS]
    if any(part is None for part in parts[:5]):
        return None
    texts = [part for part in parts if part is not None]
    millisecond = told.get("millisecond") or "0"
    try:
        numbers = [int(part) for part in texts]
        if numbers[0] < 100:
            numbers[0] += 2000
        local = dt.datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001
        local += dt.timedelta(milliseconds=int(millisecond))
    except (ValueError, OverflowError):  # a user's own pattern may take anything for a part
        date = "-".join(f"{part:0>2}" for part in texts[:3])
        time = ":".join(f"{part:0>2}" for part in texts[3:])
        _refuse(f"its name tells {date} {time}, which is no time")
    uncertainty_s = WHOLE_SECONDS_S if told.get("second") else WHOLE_MINUTES_S
    if told.get("millisecond"):
        uncertainty_s = MILLISECONDS_S
    return completed(Stamp(local, uncertainty_s), tail_of(match))


def holds_stamp(text: str) -> bool:
    """Whether a text holds a date and a time of day."""
    return _STAMPED.search(text) is not None


def said_before(camera: str) -> str | None:
    """Return a zone or half of the day that a name tells before its time; it is not understood."""
    last = _WORDS.findall(camera)[-1:]
    return last[0] if last and last[0] in _OUT_OF_PLACE - {"Z"} else None


def tail_of(match: Matched) -> str:
    """Return what follows the time within its part of a path, without a file's ending."""
    told = match.groupdict()
    end = max(match.end(name) for name in TIME_GROUPS if told.get(name) is not None)
    if told.get("millisecond") and match.string[end : end + 2] == "ms":
        end += 2
    tail = match.string[end:].partition("/")[0].replace(_MINUS, "-")
    return _ENDING.sub("", tail)


def of_epoch(text: str) -> Stamp:
    """Return the time of seconds (10 digits), milli- (13) or microseconds (16) since 1970."""
    whole, _, fraction = text.partition(".")
    digits = whole[10:] + fraction
    try:
        at = EPOCH + dt.timedelta(seconds=int(whole[:10]), microseconds=int(f"{digits:0<6}"[:6]))
    except ValueError:
        _refuse(f"its name tells {text}, which is no number of seconds")
    uncertainty_s = MILLISECONDS_S if len(digits) >= 3 else WHOLE_SECONDS_S
    return Stamp(at.replace(tzinfo=None), uncertainty_s, dt.UTC)


def completed(stamp: Stamp, tail: str) -> Stamp:
    """Return a stamp with what follows it taken into account.

    Args:
        tail: see `tail_of`.

    Raises:
        Refused: (bad-time) something follows that is not understood, or contradicts it.
    """
    stamp, tail = _fraction(stamp, tail)
    stamp, tail = _half_and_zone(stamp, tail)
    if match := _SECOND.match(tail):
        stamp, tail = _ended(stamp, match, tail)
    tail = _SECOND_US.sub("", tail)
    if match := _EPOCH.match(tail):
        return _with_epoch(stamp, match[1])
    return _rest(stamp, tail)


def _fraction(stamp: Stamp, tail: str) -> tuple[Stamp, str]:
    if (match := _FRACTION.match(tail)) and stamp.uncertainty_s == WHOLE_SECONDS_S:
        digits = match[1] or match[2]
        local = stamp.local + dt.timedelta(microseconds=int(f"{digits:0<6}"[:6]))
        return Stamp(local, MILLISECONDS_S, stamp.zone), tail[match.end() :]
    if match := _ATTACHED.match(tail):
        _refuse(f"its name tells {stamp.local}, followed by {match[0]!r}, which is not understood")
    return stamp, tail


def _half_and_zone(stamp: Stamp, tail: str) -> tuple[Stamp, str]:
    """Read AM or PM, and a zone, in any order."""
    if match := _HALF.match(tail):
        stamp, tail = _half(stamp, match), tail[match.end() :]
    if found := _zone(stamp, tail):
        zone, end = found
        stamp, tail = _in_zone(stamp, zone), tail[end:]
    return stamp, tail


def _half(stamp: Stamp, match: re.Match[str]) -> Stamp:
    after_noon = (match[1] or match[2]).lower() == "p"
    if not 1 <= stamp.local.hour <= 12:
        _refuse(f"its name tells {stamp.local}, followed by {match[0].strip()!r}")
    hour = stamp.local.hour % 12 + 12 * after_noon
    return replace(stamp, local=stamp.local.replace(hour=hour))


def _zone(stamp: Stamp, tail: str) -> tuple[dt.tzinfo, int] | None:
    if match := _NAMED_ZONE.match(tail):
        _, sign, hours, minutes = match.groups()
        return _offset(sign or "+", hours or "0", minutes or "0", match[0]), match.end()
    match = _OFFSET.match(tail)
    if match is None or _SECOND.match(tail):
        return None
    sign, hours, minutes = match.groups()
    if sign == "+":
        return _offset(sign, hours, minutes or "0", match[0]), match.end()
    if minutes is None or hours + minutes not in BEHIND:
        return None
    if ":" not in match[0]:
        _refuse(
            f"its name tells {stamp.local}, followed by {match[0].strip()!r}, which may be a zone "
            "or a number"
        )
    return _offset(sign, hours, minutes, match[0]), match.end()


def _offset(sign: str, hours: str, minutes: str, told: str) -> dt.timezone:
    offset = dt.timedelta(hours=int(hours), minutes=int(minutes))
    if offset > _FARTHEST or int(minutes) % 15:
        _refuse(f"its name tells {told.strip()!r} behind the time, which is no zone")
    return dt.timezone(-offset if sign == "-" else offset)


def _in_zone(stamp: Stamp, zone: dt.tzinfo) -> Stamp:
    if stamp.zone is not None and stamp.local.replace(tzinfo=stamp.zone) != stamp.local.replace(
        tzinfo=zone
    ):
        _refuse(f"its name tells {stamp.local} in two zones")
    return replace(stamp, zone=zone)


def _ended(stamp: Stamp, match: re.Match[str], tail: str) -> tuple[Stamp, str]:
    """Read the end of the recording, whose zone is the start's too; the start is what counts."""
    numbers = [int(match[part]) for part in PARTS if match[part] is not None]
    try:
        end = Stamp(dt.datetime(*numbers))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        _refuse(f"its name tells {match[0]!r} behind {stamp.local}, which is no time")
    told_half = _HALF.match(tail[match.end() :]) is not None
    if told_half and stamp.local.hour <= 12:
        _refuse(f"its name tells AM or PM of its end, but not of {stamp.local}")
    end, rest = _half_and_zone(end, tail[match.end() :])
    if end.zone is not None and stamp.zone is None:
        stamp = replace(stamp, zone=end.zone)
    begin, until = stamp.local.replace(microsecond=0), end.local
    if end.zone is not None and stamp.zone is not None:  # the clocks may change while it runs
        begin, until = begin.replace(tzinfo=stamp.zone), until.replace(tzinfo=end.zone)
    if until < begin:
        _refuse(f"its name tells {stamp.local}, and behind it {end.local}, which is earlier")
    return stamp, rest


def _with_epoch(stamp: Stamp, text: str) -> Stamp:
    """Take the seconds since 1970 that follow a local time: they tell the zone as well."""
    at = of_epoch(text)
    away = stamp.local - at.local
    if abs(away) > _FARTHEST:
        _refuse(f"its name tells {stamp.local}, and behind it {at.local} UTC: two times")
    return at


def _rest(stamp: Stamp, tail: str) -> Stamp:
    """Refuse what may change the time; words and numbers that cannot are let pass."""
    if match := _SECOND.search(tail):
        stamp, tail = _ended(stamp, match, tail)
    if match := _PLACE.search(tail):
        _refuse(f"its name tells {stamp.local} and {match[0]}, which is not understood there")
    for word in _REST.findall(tail):
        if (hours := _ZONES.get(word.upper() if word.islower() else word)) is not None:
            stamp = _in_zone(stamp, dt.timezone(dt.timedelta(hours=hours)))
        elif word in _UNCLEAR or word.lower() in _SAID or word.upper() in _OUT_OF_PLACE:
            _refuse(f"its name tells {stamp.local} and {word}, which is not understood there")
        elif word.isdigit() and len(word) in {10, 13, 16} and word[0] == "1":
            return _with_epoch(stamp, word)
    return stamp


def _refuse(message: str) -> NoReturn:
    raise Refused(Reason.BAD_TIME, message)
