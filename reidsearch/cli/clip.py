"""`reidsearch clip`: the footage around a match."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.files import output_option, redact_option, require_other_file, verify_option
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("clip")
@argument("crop_id", metavar="CROP", type=int)
@output_option("The video to write", (".mp4", ".mkv", ".mov", ".ts"), required=True, streams=False)
@option(
    "--margin",
    type=click.FloatRange(0, 3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Time before the person appears and after they leave.",
)
@option("--box", is_flag=True, help="Draw the person's box.")
@option("--no-caption", is_flag=True, help="Leave out the margin with camera, time and ids.")
@redact_option
@option("--copy", "as_it_is", is_flag=True, help="Copy the stream without encoding it again.")
@verify_option
@format_option()
@archive_and_case_options
def command(
    crop_id: int,
    archive: Address,
    output: Path,
    margin: float,
    box: bool,
    no_caption: bool,
    redact: str | None,
    as_it_is: bool,
    verify: bool,
    form: str,
) -> None:
    """Cut out the footage that shows the person of a match.

    Camera, time, ids, archive and command stand on a margin below the picture, which covers nothing
    of it.
    With --copy the stream is not re-encoded; the clip then starts at the preceding key frame, and
    what it shows is told. Footage is read from any place where it is known to lie, and must not
    have changed since it was indexed.
    With --redact the clip is always encoded anew; the footage itself is not changed. Only people
    whom the archive holds are redacted: look at the clip before you give it away.
    """
    import math

    from reidsearch.base.errors import UsageError
    from reidsearch.domain.redaction import Redaction
    from reidsearch.output.emit import emit
    from reidsearch.output.footage_text import clip_text
    from reidsearch.output.reports_json import clip_json
    from reidsearch.output.stills import ClipMargin

    if math.isnan(margin):
        raise UsageError("--margin is not a number")
    whom = Redaction(redact) if redact else None
    with reading_archive(archive) as opened:
        crop = opened.crop(crop_id)
        require_other_file(output, crop.location)
        below = None
        if crop.moment is not None and not (as_it_is or no_caption):
            clock = opened.footage.source(crop.source_id).facts.clock
            below = ClipMargin(crop, clock, imprint_of(opened), whom)
        written = opened.footage.clip(
            crop_id,
            output,
            margin_s=margin,
            box=box,
            as_it_is=as_it_is,
            verify=verify,
            redact=whom,
            below=below,
        )
    emit(form, clip_json(written, str(output)), clip_text(written, str(output)))
