"""From the request of an index job to what `Archive.index` takes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from reidsearch.base.errors import Refused, UsageError
from reidsearch.base.locations import path_of
from reidsearch.base.settings import PRESETS, FootageSettings
from reidsearch.base.settings_file import Settings
from reidsearch.base.timecode import Reading, only_once, parse_zone, read_time
from reidsearch.domain.job_requests import IndexWork
from reidsearch.media.naming.patterns import Naming
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions


def require_sound(work: IndexWork) -> None:
    """Refuse a request that could not be run whatever lies at its paths.

    Raises:
        UsageError: a path is not absolute, or a time, zone or recorder makes no sense.
    """
    for path in work.paths:
        if not Path(path_of(path)).is_absolute():
            raise UsageError(f"{path} is not an absolute path")
    options_of(work, Settings())


def paths_of(work: IndexWork) -> list[Path]:
    """Return the paths, whatever bytes their names hold."""
    return [Path(path_of(path)) for path in work.paths]


def options_of(work: IndexWork, settings: Settings) -> tuple[Naming, FootageOptions]:
    """Return where camera and time of pictures come from, and how footage is analysed.

    Args:
        settings: that hold for the archive.
    """
    zone = parse_zone(work.timezone) if work.timezone else None
    start = _start(work.time, zone)
    naming = Naming(camera=work.camera, time=start.time if start else None, zone=zone)
    footage = FootageOptions(
        naming=SourceNaming(
            camera=work.camera,
            start=start,
            zone=zone,
            recorder=work.recorder,
            container_time=settings.footage.container_time,
        ),
        settings=_footage_settings(work),
        frames=work.frames,
        frames_fps=settings.footage.frames_fps,
    )
    return naming, footage


def _footage_settings(work: IndexWork) -> FootageSettings:
    settings = PRESETS[work.preset]
    if work.sample_rate_hz is not None:
        settings = replace(settings, sample_rate_hz=work.sample_rate_hz)
    return settings if work.tiles is None else replace(settings, tiles=work.tiles)


def _start(text: str | None, zone: dt.tzinfo | None) -> Reading | None:
    if text is None:
        return None
    try:
        read = read_time(text, zone)
        only_once(read, text)
    except Refused as refused:
        raise refused.reworded(f"time: {refused.message}", UsageError) from refused
    return read
