"""`reidsearch coverage`: what was looked at, how, and what was not."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option, json_option


@grouped_command("coverage")
@archive_option
@option("--camera", "cameras", multiple=True, metavar="NAME", help="Only this camera.")
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw cameras over time (PNG).",
)
@json_option
def command(archive: Path, cameras: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Show which footage was looked at and how, what failed, and what is missing.

    What is blank in the picture was never offered. `dense`: the detector looked at the full rate;
    `gated`: nothing moved, it looked every two seconds; `key-frames`: a still scene, only key
    frames were decoded; `given`: somebody else's detections; `failed`, `gap`: nothing was seen.
    """
    from reidsearch.archive import Archive
    from reidsearch.output import coverage, text
    from reidsearch.output.emit import dumps

    with Archive.open(archive) as opened:
        sources = [
            one for one in opened.footage.coverage() if not cameras or one.facts.camera in cameras
        ]
        never = [
            one for one in opened.footage.not_supplied() if not cameras or one.camera in cameras
        ]
    if output is not None:
        from reidsearch.cli.files import write_file
        from reidsearch.output.timeline import timeline

        write_file(output, timeline(sources))
    if as_json:
        click.echo(dumps(coverage.coverage_json(sources, never), indent=2))
    else:
        text.show(coverage.coverage_view(sources, never))
