"""Times as people read them: in the archive's time zone, with the zone named. JSON has UTC."""

from __future__ import annotations

import datetime as dt
import os
from contextvars import ContextVar
from pathlib import Path

LOCALTIME = Path("/etc/localtime")
DAY_S = 86_400
_ZONE: ContextVar[dt.tzinfo | None] = ContextVar("zone", default=dt.UTC)


def use_zone(zone: dt.tzinfo | None) -> None:
    """Show times in this zone from now on; None is the machine's own."""
    _ZONE.set(zone)


def zone_name() -> str:
    """Return the name of the zone in use: `Europe/Berlin`, `UTC`, `UTC+02:00`, `local time`."""
    zone = _ZONE.get()
    return _machine_zone() if zone is None else str(zone)


def clock(time: dt.datetime) -> str:
    """Return a time without its zone, which a heading names: `2024-05-31 14:03:00`.

    A fraction of a second is only shown where there is one, to milliseconds.
    """
    there = time.astimezone(_ZONE.get())
    fraction = f"{there.microsecond / 1e6:.3f}"[1:].rstrip("0").rstrip(".")
    return f"{there:%Y-%m-%d %H:%M:%S}{fraction}"


def tenths(time: dt.datetime) -> str:
    """Return a time without its zone, rounded down to a tenth of a second."""
    there = time.astimezone(_ZONE.get())
    return f"{there:%Y-%m-%d %H:%M:%S}.{there.microsecond // 100_000}"


def shifted(time: dt.datetime) -> dt.datetime:
    """Return a time in the zone in use."""
    return time.astimezone(_ZONE.get())


def midnight(date: dt.date) -> dt.datetime:
    """Return the beginning of a day of the zone in use, in UTC."""
    return dt.datetime.combine(date, dt.time(), _ZONE.get()).astimezone(dt.UTC)


def local(time: dt.datetime) -> str:
    """Return a time with its zone: `2024-05-31 14:03:00 CEST`."""
    return f"{clock(time)} {time.astimezone(_ZONE.get()).tzname()}"


def utc_beside(time: dt.datetime) -> str:
    """Return a time in UTC, to stand beside the same in the zone in use; empty where they agree."""
    there = time.astimezone(_ZONE.get())
    if there.tzname() == "UTC":
        return ""
    return f"{time.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def correction_text(seconds: float) -> str:
    """Return by how much a time was corrected: `corrected -73:00`, `corrected +1.5 s`."""
    sign = "-" if seconds < 0 else "+"
    size = abs(seconds)
    if size < 60:
        return f"corrected {sign}{size:g} s"
    minutes, rest = divmod(round(size, 3), 60)
    told = f"{rest:06.3f}".rstrip("0").rstrip(".")
    if size < DAY_S:
        return f"corrected {sign}{minutes:.0f}:{told}"
    days, minutes = divmod(minutes, 1440)
    return f"corrected {sign}{days:.0f} d {minutes // 60:02.0f}:{minutes % 60:02.0f}:{told}"


def _machine_zone() -> str:
    """Return the name of the machine's zone, where the system tells it."""
    _, found, name = str(LOCALTIME.resolve()).partition("zoneinfo/")
    return os.environ.get("TZ") or (name if found else "local time")
