"""`reidsearch crop`: the picture of one crop."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option


@grouped_command("crop")
@click.argument("crop_id", type=int, metavar="ID")
@option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="The JPEG to write; - for standard output.",
)
@archive_option
def command(crop_id: int, output: Path, archive: Path) -> None:
    """Write the picture of one crop.

    ID stands in every answer of `reidsearch query`. The picture's checksum is verified.
    """
    from reidsearch.archive import Archive

    with Archive.open(archive) as opened:
        jpeg = opened.picture(crop_id)
    with click.open_file(str(output), "wb") as file:
        file.write(jpeg)
