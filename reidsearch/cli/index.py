"""`reidsearch index`: take footage and person crops into the archive."""

from __future__ import annotations

import re
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.options import (
    archive_option,
    flip_option,
    format_option,
    model_options,
    opened_archive,
    quiet_option,
    runtime_options,
    text_value,
    tiles_option,
)

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.base.settings import FootageSettings, Tiles

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/+[^/]")
FACTS, NAMES, FOOTAGE = "Camera and time", "Camera and time in file names", "Footage"


@grouped_command("index")
@argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@option(
    "--camera", group=FACTS, metavar="NAME", callback=text_value, help="Camera, if names tell none."
)
@option("--time", group=FACTS, metavar="TIME", help="Time, if names tell none: '31.05.2024 14:03'.")
@option(
    "--timezone",
    group=FACTS,
    metavar="ZONE",
    help="Zone of times without one: UTC, +02:00, Europe/Berlin.",
)
@option(
    "--sources",
    group=FACTS,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="List of footage with camera, start, ... (CSV, TOML).",
)
@option(
    "--recorder",
    group=NAMES,
    metavar="NAME",
    help="Recorder that named the files (`recorders`), or auto.",
)
@option(
    "--pattern",
    group=NAMES,
    metavar="REGEX",
    help=r"Path with groups, as (?P<camera>[^/]+)/(?P<time>\d+).",
)
@option("--time-format", group=NAMES, metavar="FORMAT", help="Form of these times, as in strptime.")
@option(
    "--names",
    group=NAMES,
    type=click.Choice(["market1501"]),
    metavar="SET",
    help="market1501: PPPP_cCsS_FFFFFF_DD.jpg.",
)
@option(
    "--fast",
    "preset",
    group=FOOTAGE,
    flag_value="fast",
    help="Sample fewer frames, skip still scenes.",
)
@option("--thorough", "preset", group=FOOTAGE, flag_value="thorough", help="Analyse every frame.")
@option(
    "--sample-rate",
    group=FOOTAGE,
    type=click.IntRange(1, 240),
    metavar="HZ",
    help="Frames to sample a second; default: 4.",
)
@tiles_option("Detect in N x N tiles too, for small people.", group=FOOTAGE)
@option("--frames", group=FOOTAGE, is_flag=True, help="Folders hold full frames, not person crops.")
@option("--detector", group=FOOTAGE, metavar="NAME|FILE", help="Model that detects people.")
@option(
    "--detections",
    group=FOOTAGE,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Detections of the one video (MOT, COCO, ...).",
)
@option(
    "--attributes",
    is_flag=True,
    help="Then record what people wear and carry (`annotate`).",
)
@option(
    "--unlogged",
    is_flag=True,
    help="A new archive keeps no event log; every answer says so.",
)
@model_options
@flip_option
@runtime_options
@format_option()
@quiet_option
@archive_option
def command(
    paths: tuple[Path, ...],
    archive: Address,
    camera: str | None,
    time: str | None,
    timezone: str | None,
    pattern: str | None,
    time_format: str | None,
    names: str | None,
    recorder: str | None,
    sources: Path | None,
    preset: str | None,
    sample_rate: int | None,
    detector: str | None,
    detections: Path | None,
    tiles: Tiles | None,
    frames: bool,
    attributes: bool,
    unlogged: bool,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    flip: bool | None,
    device: str | None,
    form: str,
    quiet: bool,
) -> int:
    """Index footage and person crops.

    PATHS are videos, pictures, folder trees, tar and zip archives, or manifests (.csv, .jsonl).
    In videos people are detected, tracked and cut out; pictures are person crops, unless --frames
    says that folders hold full frames. What is stored already is skipped, so running again is
    harmless and quick, and an interrupted run continues where it stopped. What fails is recorded
    with its reason (`reidsearch failures`), the run goes on, and the exit code is 1.

    Camera and time are read from file names or a list, if you say how; what they do not tell is
    taken from --camera and --time, and else stays unknown.

    --attributes records what people wear and carry after the run, for --wearing and --with of
    `query`; if that is interrupted, the same command continues there too.
    """
    from reidsearch.base.errors import Interrupted, UsageError
    from reidsearch.base.settings_file import read_settings
    from reidsearch.base.timecode import parse_zone
    from reidsearch.cli.times import start_of
    from reidsearch.media.files.paths import MANIFESTS
    from reidsearch.media.naming.patterns import Naming, compile_pattern
    from reidsearch.media.naming.source_facts import SourceNaming
    from reidsearch.media.naming.source_list import read_source_list
    from reidsearch.output import reports_json, text
    from reidsearch.output.emit import emit
    from reidsearch.services.index import FootageOptions

    _require_something(paths, archive)
    if time_format and not (pattern or any(p.name.lower().endswith(MANIFESTS) for p in paths)):
        raise UsageError("--time-format needs --pattern or a manifest")
    if tiles is not None and detections is not None:
        raise UsageError(
            "--tiles needs a detector, and with --detections none runs", "leave one of them out"
        )
    settings = read_settings(archive)
    zone = parse_zone(timezone) if timezone else None
    start = start_of("--time", time, timezone)
    naming = Naming(
        camera=camera,
        time=start.time if start else None,
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
            container_time=settings.footage.container_time,
        ),
        settings=_footage_settings(preset, sample_rate, detector, tiles),
        frames=frames,
        frames_fps=settings.footage.frames_fps,
        detections=detections,
    )
    stop = _stopped_by_signals()
    with opened_archive(
        archive,
        model,
        model_path,
        offline,
        device,
        flip=flip,
        create=True,
        logged=not unlogged,
        json_lines=form in {"json", "jsonl"},
        quiet=quiet,
    ) as (opened, progress):
        if timezone and opened.timezone is None:
            opened.timezone = timezone
        report = opened.index(
            paths,
            naming=naming,
            footage=footage,
            limits=settings.pictures,
            attributes=attributes,
            progress=progress,
            stop=stop,
        )
    emit(form, reports_json.report_json(report), text.report_view(report))
    if report.interrupted:
        raise Interrupted("stopped after committing", "the same command continues from there")
    failed = report.failed or report.footage.failed or report.footage.partly
    unread = report.attributes is not None and report.attributes.failed
    return 1 if failed or unread else 0


def _require_something(paths: tuple[Path, ...], archive: Address) -> None:
    """Refuse what can never be indexed before an archive is made for it.

    In an archive that is there already, a path that is missing is recorded as a failure.

    Raises:
        UsageError: a path is an address on the network.
        InputError: there is no archive yet, and no path exists.
    """
    from reidsearch.base.errors import InputError, UsageError
    from reidsearch.media.files.remote import remote_of

    for path in paths:
        if _ADDRESS.match(str(path)) and not path.exists() and remote_of(path) is None:
            address = re.sub(":/+", "://", str(path), count=1)  # paths have lost a slash
            raise UsageError(
                f"{address} is an address, and only files and folders are indexed",
                "record the stream to a file first, then index the file; footage in a store of "
                "objects is s3://bucket/folder",
            )
    if (
        isinstance(archive, Path)
        and not archive.exists()
        and not any(path.exists() or remote_of(path) for path in paths)
    ):
        names = ", ".join(map(str, paths[:3])) + (", ..." if paths[3:] else "")
        raise InputError(f"{names}: there is no such file or folder", "nothing was indexed")


def _footage_settings(
    preset: str | None, sample_rate: int | None, detector: str | None, tiles: Tiles | None
) -> FootageSettings:
    from dataclasses import replace

    from reidsearch.base.settings import PRESETS

    settings = PRESETS[preset or "default"]
    if sample_rate is not None:
        settings = replace(settings, sample_rate_hz=sample_rate)
    if tiles is not None:
        settings = replace(settings, tiles=tiles)
    return replace(settings, detector=detector) if detector else settings


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
