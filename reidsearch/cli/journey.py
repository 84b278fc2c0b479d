"""`reidsearch journey`: where a person was, and when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.decisions import transit_options, transits_from
from reidsearch.cli.files import file_option, output_option, write_picture
from reidsearch.cli.grouped import argument, grouped_command
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option, text_value
from reidsearch.cli.sheets import SHEETS, tell_sheet, write_sheet

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("journey")
@argument("identity", callback=text_value)
@transit_options
@format_option()
@output_option("Draw cameras over time with the sightings")
@file_option("--sheet", help_="Write a contact sheet of the sightings", endings=SHEETS)
@archive_and_case_options
def command(
    identity: str,
    archive: Address,
    min_transits: tuple[tuple[str, str, float], ...],
    transits: Path | None,
    output: Path | None,
    sheet: Path | None,
    form: str,
) -> None:
    """Show where an identity was and when, and what lies in between.

    Confirmed sightings are kept apart from those that `link` proposes. For every interval without
    a sighting it names the cameras whose footage was not analysed meanwhile. Transits faster than
    the minimum travel times given here, or to the last `link`, are flagged.
    """
    from reidsearch.output import journeys
    from reidsearch.output.emit import emit

    minima = transits_from(min_transits, transits) if min_transits or transits else None
    sheets = []
    with reading_archive(archive) as opened:
        found = opened.journey(identity, transits=minima)
        if output is not None:
            from reidsearch.output.timeline import journey_timeline

            drawn = journey_timeline(opened.footage.coverage(), found, imprint_of(opened))
            write_picture(output, drawn)
        if sheet is not None:
            from reidsearch.output.pages.people import journey_shown

            sheets = write_sheet(opened, journey_shown(found), imprint_of(opened), sheet)
    emit(form, journeys.journey_json(found), journeys.journey_view(found), "stops")
    tell_sheet(sheets)
