"""`reidsearch frame`: the full frame that a match was cut from."""

from __future__ import annotations

from pathlib import Path

from reidsearch.base.errors import absent
from reidsearch.cli.files import (
    output_option,
    require_other_file,
    verify_option,
    write_picture,
)
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.options import archive_option, format_option, reading_archive


@grouped_command("frame")
@argument("crop_id", metavar="CROP", type=int)
@output_option("The picture to write", required=True)
@option("--box", is_flag=True, help="Draw the person's box.")
@verify_option
@format_option()
@archive_option
def command(crop_id: int, archive: Path, output: Path, box: bool, verify: bool, form: str) -> None:
    """Write the full frame that a crop of footage was cut from.

    Camera, time and ids stand on a margin below the frame, which covers nothing of it. Footage is
    read from any place where it is known to lie, and must not have changed since it was indexed;
    the frame has to show the stored crop.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.reports_json import frame_json
    from reidsearch.output.stills import still
    from reidsearch.output.visible import visible

    with reading_archive(archive) as opened:
        require_other_file(output, opened.crop(crop_id).location)
        pixels, crop = opened.footage.frame(crop_id, verify=verify)
        imprint = imprint_of(opened)
    write_picture(output, still(pixels, crop, imprint, box=box))
    if crop.moment is None:
        raise absent("the moment of a crop of footage")
    emit(
        form,
        frame_json(crop, str(output)),
        f"{visible(crop.place)} at {float(crop.moment.media_s):.3f} s: {visible(str(output))}",
    )
