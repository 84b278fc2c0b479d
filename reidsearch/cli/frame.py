"""`reidsearch frame`: the full frame that a match was cut from."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option


@grouped_command("frame")
@click.argument("crop_id", metavar="CROP", type=int)
@archive_option
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The picture to write (PNG).",
)
@option("--box", is_flag=True, help="Draw the person's box.")
def command(crop_id: int, archive: Path, output: Path, box: bool) -> None:
    """Write the full frame that a crop of footage was cut from.

    The footage is read where it was indexed from, and must be the same bytes still.
    """
    import io

    from PIL import Image, ImageDraw

    from reidsearch.archive import Archive
    from reidsearch.cli.files import write_file
    from reidsearch.output.people import INK

    with Archive.open(archive) as opened:
        pixels, crop = opened.footage.frame(crop_id)
    picture = Image.fromarray(pixels[..., ::-1].copy())
    if box:
        width = max(2, picture.height // 270)
        ImageDraw.Draw(picture).rectangle(crop.box.as_list(), outline=INK, width=width)
    out = io.BytesIO()
    picture.save(out, "PNG")
    write_file(output, out.getvalue())
    assert crop.moment is not None
    click.echo(f"{crop.location} at {float(crop.moment.media_s):.3f} s: {output}")
