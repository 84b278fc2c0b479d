"""The options of whatever indexes footage: where camera and time come from, how it is analysed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from reidsearch.cli.grouped import option
from reidsearch.cli.options import text_value, tiles_option

if TYPE_CHECKING:
    from reidsearch.base.settings import Tiles
    from reidsearch.domain.index_request import IndexRequest

FACTS, NAMES, FOOTAGE = "Camera and time", "Camera and time in file names", "Footage"

F = TypeVar("F", bound=Callable[..., Any])


def request_options(function: F) -> F:
    """Declare them, passed together as `request: IndexRequest`."""

    @functools.wraps(function)
    def with_request(
        *arguments: Any,
        camera: str | None,
        time: str | None,
        timezone: str | None,
        sources: Path | None,
        recorder: str | None,
        pattern: str | None,
        time_format: str | None,
        preset: str | None,
        sample_rate: int | None,
        tiles: Tiles | None,
        detector: str | None,
        **others: Any,
    ) -> Any:
        from reidsearch.base.locations import location_text
        from reidsearch.cli.times import start_of
        from reidsearch.domain.index_request import IndexRequest

        start = start_of("--time", time, timezone)
        request: IndexRequest = IndexRequest(
            camera=camera,
            time=start.time.isoformat() if start else None,
            time_uncertainty_s=start.uncertainty_s if start else 0.0,
            timezone=timezone,
            pattern=pattern,
            time_format=time_format,
            recorder=recorder,
            sources=location_text(str(sources)) if sources else None,
            preset=preset or "default",
            sample_rate_hz=sample_rate,
            tiles=tiles,
            detector=detector,
        )
        return function(*arguments, request=request, **others)

    for declare in reversed(_OPTIONS):
        with_request = declare(with_request)
    return cast("F", with_request)


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    option(
        "--camera",
        group=FACTS,
        metavar="NAME",
        callback=text_value,
        help="Camera, if names tell none.",
    ),
    option(
        "--time", group=FACTS, metavar="TIME", help="Time, if names tell none: '31.05.2024 14:03'."
    ),
    option(
        "--timezone",
        group=FACTS,
        metavar="ZONE",
        help="Zone of times without one: UTC, +02:00, Europe/Berlin.",
    ),
    option(
        "--sources",
        group=FACTS,
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="List of footage with camera, start, ... (CSV, TOML).",
    ),
    option(
        "--recorder",
        group=NAMES,
        metavar="NAME",
        help="Recorder that named the files (`recorders`), or auto.",
    ),
    option(
        "--pattern",
        group=NAMES,
        metavar="REGEX",
        help=r"Path with groups, as (?P<camera>[^/]+)/(?P<time>\d+).",
    ),
    option(
        "--time-format", group=NAMES, metavar="FORMAT", help="Form of these times, as in strptime."
    ),
    option(
        "--fast",
        "preset",
        group=FOOTAGE,
        flag_value="fast",
        help="Sample fewer frames, skip still scenes.",
    ),
    option(
        "--thorough", "preset", group=FOOTAGE, flag_value="thorough", help="Analyse every frame."
    ),
    option(
        "--sample-rate",
        group=FOOTAGE,
        type=click.IntRange(1, 240),
        metavar="HZ",
        help="Frames to sample a second; default: 4.",
    ),
    tiles_option("Detect in N x N tiles too, for small people.", group=FOOTAGE),
    option("--detector", group=FOOTAGE, metavar="NAME|FILE", help="Model that detects people."),
)
