"""`reidsearch export`: what the archive holds, for people and for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.export_evidence import evidence, verify
from reidsearch.cli.export_page import page
from reidsearch.cli.files import output_option, require_other_file, verify_option, write_file
from reidsearch.cli.grouped import CommandGroup, argument, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option
from reidsearch.output.tracks import ENDINGS

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@click.group("export", cls=CommandGroup)
def command() -> None:
    """Write pages, evidence bundles, and tracklets for scorers and annotation tools.

    SOURCE is part of its path, or the start of its SHA-256.
    """


@command.command("tracks")
@argument("source")
@output_option("The file to write: MOT, CVAT or JSON", ENDINGS, required=True)
@option(
    "--interpolate",
    is_flag=True,
    help="Add boxes in a straight line for the frames between two detections, up to 2 s apart.",
)
@verify_option
@format_option()
@archive_and_case_options
def tracks(
    source: str, archive: Address, output: Path, interpolate: bool, verify: bool, form: str
) -> None:
    """Write the boxes of all tracklets of a source, frame by frame.

    The ending decides: .txt is MOT text (frame from 1, tracklet, left, top, width, height,
    confidence, -1, -1, -1), .xml CVAT 1.1 for video (frame from 0), .json the schema
    reidsearch/tracks/1. Boxes are pixels of the upright frame. Only sampled frames have boxes,
    unless --interpolate is given. Frames are numbered by reading the footage, which must not have
    changed since it was indexed; without the footage only .json can be written, by time.
    """
    from reidsearch.base.errors import InputError, Kind
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.output.tracks import NUMBERED, encode, exported_json, exported_text

    with progress_for(name="export") as progress, reading_archive(archive, progress) as opened:
        one = opened.footage.find(source)
        require_other_file(output, one.location)
        try:
            written = opened.export.tracks(
                one.source_id, interpolate=interpolate, verify=verify, progress=progress
            )
        except InputError as error:
            timed = output.suffix.lower() not in NUMBERED and not interpolate
            if not timed or error.kind not in {Kind.FOOTAGE_MISSING, Kind.FRAMES_NOT_FOUND}:
                raise
            written = opened.export.tracks(one.source_id, numbered=False)
    write_file(output, encode(written, output.suffix))
    emit(form, exported_json(written, str(output)), exported_text(written, str(output)))


command.add_command(page)
command.add_command(evidence)
command.add_command(verify)
