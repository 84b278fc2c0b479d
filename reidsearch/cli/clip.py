"""`reidsearch clip`: the footage around a match."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option


@grouped_command("clip")
@click.argument("crop_id", metavar="CROP", type=int)
@archive_option
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The video to write (.mp4, .mkv, .mov, .ts).",
)
@option(
    "--margin",
    type=click.FloatRange(0, 3600),
    default=2.0,
    show_default=True,
    help="Seconds before the person is first and after they are last seen.",
)
@option("--box", is_flag=True, help="Draw the person's box.")
@option("--copy", "as_it_is", is_flag=True, help="Copy the stream, do not encode it anew.")
def command(
    crop_id: int, archive: Path, output: Path, margin: float, box: bool, as_it_is: bool
) -> None:
    """Cut out the footage in which the person of a match is seen.

    With --copy the pictures stay as the camera made them, and begin at the key frame before. The
    footage is read where it was indexed from, and must be the same bytes still.
    """
    import math

    from reidsearch.archive import Archive
    from reidsearch.base.errors import UsageError

    if math.isnan(margin):
        raise UsageError("--margin is no number")
    if output.exists():
        raise UsageError(f"{output} exists", "give another name")
    with Archive.open(archive) as opened:
        first, last = opened.footage.clip(
            crop_id, output, margin_s=margin, box=box, as_it_is=as_it_is
        )
    click.echo(f"{float(first):.1f} to {float(last):.1f} s: {output}")
