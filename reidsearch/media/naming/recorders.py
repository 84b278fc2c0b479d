"""Ready-made patterns for the names that usual recorders, cameras and phones give their files.

A pattern says where camera and time stand; `stamps.py` reads what follows the time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reidsearch.base.errors import UsageError
from reidsearch.media.naming.stamps import DASHED_DATE, DASHED_TIME, DATE, TIME

_START = r"(?:^|/)"
_BETWEEN = r"(?:[T_.-]| - |, ?| at | )"  # date and time
_CLOCK = r"(?P<hour>[01]\d|2[0-3])[-._/]?(?P<minute>[0-5]\d)[-._/]?(?P<second>[0-5]\d)"
_FOLDERS = r"(?P<year>20\d\d)[-_./]?(?P<month>0[1-9]|1[0-2])[-_./]?(?P<day>0[1-9]|[12]\d|3[01])"
_ANY_DATE = r"(?P<year>20\d\d)[-_.]?(?P<month>0[1-9]|1[0-2])[-_.]?(?P<day>0[1-9]|[12]\d|3[01])"


@dataclass(frozen=True, slots=True)
class Recorder:
    """How one maker names its files.

    Args:
        pattern: searched for in the path with `/` between its parts; named groups camera and
            year, month, day, hour, minute, perhaps second and millisecond, or epoch.
        utc: the names are in UTC; otherwise in local time, whose zone has to be given.
        uncertainty_s: how far the true time may be from what a name tells, where that is more
            than its digits say.
    """

    name: str
    maker: str
    pattern: re.Pattern[str]
    example: str
    utc: bool = False
    uncertainty_s: float = 0.0


def _recorder(
    name: str,
    maker: str,
    pattern: str,
    example: str,
    *,
    utc: bool = False,
    uncertainty_s: float = 0.0,
) -> Recorder:
    return Recorder(name, maker, re.compile(pattern), example, utc, uncertainty_s)


RECORDERS = (
    _recorder(
        "reidsearch",
        "this program's own recordings",
        rf"{_START}(?P<camera>[^/]+)_{DASHED_DATE}T(?P<hour>[01]\d|2[0-3])-(?P<minute>[0-5]\d)-"
        r"(?P<second>[0-5]\d)\.(?P<millisecond>\d{3})Z\.mkv$",
        "gate/2024-05-31/gate_2024-05-31T12-03-00.123Z.mkv",
        utc=True,
        uncertainty_s=0.5,  # what a camera and its network hold a picture back
    ),
    _recorder(
        "hikvision",
        "Hikvision exports",
        rf"{_START}(?P<camera>(?:ch|D)\d+|[^/]+?_ch\d+)_{DATE}{TIME}[^/]*$",
        "ch01_20240531140300.mp4",
    ),
    _recorder(
        "ip-channel",
        "iVMS-4200, EZStation: IP address, channel, start, end",
        rf"{_START}(?P<camera>\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?:_(?:ch)?\d{{1,3}})?)_S?{DATE}{TIME}"
        r"[^/]*$",
        "192.168.1.64_01_20240531140300_20240531143300.mp4",
    ),
    _recorder(
        "uniview",
        "Uniview exports",
        rf"{_START}(?P<camera>[^/]+?)_S{DATE}{TIME}_?E\d{{14}}[^/]*$",
        "D1_S20240531140300_E20240531143300.mp4",
    ),
    _recorder(
        "uniview-client",
        "Uniview EZStation, as on the client's disk",
        rf"{_START}{DASHED_DATE}/(?:[^/]+/)?(?P<camera>[^/]+?)_S{_CLOCK}_?E[^/]*$",
        "2024-05-31/192.168.1.13_1_S14-03-00E14-33-00.ts",
    ),
    _recorder(
        "dahua",
        "Dahua and Amcrest, as on the recorder's disk",
        rf"{_START}{DASHED_DATE}/(?P<camera>[^/]+)/(?:dav|jpg|mp4)/\d\d/{DASHED_TIME}"
        r"-[\d.]+\[[A-Z]\][^/]*$",
        "2024-05-31/001/dav/14/14.03.00-14.33.00[M][0@0][0].dav",
    ),
    _recorder(
        "dahua-picture",
        "Dahua and Amcrest pictures",
        rf"{_START}{DASHED_DATE}/(?P<camera>[^/]+)/jpg/(?P<hour>[01]\d|2[0-3])/(?P<minute>[0-5]\d)/"
        r"(?P<second>[0-5]\d)\[[A-Z]\][^/]*$",
        "2024-05-31/001/jpg/14/03/00[M][0@0][0].jpg",
    ),
    _recorder(
        "dahua-export",
        "Dahua exports",
        rf"{_START}(?P<camera>[^/]*?ch\d+)_(?:main|sub)_{DATE}{TIME}_\d{{14}}[^/]*$",
        "NVR_ch1_main_20240531140300_20240531143300.dav",
    ),
    _recorder(
        "axis",
        "Axis, as on the camera's card",
        rf"_(?P<camera>[0-9A-F]{{12}})/(?:[^/]+/)*{DATE}_{TIME}_[0-9A-F]{{4}}\.[^/.]+$",
        "20240531_140000_0A1B_ACCC8E123456/20240531_14/20240531_140300_5C6D.mkv",
    ),
    _recorder(
        "reolink",
        "Reolink uploads",
        rf"{_START}(?P<camera>[^/]*[^\W\d_][^/]*?)_\d\d_{DATE}{TIME}[^/]*$",
        "Gate_00_20240531140300.mp4",
    ),
    _recorder(
        "reolink-card",
        "Reolink, as on the camera's card and from its app",
        rf"(?:^|[/_])Rec[MS]\d\d_(?:DST)?{DATE}_{TIME}_\d{{6}}_[^/]*$",
        "Mp4Record/2024-05-31/RecM01_20240531_140300_140330_6D28808_1A468F9.mp4",
    ),
    _recorder(
        "unifi",
        "UniFi Protect downloads",
        rf"{_START}(?P<camera>[^/]+?)(?: -)? (?P<month>\d{{1,2}})-(?P<day>\d{{1,2}})-"
        r"(?P<year>20\d\d), (?P<hour>\d{1,2})\.(?P<minute>\d\d)\.(?P<second>\d\d)[^/]*$",
        "Front Door 5-31-2024, 14.03.00 GMT+2 - 5-31-2024, 14.33.00 GMT+2.mp4",
    ),
    _recorder(
        "frigate",
        "Frigate's recordings folder",
        rf"{_START}{DASHED_DATE}/(?P<hour>[01]\d|2[0-3])/(?P<camera>[^/]+)/(?P<minute>[0-5]\d)\."
        r"(?P<second>[0-5]\d)\.mp4$",
        "recordings/2024-05-31/14/gate/03.00.mp4",
        utc=True,
    ),
    _recorder(
        "frigate-clip",
        "Frigate's clips",
        rf"{_START}(?P<camera>[^/]+?)-(?P<epoch>1\d{{9}}\.\d+)-[0-9a-z]{{4,}}[^/]*$",
        "gate-1717156980.123456-ab12cd.mp4",
        utc=True,
    ),
    _recorder(
        "blue-iris",
        "Blue Iris",
        rf"{_START}(?P<camera>[^/]+?)\.{DATE}_{TIME}[^/]*$",
        "Gate.20240531_140300.mp4",
    ),
    _recorder(
        "synology",
        "Synology Surveillance Station",
        rf"{_START}(?P<camera>[^/]+?)-{DATE}-{TIME}-\d{{10}}[^/]*$",
        "Gate-20240531-140300-1717156980.mp4",
    ),
    _recorder(
        "nx",
        "Nx Witness, as on the server's disk",
        rf"{_START}(?P<camera>[^/]+)/20\d\d/\d\d/\d\d/\d\d/(?P<epoch>1\d{{12}})_[^/]*$",
        "hi_quality/00-1A-2B-3C-4D-5E/2024/05/31/14/1717156980123_60123.mkv",
        utc=True,
    ),
    _recorder(
        "motion",
        "motionEye and others: a folder a day",
        rf"{_START}(?P<camera>[^/]*[^\W\d_][^/]*)/{_FOLDERS}/{_CLOCK}[^/]*$",
        "Camera1/2024-05-31/14-03-00.mp4",
    ),
    _recorder(
        "day-camera",
        "a folder a day, in it one a camera",
        rf"{_START}{_FOLDERS}/(?P<camera>[^/]*[^\W\d_][^/]*)/{_CLOCK}[^/]*$",
        "2024-05-31/gate/14-03-00.mp4",
    ),
    _recorder(
        "motion-default",
        "motion: number of the event, time",
        rf"{_START}\d{{2,}}-{DATE}{TIME}(?:-[^/]*)?\.[^/.]+$",
        "01-20240531140300.mkv",
    ),
    _recorder(
        "brickcom",
        "Brickcom: start, end, camera",
        rf"{_START}{DATE}-{TIME}-\d{{6}}_(?P<camera>[^/]+)\.[^/.]+$",
        "20240531-140300-143300_192.168.1.11-CH2.mp4",
    ),
    _recorder(
        "wyze",
        "Wyze, as on the camera's card",
        rf"{_START}record/{DATE}/(?P<hour>[01]\d|2[0-3])/(?P<minute>[0-5]\d)\.[^/.]+$",
        "record/20240531/14/03.mp4",
    ),
    _recorder(
        "yi",
        "Yi, as on the camera's card",
        rf"{_START}(?P<year>20\d\d)Y(?P<month>\d\d)M(?P<day>\d\d)D(?P<hour>\d\d)H/(?:E\d)?"
        r"(?P<minute>\d\d)M(?P<second>\d\d)S[^/]*$",
        "2024Y05M31D14H/E103M00S60.mp4",
    ),
    _recorder(
        "xiaomi",
        "Xiaomi, as on the camera's card",
        rf"{_START}{DATE}(?P<hour>[01]\d|2[0-3])/(?P<minute>\d\d)M(?P<second>\d\d)S[^/]*$",
        "2024053114/03M00S_1717156980.mp4",
    ),
    _recorder(
        "tesla",
        "Tesla",
        rf"{_START}{DASHED_DATE}_{DASHED_TIME}-(?P<camera>front|back|(?:left|right)_\w+)\.[^/.]+$",
        "2024-05-31_14-03-00-left_repeater.mp4",
    ),
    _recorder(
        "dashcam",
        "dashcams: Viofo, BlackVue, 70mai, Thinkware",
        rf"{_START}(?:[A-Z]{{2,3}}_?)?(?P<year>20\d\d)_?(?P<month>0[1-9]|1[0-2])_?"
        r"(?P<day>0[1-9]|[12]\d|3[01])[-_](?P<hour>[01]\d|2[0-3])_?(?P<minute>[0-5]\d)_?"
        r"(?P<second>[0-5]\d)(?:[-_]\d{3,6})?[-_]?[A-Z]?(?P<camera>[FRBIT])\.[^/.]+$",
        "2024_0531_140300_0001F.MP4",
    ),
    _recorder(
        "nextbase",
        "Nextbase dashcams",
        rf"{_START}(?P<year>\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])_{TIME}_"
        r"\d{3}_(?P<camera>[FR])[HL]?\.[^/.]+$",
        "240531_140300_001_FH.MP4",
    ),
    _recorder(
        "pixel",
        "Google Pixel phones",
        rf"{_START}PXL_{DATE}_{TIME}(?P<millisecond>\d{{3}})[^/]*$",
        "PXL_20240531_140300123.mp4",
        utc=True,
    ),
    _recorder(
        "phone",
        "phones, doorbells and others: a word, date and time",
        rf"{_START}(?:(?:VID|MVIMG|IMG|MOV|DJI|video|Record|RingVideo|H?MDalarm|schedule)[-_]?)?"
        rf"{_ANY_DATE}[-_ ]?{_CLOCK}[^/]*$",
        "VID_20240531_140300.mp4",
    ),
    _recorder(
        "iso",
        "a name, then an ISO 8601 date and time",
        rf"{_START}(?P<camera>[^/]*?[^\W\d_][^/]*?)[-_ .,(]+(?<!\d){DASHED_DATE}{_BETWEEN}"
        rf"{DASHED_TIME}[^/]*$",
        "gate_2024-05-31T14-03-00.mp4",
    ),
    _recorder(
        "plain",
        "a name, then date and time as digits",
        rf"{_START}(?P<camera>[^/]*?[^\W\d_][^/]*?)[-_ .(]+(?<!\d){DATE}[-_T ]?"
        r"(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)?[^/]*$",
        "gate_20240531_140300.mp4",
    ),
    _recorder(
        "day-first",
        "a name, then day.month.year and time",
        rf"{_START}(?P<camera>[^/]*?[^\W\d_][^/]*?)[-_ .,(]+(?<!\d)(?P<day>0[1-9]|[12]\d|3[01])\."
        rf"(?P<month>0[1-9]|1[0-2])\.(?P<year>20\d\d){_BETWEEN}{DASHED_TIME}[^/]*$",
        "gate_31.05.2024_14.03.00.mp4",
    ),
    _recorder(
        "unnamed",
        "date and time, no name before them",
        rf"{_START}[^/\w]*(?:\d{{1,3}}[-_ ]+)?{_ANY_DATE}{_BETWEEN}?(?P<hour>[01]\d|2[0-3])[-.:_h]?"
        r"(?P<minute>[0-5]\d)(?:[-.:_m]?(?P<second>[0-5]\d))?[^/]*$",
        "2024-05-31T14-03-00_entrance.mp4",
    ),
    _recorder(
        "epoch",
        "seconds, milli- or microseconds since 1970",
        rf"{_START}(?:(?P<camera>[^/]*?[^\W\d_][^/]*?)[-_ .]+)?(?<!\d)"
        r"(?P<epoch>1\d{9}\.\d{3,6}|1\d{15}|1\d{12}|1\d{9})(?!\d)[^/]*$",
        "gate_1717156980123.mp4",
        utc=True,
    ),
)


GENERAL = ("iso", "plain", "day-first", "unnamed", "epoch")
"""Read almost any name with a time: asked only where no maker's pattern matches."""

# A number of ten digits may be anything; only who asks for it has it read as a time.
_SURE_EPOCH = 13

_SENT = re.compile(
    r"(?:^|/)(?:WhatsApp (?:Video|Image) |(?:VID|IMG)-\d{8}-WA\d|signal-\d{4}-|"
    r"(?:video|photo)_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)"
)


def may_be_epoch(path: str) -> bool:
    """Whether a name holds a number that may be seconds since 1970, or anything else."""
    return recorder("epoch").pattern.search(path) is not None


def named_by_messenger(path: str) -> bool:
    """Whether a messenger named the file: by when it was sent or saved, not recorded."""
    return _SENT.search(path) is not None


def readings(path: str) -> list[tuple[Recorder, re.Match[str]]]:
    """Every recorder whose pattern matches a path; the general ones only when no other does."""
    found = [(one, match) for one in RECORDERS if (match := one.pattern.search(path))]
    special = [(one, match) for one, match in found if one.name not in GENERAL]
    if special:
        return special
    others = [(one, match) for one, match in found if one.name != "epoch"]
    if others:
        return others
    return [(one, match) for one, match in found if len(match["epoch"]) >= _SURE_EPOCH]


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
