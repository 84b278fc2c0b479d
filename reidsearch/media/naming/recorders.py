"""Ready-made patterns for the names that usual recorders give their files."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from reidsearch.base.errors import UsageError

_DATE = r"(?P<year>20\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
_TIME = r"(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)"
_DASHED_DATE = r"(?P<year>20\d\d)-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"
_DASHED_TIME = r"(?P<hour>[01]\d|2[0-3])[-.:_](?P<minute>[0-5]\d)[-.:_](?P<second>[0-5]\d)"
_END = r"(?!\d)"

PARTS = ("year", "month", "day", "hour", "minute", "second")


@dataclass(frozen=True, slots=True)
class Recorder:
    """How one maker names its files.

    Args:
        pattern: searched for in the path with `/` between its parts; named groups camera and
            year, month, day, hour, minute, second, perhaps millisecond.
        utc: the names are in UTC; otherwise in local time, whose zone has to be given.
    """

    name: str
    maker: str
    pattern: re.Pattern[str]
    example: str
    utc: bool = False


def _recorder(name: str, maker: str, pattern: str, example: str, *, utc: bool = False) -> Recorder:
    return Recorder(name, maker, re.compile(pattern), example, utc)


RECORDERS = (
    _recorder(
        "hikvision",
        "Hikvision exports",
        rf"(?:^|/)(?P<camera>(?:ch|D)\d+|[^/]+_ch\d+)_{_DATE}{_TIME}(?:[_.]|{_END})[^/]*$",
        "ch01_20240531140300.mp4",
    ),
    _recorder(
        "dahua",
        "Dahua and Amcrest, as on the recorder's disk",
        rf"/?{_DASHED_DATE}/(?P<camera>[^/]+)/(?:dav|jpg)/\d\d/"
        rf"{_DASHED_TIME}-[\d.]+\[[A-Z]\][^/]*$",
        "2024-05-31/001/dav/14/14.03.00-14.33.00[M][0@0][0].dav",
    ),
    _recorder(
        "dahua-export",
        "Dahua exports",
        rf"(?:^|/)(?P<camera>[^/]*?ch\d+)_(?:main|sub)_{_DATE}{_TIME}_\d{{14}}\.[^/]+$",
        "NVR_ch1_main_20240531140300_20240531143300.dav",
    ),
    _recorder(
        "reolink",
        "Reolink",
        rf"(?:^|/)(?P<camera>[^/]+)_\d\d_{_DATE}{_TIME}\.[^/]+$",
        "Gate_00_20240531140300.mp4",
    ),
    _recorder(
        "frigate",
        "Frigate's recordings folder",
        r"(?:^|/)(?P<year>20\d\d)-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])/"
        r"(?P<hour>[01]\d|2[0-3])/(?P<camera>[^/]+)/(?P<minute>[0-5]\d)\.(?P<second>[0-5]\d)\.mp4$",
        "recordings/2024-05-31/14/gate/03.00.mp4",
        utc=True,
    ),
    _recorder(
        "blue-iris",
        "Blue Iris",
        rf"(?:^|/)(?P<camera>[^/]+?)\.{_DATE}_{_TIME}(?:\.\d+)?\.[^/.]+$",
        "Gate.20240531_140300.mp4",
    ),
    _recorder(
        "synology",
        "Synology Surveillance Station",
        rf"(?:^|/)(?P<camera>[^/]+?)-{_DATE}-{_TIME}-\d+\.[^/]+$",
        "Gate-20240531-140300-1717156980.mp4",
    ),
    _recorder(
        "motion",
        "motion and motionEye",
        rf"(?:^|/)(?P<camera>[^/]+)/{_DASHED_DATE}/{_DASHED_TIME}\.[^/]+$",
        "Camera1/2024-05-31/14-03-00.mp4",
    ),
    _recorder(
        "pixel",
        "Google Pixel phones",
        rf"(?:^|/)PXL_{_DATE}_{_TIME}(?P<millisecond>\d{{3}})[^/]*$",
        "PXL_20240531_140300123.mp4",
        utc=True,
    ),
    _recorder(
        "phone",
        "Android phones",
        rf"(?:^|/)(?:VID_)?{_DATE}_{_TIME}(?:_\d+)?\.[^/.]+$",
        "VID_20240531_140300.mp4",
    ),
    _recorder(
        "iso",
        "a name, then an ISO 8601 date and time",
        rf"(?:^|/)(?P<camera>[^/]+?)[-_ .]{_DASHED_DATE}[T_ -]{_DASHED_TIME}"
        rf"(?:\.(?P<millisecond>\d{{3}}))?{_END}[^/]*$",
        "gate_2024-05-31T14-03-00.mp4",
    ),
    _recorder(
        "plain",
        "a name, then date and time as digits",
        rf"(?:^|/)(?P<camera>[^/]*[A-Za-z][^/]*?)[-_]{_DATE}[-_T]?{_TIME}\.[^/.]+$",
        "gate_20240531_140300.mp4",
    ),
)


GENERAL = ("iso", "plain")
"""Read almost any name with a date: asked only where no maker's pattern matches."""


def readings(path: str) -> list[tuple[Recorder, re.Match[str]]]:
    """Every recorder whose pattern matches a path; the general ones only when no other does."""
    found = [(one, match) for one in RECORDERS if (match := one.pattern.search(path))]
    special = [(one, match) for one, match in found if one.name not in GENERAL]
    return special or found


def recorder(name: str) -> Recorder:
    """One of `RECORDERS`.

    Raises:
        UsageError: none has this name.
    """
    for one in RECORDERS:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in RECORDERS)
    raise UsageError(f"no recorder is called {name!r}", f"one of {names}, or auto")


def stamp_of(match: re.Match[str]) -> dt.datetime | None:
    """The time that the groups tell, without a zone; None when a part is missing or impossible."""
    told = match.groupdict()
    parts = [told.get(part) for part in PARTS]
    if any(part is None for part in parts):
        return None
    milliseconds = int(told.get("millisecond") or 0)
    try:
        return dt.datetime(*(int(part) for part in parts if part), milliseconds * 1000)  # type: ignore[arg-type,call-arg]  # noqa: DTZ001
    except ValueError:
        return None
