"""`reidsearch index`: take person crops into the archive."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from reidsearch.cli.options import archive_option, model_options, runtime_options, text_value

if TYPE_CHECKING:
    from reidsearch.records import IndexReport


@click.command("index")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@archive_option
@click.option(
    "--camera",
    metavar="NAME",
    callback=text_value,
    help="Camera of crops whose name tells none.",
)
@click.option("--time", metavar="TIME", help="Time of crops whose name tells none (ISO 8601).")
@click.option("--timezone", metavar="ZONE", help="Zone of times that name none: UTC, +02:00, ...")
@click.option(
    "--pattern",
    metavar="REGEX",
    help="Read facts from the path: named groups camera, time, person, for instance "
    r"'(?P<camera>[^/]+)/(?P<time>\d{8}_\d{6})'.",
)
@click.option("--time-format", metavar="FORMAT", help="How times in names look, as in strptime.")
@click.option(
    "--names",
    type=click.Choice(["market1501"]),
    help="File names that follow a convention: PPPP_cCsS_FFFFFF_DD.jpg.",
)
@click.option("--max-pixels", type=click.IntRange(1), help="Refuse larger pictures undecoded.")
@click.option("--max-bytes", type=click.IntRange(1), help="Refuse larger files unread.")
@click.option("--min-width", type=click.IntRange(1), help="Refuse narrower crops (pixels).")
@click.option("--min-height", type=click.IntRange(1), help="Refuse lower crops (pixels).")
@model_options
@runtime_options
@click.option("--json", "as_json", is_flag=True, help="JSON report; progress as JSON lines.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    paths: tuple[Path, ...],
    archive: Path,
    camera: str | None,
    time: str | None,
    timezone: str | None,
    pattern: str | None,
    time_format: str | None,
    names: str | None,
    max_pixels: int | None,
    max_bytes: int | None,
    min_width: int | None,
    min_height: int | None,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str,
    streams: int,
    threads: int,
    as_json: bool,
    quiet: bool,
) -> int:
    """Index person crops: pictures, folders, tar, zip, CSV or JSON-lines.

    PATHS are pictures, folder trees, tar and zip archives, or manifests (.csv, .jsonl). What is
    held already is skipped, so running again is harmless and quick, and an interrupted run goes
    on where it stopped. What fails is recorded with its reason (`reidsearch failures`), the run
    goes on, and the exit code is 1.
    """
    from reidsearch.cli.options import moment
    from reidsearch.errors import Interrupted, UsageError
    from reidsearch.footage.files import MANIFESTS
    from reidsearch.footage.naming import Naming, compile_pattern
    from reidsearch.library import Archive
    from reidsearch.present.progress import progress_for
    from reidsearch.settings import PictureLimits, RuntimeSettings
    from reidsearch.timecode import parse_zone

    if time_format and not (pattern or any(p.name.lower().endswith(MANIFESTS) for p in paths)):
        raise UsageError("--time-format needs --pattern or a manifest")
    naming = Naming(
        camera=camera,
        time=moment("--time", time, timezone),
        zone=parse_zone(timezone) if timezone else None,
        pattern=compile_pattern(pattern) if pattern else None,
        time_format=time_format,
        market1501=names == "market1501",
    )
    given = {
        "max_pixels": max_pixels,
        "max_bytes": max_bytes,
        "min_width_px": min_width,
        "min_height_px": min_height,
    }
    limits = PictureLimits(**{name: value for name, value in given.items() if value is not None})
    stop = _stopped_by_signals()
    with (
        progress_for(json_lines=as_json, quiet=quiet) as progress,
        Archive.open(
            archive,
            create=True,
            model=model,
            model_path=model_path,
            offline=offline,
            runtime=RuntimeSettings(device=device, streams=streams, threads=threads),
            progress=progress,
        ) as opened,
    ):
        report = opened.index(paths, naming=naming, limits=limits, progress=progress, stop=stop)
    _print(report, as_json)
    if report.interrupted:
        raise Interrupted("stopped after committing", "the same command goes on from there")
    return 1 if report.failed else 0


def _print(report: IndexReport, as_json: bool) -> None:
    from reidsearch.present import reports_json, text
    from reidsearch.present.answer_json import dumps

    if as_json:
        click.echo(dumps(reports_json.report_json(report), indent=2))
    else:
        text.show(text.report_view(report))


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
