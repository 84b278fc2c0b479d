"""`reidsearch crop`: the picture of one crop."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reidsearch.cli.files import output_option, require_other_file, write_file
from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.options import archive_option, reading_archive


@grouped_command("crop")
@click.argument("crop_id", type=int, metavar="CROP")
@output_option(
    "The JPEG to write, as it is stored; - for standard output",
    (".jpg", ".jpeg"),
    required=True,
    allow_dash=True,
)
@archive_option
def command(crop_id: int, output: Path, archive: Path) -> None:
    """Write the picture of one crop.

    Every answer of `reidsearch query` shows the id of each crop. The picture's checksum is
    verified.
    """

    with reading_archive(archive) as opened:
        require_other_file(output, opened.crop(crop_id).location)
        jpeg = opened.picture(crop_id)
    if str(output) == "-":
        sys.stdout.buffer.write(jpeg)
    else:
        write_file(output, jpeg)
