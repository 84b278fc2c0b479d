"""From an index request, which any machine can read, to what indexing takes."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from pathlib import Path

from reidsearch.base.errors import InputError, Kind
from reidsearch.base.locations import path_of
from reidsearch.base.said import said
from reidsearch.base.settings import PRESETS, FootageSettings
from reidsearch.base.settings_file import Settings
from reidsearch.base.timecode import Reading, parse_zone
from reidsearch.domain.index_request import IndexRequest
from reidsearch.media.naming.patterns import Naming, compile_pattern
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list
from reidsearch.services.index import FootageOptions


def options_of(request: IndexRequest, settings: Settings) -> tuple[Naming, FootageOptions]:
    """Return where camera and time of pictures come from, and how footage is analysed.

    Args:
        settings: that hold for the archive on this machine.

    Raises:
        UsageError: the options do not fit together.
        InputError: the list of sources cannot be read here, or has changed since it was queued.
    """
    zone = parse_zone(request.timezone) if request.timezone else None
    start = None
    if request.time is not None:
        start = Reading(dt.datetime.fromisoformat(request.time), request.time_uncertainty_s)
    naming = Naming(
        camera=request.camera,
        time=start.time if start else None,
        zone=zone,
        pattern=compile_pattern(request.pattern) if request.pattern else None,
        time_format=request.time_format,
        market1501=request.market1501,
    )
    if request.sources is not None and request.sources_sha256 is not None:
        _require_unchanged(request.sources, request.sources_sha256)
    listed = request.sources and read_source_list(Path(path_of(request.sources)), zone)
    footage = FootageOptions(
        naming=SourceNaming(
            camera=request.camera,
            start=start,
            zone=zone,
            pattern=naming.pattern,
            time_format=request.time_format,
            recorder=request.recorder,
            listed=listed or None,
            container_time=settings.footage.container_time,
        ),
        settings=_footage_settings(request),
        frames=request.frames,
        frames_fps=settings.footage.frames_fps,
        detections=Path(path_of(request.detections)) if request.detections else None,
    )
    return naming, footage


def list_digest(path: str) -> str:
    """Return the SHA-256 of a list of sources, in hex.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with open(path_of(path), "rb") as file:  # noqa: PTH123 - a name of any bytes
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {said(error)}") from error


def _require_unchanged(path: str, sha256: str) -> None:
    if list_digest(path) != sha256:
        raise InputError(
            f"{path} has changed since its sources were queued",
            "queue them again",
            kind=Kind.SOURCE_LIST_CHANGED,
        )


def _footage_settings(request: IndexRequest) -> FootageSettings:
    settings = PRESETS[request.preset]
    if request.sample_rate_hz is not None:
        settings = replace(settings, sample_rate_hz=request.sample_rate_hz)
    if request.tiles is not None:
        settings = replace(settings, tiles=request.tiles)
    return replace(settings, detector=request.detector) if request.detector else settings
