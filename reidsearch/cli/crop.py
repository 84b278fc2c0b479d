"""`reidsearch crop`: the picture of one crop."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.errors import UsageError
from reidsearch.cli.files import (
    PICTURES,
    output_option,
    require_other_file,
    write_file,
    write_picture,
)
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("crop")
@argument("crop_id", type=int, metavar="CROP")
@output_option(
    "The stored JPEG, or any of these with --caption; - is standard output",
    PICTURES,
    required=True,
    allow_dash=True,
)
@option("--caption", is_flag=True, help="Write camera, time and ids on a margin below it.")
@archive_and_case_options
def command(crop_id: int, output: Path, caption: bool, archive: Address) -> None:
    """Write the picture of one crop.

    Every answer of `reidsearch query` shows the id of each crop. The picture's checksum is
    verified. It is written byte for byte as it is stored, as JPEG; with --caption it is drawn anew,
    with a margin, as the file's ending says.
    """
    from reidsearch.base.settings import PictureLimits
    from reidsearch.media.pictures import decode
    from reidsearch.output.stills import still

    if caption and output.suffix.lower() not in PICTURES:
        raise UsageError("--caption needs a file whose ending says the format")
    if not caption and output.suffix.lower() in {".png", ".pdf"}:
        raise UsageError(f"{output}: a crop is stored as JPEG", "name it .jpg, or add --caption")

    with reading_archive(archive) as opened:
        require_other_file(output, opened.crop(crop_id).location)
        jpeg = opened.picture(crop_id)
        if caption:
            pixels = decode(jpeg, PictureLimits())
            drawn = still(pixels, opened.crop(crop_id), imprint_of(opened), whole=False)
            write_picture(output, drawn)
            return
    if str(output) == "-":
        sys.stdout.buffer.write(jpeg)
    else:
        write_file(output, jpeg)
