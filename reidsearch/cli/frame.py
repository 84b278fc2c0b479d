"""`reidsearch frame`: the full frame that a match was cut from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.errors import absent
from reidsearch.cli.files import (
    output_option,
    redact_option,
    require_other_file,
    verify_option,
    write_picture,
)
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("frame")
@argument("crop_id", metavar="CROP", type=int)
@output_option("The picture to write", required=True)
@option("--box", is_flag=True, help="Draw the person's box.")
@option("--boxes", is_flag=True, help="Draw everybody's boxes, with tracklet numbers.")
@option("--no-caption", is_flag=True, help="Leave out the margin with camera, time and ids.")
@redact_option
@verify_option
@format_option()
@archive_and_case_options
def command(
    crop_id: int,
    archive: Address,
    output: Path,
    box: bool,
    boxes: bool,
    no_caption: bool,
    redact: str | None,
    verify: bool,
    form: str,
) -> None:
    """Write the full frame that a crop of footage was cut from.

    Camera, time and ids stand on a margin below the frame, which covers nothing of it. Footage is
    read from any place where it is known to lie, and must not have changed since it was indexed;
    the frame has to show the stored crop.
    --boxes draws whomever the archive holds in that frame; the crop's person is in yellow.
    With --redact only people whom the archive holds are redacted: look at the picture before you
    give it away.
    """
    from reidsearch.domain.redaction import Redaction
    from reidsearch.output.emit import emit
    from reidsearch.output.redaction import redaction_lines
    from reidsearch.output.reports_json import frame_json
    from reidsearch.output.stills import still
    from reidsearch.output.visible import visible

    whom = Redaction(redact) if redact else None
    with reading_archive(archive) as opened:
        require_other_file(output, opened.crop(crop_id).location)
        altered = None
        if whom is None:
            pixels, crop = opened.footage.frame(crop_id, verify=verify)
        else:
            pixels, crop, altered = opened.footage.redacted_frame(crop_id, whom, verify=verify)
        imprint = imprint_of(opened)
        others = opened.footage.boxes(crop_id) if boxes else {}
    drawn = still(
        pixels,
        crop,
        imprint,
        box=box or boxes,
        boxes=others,
        caption=not no_caption,
        redaction=whom,
    )
    write_picture(output, drawn)
    if crop.moment is None:
        raise absent("the moment of a crop of footage")
    shown = f"{visible(crop.place)} at {float(crop.moment.media_s):.3f} s: {visible(str(output))}"
    told = "\n".join([shown, *redaction_lines(altered)])
    emit(form, frame_json(crop, str(output), altered), told)
