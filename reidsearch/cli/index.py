"""`reidsearch index`: take footage and person crops into the archive."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import (
    archive_option,
    flip_option,
    format_option,
    model_options,
    opened_archive,
    quiet_option,
    runtime_options,
    text_value,
)

if TYPE_CHECKING:
    from fractions import Fraction

    from reidsearch.base.settings import FootageSettings


@grouped_command("index")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@archive_option
@option(
    "--camera",
    metavar="NAME",
    callback=text_value,
    help="Camera of crops whose name tells none.",
)
@option("--time", metavar="TIME", help="Time of crops whose name tells none (ISO 8601).")
@option("--timezone", metavar="ZONE", help="Zone of times that name none: UTC, +02:00, ...")
@option(
    "--pattern",
    metavar="REGEX",
    help="Read facts from the path: named groups camera, time, person, for instance "
    r"'(?P<camera>[^/]+)/(?P<time>\d{8}_\d{6})'.",
)
@option("--time-format", metavar="FORMAT", help="How times in names look, as in strptime.")
@option(
    "--names",
    type=click.Choice(["market1501"]),
    help="File names that follow a convention: PPPP_cCsS_FFFFFF_DD.jpg.",
)
@option(
    "--recorder",
    metavar="NAME",
    help="Read camera and start of footage from a recorder's names (`reidsearch recorders`); "
    "`auto` tries all.",
)
@option(
    "--sources",
    type=click.Path(path_type=Path, dir_okay=False),
    help="List of footage (CSV, TOML): path, camera, start, timezone, offset_s, drift_ppm, ...",
)
@option(
    "--container-time", is_flag=True, help="Trust the creation time inside the file (often wrong)."
)
@option("--fast", "preset", flag_value="fast", help="Footage: look less often, skip stills.")
@option("--thorough", "preset", flag_value="thorough", help="Footage: look at every frame.")
@option("--looks", type=click.IntRange(1, 240), help="Footage: looks a second.")
@option("--detector", metavar="NAME|FILE", help="Footage: the person detector.")
@option(
    "--detections",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Footage: somebody else's detections of the one video (MOT, CSV, CVAT XML).",
)
@option("--frames", is_flag=True, help="Folders hold full frames, not person crops.")
@option("--frames-fps", metavar="RATE", help="Pictures a second in folders of frames.")
@option("--max-pixels", type=click.IntRange(1), help="Refuse larger pictures undecoded.")
@option("--max-bytes", type=click.IntRange(1), help="Refuse larger files unread.")
@option("--min-width", type=click.IntRange(1), help="Refuse narrower crops (pixels).")
@option("--min-height", type=click.IntRange(1), help="Refuse lower crops (pixels).")
@model_options
@flip_option
@runtime_options
@format_option()
@quiet_option
def command(
    paths: tuple[Path, ...],
    archive: Path,
    camera: str | None,
    time: str | None,
    timezone: str | None,
    pattern: str | None,
    time_format: str | None,
    names: str | None,
    recorder: str | None,
    sources: Path | None,
    container_time: bool,
    preset: str | None,
    looks: int | None,
    detector: str | None,
    detections: Path | None,
    frames: bool,
    frames_fps: str | None,
    max_pixels: int | None,
    max_bytes: int | None,
    min_width: int | None,
    min_height: int | None,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    flip: bool | None,
    device: str,
    streams: int,
    threads: int,
    form: str,
    quiet: bool,
) -> int:
    """Index footage and person crops.

    PATHS are videos, pictures, folder trees, tar and zip archives, or manifests (.csv, .jsonl).
    In videos people are detected, followed and cut out; pictures are person crops, unless --frames
    says that folders hold full frames. What is held already is skipped, so running again is
    harmless and quick, and an interrupted run goes on where it stopped. What fails is recorded
    with its reason (`reidsearch failures`), the run goes on, and the exit code is 1.
    """
    from reidsearch.base.errors import Interrupted, UsageError
    from reidsearch.base.settings import PictureLimits
    from reidsearch.base.timecode import parse_zone
    from reidsearch.cli.times import moment
    from reidsearch.media.files.paths import MANIFESTS
    from reidsearch.media.naming.patterns import Naming, compile_pattern
    from reidsearch.media.naming.source_facts import SourceNaming
    from reidsearch.media.naming.source_list import read_source_list
    from reidsearch.output import reports_json, text
    from reidsearch.output.emit import emit
    from reidsearch.services.index import FootageOptions

    if time_format and not (pattern or any(p.name.lower().endswith(MANIFESTS) for p in paths)):
        raise UsageError("--time-format needs --pattern or a manifest")
    zone = parse_zone(timezone) if timezone else None
    start = moment("--time", time, timezone)
    naming = Naming(
        camera=camera,
        time=start,
        zone=zone,
        pattern=compile_pattern(pattern) if pattern else None,
        time_format=time_format,
        market1501=names == "market1501",
    )
    footage = FootageOptions(
        naming=SourceNaming(
            camera=camera,
            start=start,
            zone=zone,
            pattern=naming.pattern,
            time_format=time_format,
            recorder=recorder,
            listed=read_source_list(sources, zone) if sources else None,
            container_time=container_time,
        ),
        watch=_watch_settings(preset, looks, detector),
        frames=frames,
        frames_fps=_rate(frames_fps),
        detections=detections,
    )
    given = {
        "max_pixels": max_pixels,
        "max_bytes": max_bytes,
        "min_width_px": min_width,
        "min_height_px": min_height,
    }
    limits = PictureLimits(**{name: value for name, value in given.items() if value is not None})
    stop = _stopped_by_signals()
    with opened_archive(
        archive,
        model,
        model_path,
        offline,
        device,
        streams,
        threads,
        flip=flip,
        create=True,
        json_lines=form in {"json", "jsonl"},
        quiet=quiet,
    ) as (opened, progress):
        if timezone and opened.timezone is None:
            opened.timezone = timezone
        report = opened.index(
            paths, naming=naming, footage=footage, limits=limits, progress=progress, stop=stop
        )
    emit(form, reports_json.report_json(report), text.report_view(report))
    if report.interrupted:
        raise Interrupted("stopped after committing", "the same command goes on from there")
    return 1 if report.failed or report.footage.failed else 0


def _watch_settings(preset: str | None, looks: int | None, detector: str | None) -> FootageSettings:
    from dataclasses import replace

    from reidsearch.base.settings import PRESETS

    settings = PRESETS[preset or "default"]
    if looks is not None:
        settings = replace(settings, sample_rate_hz=looks)
    return replace(settings, detector=detector) if detector else settings


def _rate(text: str | None) -> Fraction | None:
    """A rate such as 25, 12.5 or 30000/1001."""
    from fractions import Fraction

    from reidsearch.base.errors import UsageError

    if text is None:
        return None
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise UsageError(f"--frames-fps {text!r} is no number", "e.g. 25 or 30000/1001") from error
    if not Fraction(1, 86_400) <= rate <= 1000:
        raise UsageError(f"--frames-fps {text} is not between one a day (1/86400) and 1000")
    return rate


def _stopped_by_signals() -> threading.Event:
    """Ctrl-C and SIGTERM ask the run to commit and stop; a second one stops at once."""
    stop = threading.Event()

    def ask(signum: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return stop
