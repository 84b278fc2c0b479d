"""The time that a recorder wrote into its file beside the first frame, where it wrote one."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from pathlib import Path
from typing import Any

from reidsearch.base.timecode import EPOCH, MILLISECONDS_S, WHOLE_SECONDS_S
from reidsearch.domain.told import Stamp

HEAD_BYTES = 65_536

# Dahua: each frame begins with DHAV, type, channel, numbers and length; then packed local time.
_DHAV = b"DHAV"
_DHAV_DATE_AT = 16
_DHAV_NO_DATE = 0xF1
# A part of a multipart stream: headers before each JPEG, seconds since 1970 or a date of HTTP.
_PART_TIME = re.compile(
    rb"^(?:X-)?Time-?stamp(?:-?[mu]s)?:\s*(\d{10}(?:\.\d+|\d{3}(?:\d{3})?)?)\s*$",
    re.MULTILINE | re.IGNORECASE,
)
_PART_DATE = re.compile(rb"^(?:Date|Last-Modified):\s*([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
_PART = re.compile(rb"\A\s*--|Content-Type:\s*image/jpeg", re.IGNORECASE)
_JPEG = b"\xff\xd8\xff"


def first_time(path: Path, container: Any) -> Stamp | None:
    """Return when the first frame was recorded, as the file itself tells; None: it does not.

    Args:
        container: FFmpeg's view of the file.
    """
    phone = container.metadata.get("com.apple.quicktime.creationdate")
    if phone and (stamp := _iso(phone)):
        return stamp
    with contextlib.suppress(OSError), path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if (stamp := _dahua(head) or _multipart(head)) is not None:
            return stamp
    created = container.metadata.get("creation_time")
    stamp = _iso(created) if created else None  # AVI writes it without a zone
    return stamp if stamp is not None and stamp.zone is None else None


def _iso(text: str) -> Stamp | None:
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return Stamp(moment.replace(tzinfo=None), WHOLE_SECONDS_S, moment.tzinfo)


def _dahua(head: bytes) -> Stamp | None:
    at = head.find(_DHAV)
    while at >= 0 and at + _DHAV_DATE_AT + 4 <= len(head):
        if head[at + 4] != _DHAV_NO_DATE:
            packed = int.from_bytes(head[at + _DHAV_DATE_AT : at + _DHAV_DATE_AT + 4], "little")
            with contextlib.suppress(ValueError):
                return Stamp(_unpacked(packed), WHOLE_SECONDS_S)
        at = head.find(_DHAV, at + 4)
    return None


def _unpacked(packed: int) -> dt.datetime:
    """Second, minute, hour, day, month and years since 2000, from the lowest bit on."""
    return dt.datetime(  # noqa: DTZ001
        2000 + (packed >> 26),
        packed >> 22 & 15,
        packed >> 17 & 31,
        packed >> 12 & 31,
        packed >> 6 & 63,
        packed & 63,
    )


def _multipart(head: bytes) -> Stamp | None:
    headers = head.partition(_JPEG)[0]
    if _PART.search(headers) is None:
        return None
    if match := _PART_TIME.search(headers):
        whole, _, fraction = match[1].decode().partition(".")
        digits = whole[10:] + fraction
        seconds, micros = int(whole[:10]), int(f"{digits:0<6}"[:6])
        at = EPOCH + dt.timedelta(seconds=seconds, microseconds=micros)
        return Stamp(at.replace(tzinfo=None), MILLISECONDS_S if digits else WHOLE_SECONDS_S, dt.UTC)
    if match := _PART_DATE.search(headers):
        from email.utils import parsedate_to_datetime

        with contextlib.suppress(ValueError, TypeError):
            told = parsedate_to_datetime(match[1].decode("ascii", "replace").strip())
            return Stamp(told.replace(tzinfo=None), WHOLE_SECONDS_S, told.tzinfo)
    return None
