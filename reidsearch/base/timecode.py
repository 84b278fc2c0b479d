"""Wall-clock time: aware UTC datetimes in the program, integer microseconds in the database."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from reidsearch.base.errors import Kind, Reason, Refused, UsageError

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
WHOLE_HOURS_S = 1800.0
WHOLE_MINUTES_S = 30.0
WHOLE_SECONDS_S = 1.0
MILLISECONDS_S = 0.001
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_TIME_OF_DAY = re.compile(r"[^\d+-]\d\d(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?")
# What a format tells, most exact first.
_CODES = (
    ("%f", MILLISECONDS_S),
    *((code, WHOLE_SECONDS_S) for code in ("%S", "%c", "%X", "%T", "%s")),
    *((code, WHOLE_MINUTES_S) for code in ("%M", "%R")),
    *((code, WHOLE_HOURS_S) for code in ("%H", "%I")),
)


def parse_zone(text: str) -> dt.tzinfo:
    """Read `UTC`, `+02:00` or an IANA name such as `Europe/Berlin`.

    Raises:
        UsageError: when it is none of these.
    """
    if text.upper() in {"UTC", "Z"}:
        return dt.UTC
    if match := _OFFSET.fullmatch(text):
        sign = -1 if match[1] == "-" else 1
        offset = sign * dt.timedelta(hours=int(match[2]), minutes=int(match[3]))
        if abs(offset) < dt.timedelta(hours=24):
            return dt.timezone(offset)
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:  # ZoneInfo raises all three
        raise UsageError(
            f"time zone {text!r} is unknown", "use UTC, +02:00, or a name such as Europe/Berlin"
        ) from error


@dataclass(frozen=True, slots=True)
class Reading:
    """A point in time as somebody or something told it.

    Args:
        time: in UTC.
        uncertainty_s: half the width of the interval that holds the true time.
        repeated: the local time happened twice, because the clock was put back; the earlier was
            taken, and the uncertainty holds the other.
    """

    time: dt.datetime
    uncertainty_s: float = WHOLE_SECONDS_S
    repeated: bool = False


def read_time(text: str, zone: dt.tzinfo | None = None, format_: str | None = None) -> Reading:
    """Read one point in time, with what its text leaves open.

    Args:
        text: ISO 8601, or what `format_` describes.
        zone: the zone of times that carry none; without it such times are refused, not guessed.
        format_: a `strptime` format; None means ISO 8601.

    Raises:
        Refused: (bad-time) when it cannot be read, has no zone, tells no time of day, or is a
            time that no clock showed.
    """
    moment = _read(text, format_)
    uncertainty_s = _told_to_s(text, format_)
    if uncertainty_s is None:
        raise Refused(Reason.BAD_TIME, f"{text!r} tells no time of day")
    if moment.tzinfo is not None:
        return Reading(_in_utc(moment, text), uncertainty_s)
    return at_local(moment, _required(zone, text), uncertainty_s)


def parse_time(text: str, zone: dt.tzinfo | None = None, format_: str | None = None) -> dt.datetime:
    """Read one point in time, where nothing can carry its uncertainty, and return it in UTC.

    Args: as `read_time`; a date stands for its first moment.

    Raises:
        Refused: (bad-time) as `read_time`, and where the local time happened twice.
    """
    moment = _read(text, format_)
    if moment.tzinfo is not None:
        return _in_utc(moment, text)
    return only_once(at_local(moment, _required(zone, text)), text)


def only_once(read: Reading, text: str) -> dt.datetime:
    """Return the time of a reading that leaves no hour open.

    Raises:
        Refused: (bad-time) the local time happened twice.
    """
    if read.repeated:
        raise Refused(
            Reason.BAD_TIME,
            f"time {text!r} happened twice, because the clock was put back",
            "write the offset behind it, for instance +02:00",
        )
    return read.time


def at_local(
    stamp: dt.datetime, zone: dt.tzinfo | None, uncertainty_s: float = WHOLE_SECONDS_S
) -> Reading:
    """Return when a clock of a zone showed this.

    Args:
        stamp: without a zone.
        zone: None: the machine's own.

    Raises:
        Refused: (bad-time) no clock showed it, or it lies outside the calendar.
    """
    told = stamp.isoformat(sep=" ")
    early, late = (_placed(stamp.replace(fold=fold), zone, told) for fold in (0, 1))
    if early == late:
        return Reading(early, uncertainty_s)
    if early > late:  # in a gap the offset of after is taken for before, and the other way round
        raise Refused(
            Reason.BAD_TIME, f"time {told!r} did not happen: the clock change left it out"
        )
    return Reading(early, uncertainty_s + (late - early).total_seconds(), repeated=True)


def _placed(stamp: dt.datetime, zone: dt.tzinfo | None, told: str) -> dt.datetime:
    return _in_utc(stamp if zone is None else stamp.replace(tzinfo=zone), told)


def _read(text: str, format_: str | None) -> dt.datetime:
    if format_ is not None and ("%Z" in format_ or ("%p" in format_ and "%H" in format_)):
        # Both would be passed over silently: a zone's name, and PM behind an hour of 24.
        raise Refused(
            Reason.BAD_TIME,
            f"the form {format_!r} loses what it reads",
            "write %z for a zone as +02:00, and %I for an hour before %p",
        )
    try:
        return dt.datetime.strptime(text, format_) if format_ else dt.datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError as error:
        expected = f"of the form {format_!r}" if format_ else "ISO 8601 (2024-05-31T14:03:00+02:00)"
        raise Refused(Reason.BAD_TIME, f"time {text!r} is not {expected}") from error


def _required(zone: dt.tzinfo | None, text: str) -> dt.tzinfo:
    if zone is None:
        raise Refused(
            Reason.BAD_TIME,
            f"time {text!r} names no time zone",
            "give the time zone",
            kind=Kind.TIME_WITHOUT_ZONE,
        )
    return zone


def _in_utc(moment: dt.datetime, text: str) -> dt.datetime:
    try:
        return moment.astimezone(dt.UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise Refused(Reason.BAD_TIME, f"time {text!r} lies outside the calendar") from error


def _told_to_s(text: str, format_: str | None) -> float | None:
    """Return how exactly a text tells its time; None: to the day."""
    if format_ is not None:
        for code, uncertainty_s in _CODES:
            if code in format_:
                return uncertainty_s
        return None
    told = _TIME_OF_DAY.search(text.strip()[8:])  # what comes before is the date in any form
    if told is None:
        return None
    minute, second, fraction = told.groups()
    if fraction:
        return max(10.0 ** -len(fraction), MILLISECONDS_S)
    return WHOLE_SECONDS_S if second else WHOLE_MINUTES_S if minute else WHOLE_HOURS_S


def to_us(moment: dt.datetime) -> int:
    """Microseconds since 1970-01-01 UTC, exactly (no float on the way)."""
    return (moment - EPOCH) // dt.timedelta(microseconds=1)


def from_us(time_us: int) -> dt.datetime:
    """The inverse of `to_us`, in UTC."""
    return EPOCH + dt.timedelta(microseconds=time_us)


def iso(moment: dt.datetime) -> str:
    """UTC as `2024-05-31T12:03:00Z`, with a fraction only where there is one."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"


def now() -> dt.datetime:
    """This moment in UTC."""
    return dt.datetime.now(dt.UTC)


def duration_text(seconds: float) -> str:
    """Return a length of time as people say it.

    >>> duration_text(90), duration_text(86_400), duration_text(43_200_000)
    ('90 s', '24 h', '500 days')
    """
    for unit_s, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:,g} {unit}"
    return f"{seconds:g} s"
