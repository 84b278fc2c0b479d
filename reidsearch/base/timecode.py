"""Wall-clock time: aware UTC datetimes in the program, integer microseconds in the database."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from reidsearch.base.errors import Kind, Reason, Refused, UsageError

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")


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


def parse_time(text: str, zone: dt.tzinfo | None = None, format_: str | None = None) -> dt.datetime:
    """Read one point in time and return it in UTC.

    Args:
        text: ISO 8601, or what `format_` describes.
        zone: the zone of times that carry none; without it such times are refused, not guessed.
        format_: a `strptime` format; None means ISO 8601.

    Raises:
        Refused: (bad-time) when it cannot be read, has no zone, or does not exist in UTC.
    """
    try:
        moment = dt.datetime.strptime(text, format_) if format_ else dt.datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError as error:
        expected = f"of the form {format_!r}" if format_ else "ISO 8601 (2024-05-31T14:03:00+02:00)"
        raise Refused(Reason.BAD_TIME, f"time {text!r} is not {expected}") from error
    if moment.tzinfo is None:
        if zone is None:
            raise Refused(
                Reason.BAD_TIME,
                f"time {text!r} names no time zone",
                "give the time zone",
                kind=Kind.TIME_WITHOUT_ZONE,
            )
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(dt.UTC)
    except (OverflowError, ValueError) as error:
        raise Refused(Reason.BAD_TIME, f"time {text!r} lies outside the calendar") from error


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
