"""`reidsearch clock suggest`: how far the clocks of cameras are off, by the people they saw."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.files import output_option, write_picture
from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import (
    archive_and_case_options,
    format_option,
    reason_option,
    text_value,
)
from reidsearch.cli.times import Duration

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("suggest")
@option(
    "--reference",
    required=True,
    callback=text_value,
    metavar="CAMERA",
    help="The camera whose clock is right.",
)
@option(
    "--overlapping",
    type=(str, str),
    multiple=True,
    metavar="CAMERA CAMERA",
    help="Both show one place, so people are seen at once; repeatable.",
)
@option(
    "--within",
    type=Duration(least=10),
    default="15min",
    metavar="DURATION",
    help="Compare sightings up to so far apart; default: 15min.",
)
@option(
    "--accept",
    multiple=True,
    callback=lambda _ctx, _option, given: tuple(given),
    metavar="CAMERA",
    help="Set its clocks as suggested; repeatable.",
)
@option("--note", default="", metavar="TEXT", callback=text_value, help="Why, for the record.")
@format_option()
@output_option("Draw what each pair of cameras disagrees by")
@archive_and_case_options
@reason_option
def command(
    reference: str,
    overlapping: tuple[tuple[str, str], ...],
    within: Fraction,
    accept: tuple[str, ...],
    note: str,
    archive: Address,
    output: Path | None,
    form: str,
) -> None:
    """Suggest offsets and drifts of clocks, from people seen by several cameras.

    Confirmed identities and mutual best matches between cameras say how long after one camera
    people are seen by another. Half the difference between the two directions is the offset of the
    clocks, if both ways take equally long; with one direction alone nothing can be told. Each
    offset has a 95 % interval and the number of people it rests on; what contradicts it is listed.
    Nothing is changed without --accept, and `reidsearch clock SOURCE --undo` takes that back.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.output import clock_suggestion
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for

    if note and not accept:
        raise UsageError("--note says why clocks are set", "give --accept CAMERA too")
    with (
        progress_for(quiet=form != "table", name="clock suggest") as progress,
        reading_archive(archive, progress) as opened,
    ):
        found = opened.clocks.suggest(
            reference, at_once=overlapping, within_s=float(within), progress=progress
        )
        if accept:
            found = opened.clocks.accept(found, accept, note)
        if output is not None:
            from reidsearch.output.clock_picture import clock_picture

            write_picture(output, clock_picture(found, imprint_of(opened)))
    emit(
        form,
        clock_suggestion.suggestion_json(found),
        clock_suggestion.suggestion_view(found),
        "cameras",
    )
