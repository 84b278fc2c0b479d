"""`reidsearch transit`: how long people take from camera to camera."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.files import output_option, write_picture
from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("transit")
@format_option()
@output_option("Draw cameras against cameras")
@archive_option
def command(archive: Address, output: Path | None, form: str) -> None:
    """Show how long people take from camera to camera.

    From the confirmed sightings of all identities: the median of who goes there directly, with
    its interval, what nine in ten of them take, the share that goes elsewhere in between, and
    the number of journeys. Nothing is kept: it is computed from what is confirmed now. Ways with
    fewer than five journeys have no time.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.transit import transit_json, transit_view

    with reading_archive(archive) as opened:
        model = opened.transit.model()
        imprint = imprint_of(opened)
    if output is not None:
        from reidsearch.output.transit_picture import transit_picture

        write_picture(output, transit_picture(model, imprint))
    emit(form, transit_json(model), transit_view(model), "pairs")
