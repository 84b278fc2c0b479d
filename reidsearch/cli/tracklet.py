"""`reidsearch tracklet`: list the tracklets of a source, split and join tracklets by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.decisions import decision_options
from reidsearch.cli.files import output_option, verify_option
from reidsearch.cli.grouped import CommandGroup, argument, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.model_options import model_options, runtime_options
from reidsearch.cli.opening import opened_archive, reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option, text_value
from reidsearch.cli.sheets import SHEETS, tell_sheet, write_sheet

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@click.group("tracklet", cls=CommandGroup)
def command() -> None:
    """List tracklets; split one that mixes two people, join two of one person.

    Splits and joins are decisions in the log of `reidsearch identity list --decisions`, and
    `reidsearch undo` takes them back: the tracklets are then what they were, under the same
    numbers. They stay when the footage is indexed again.
    """


@command.command("list")
@argument("source")
@output_option("Write a contact sheet of them", SHEETS)
@format_option()
@archive_and_case_options
def list_(source: str, archive: Address, output: Path | None, form: str) -> None:
    """List the tracklets of a source in order of time: everybody who was seen in one video.

    SOURCE is part of its path, or the start of its SHA-256.
    """
    from reidsearch.cli.lists import source_tracklets
    from reidsearch.output import tracklets
    from reidsearch.output.emit import emit
    from reidsearch.output.pages.people import tracklets_shown

    sheets = []
    with reading_archive(archive) as opened:
        found = source_tracklets(opened, source)
        if output is not None:
            shown = tracklets_shown(*found)
            sheets = write_sheet(opened, shown, imprint_of(opened), output)
    emit(form, tracklets.list_json(*found), tracklets.list_view(*found), "tracklets")
    tell_sheet(sheets)


@command.command("split")
@argument("tracklet", type=int)
@option(
    "--at",
    required=True,
    metavar="TIME",
    callback=text_value,
    help="Where the other person begins: 12.5s, 1:02.5, 14:03:12, '2024-05-31 14:03:12'.",
)
@decision_options
@verify_option
@format_option()
@model_options
@runtime_options
@archive_and_case_options
def split(
    tracklet: int,
    at: str,
    archive: Address,
    note: str,
    verify: bool,
    form: str,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
) -> None:
    """Split a tracklet in two at a time, because it shows two people.

    TIME counts from the first frame of the file, or is a time of the clock as answers show it,
    whichever lies in the tracklet. The first half keeps the number. A confirmation or rejection
    goes with the half whose crops it was made by. A half without a crop gets one from the footage,
    which needs the file and the archive's model.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.cli.times import iso_text, parse_duration
    from reidsearch.output.emit import emit
    from reidsearch.output.tracklets import edited_json, edited_text
    from reidsearch.services.clock_times import is_clock_time

    media_s, clock = parse_duration(at), iso_text(at)
    if not is_clock_time(clock):
        clock = ""
    if media_s is None and not clock:
        raise UsageError(
            f"--at {at!r} is no time", "give 12.5s, 1:02.5, 14:03:12 or '2024-05-31 14:03:12'"
        )
    with opened_archive(archive, model, model_path, offline, device) as (opened, _):
        edited = opened.tracklets.split(
            tracklet, media_s=media_s, clock=clock or None, note=note, verify=verify
        )
        names = opened.identities.names()
    emit(form, edited_json(edited), edited_text(edited, names), "tracklets")


@command.command("join")
@argument("tracklets", nargs=-1, required=True, type=int, metavar="TRACKLET...")
@decision_options
@format_option()
@archive_and_case_options
def join(tracklets: tuple[int, ...], archive: Address, note: str, form: str) -> None:
    """Make one tracklet of several, because they show one person without interruption.

    The lowest number stays. Refused where two are seen at the same time, are not of one recording,
    or are confirmed as different people: an identity may hold any number of tracklets instead.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.tracklets import edited_json, edited_text

    with reading_archive(archive) as opened:
        edited = opened.tracklets.join(tracklets, note=note)
        names = opened.identities.names()
    emit(form, edited_json(edited), edited_text(edited, names), "tracklets")
