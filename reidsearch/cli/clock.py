"""`reidsearch clock`: when a source of footage was recorded, shown and corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reidsearch.cli.clock_suggest import command as suggest_command
from reidsearch.cli.decisions import ask_about_others
from reidsearch.cli.grouped import CommandWithMore, argument, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option, text_value
from reidsearch.cli.times import Duration

if TYPE_CHECKING:
    from fractions import Fraction

    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.base.timecode import Reading
    from reidsearch.domain.footage import Clock, SourceCoverage


@click.command("clock", cls=CommandWithMore)
@argument("source", required=False)
@option(
    "--start",
    metavar="TIME",
    help="Time of the first frame: '31.05.2024 14:03:00'.",
)
@option("--timezone", metavar="ZONE", help="Zone of a start without one. Default: the archive's.")
@option(
    "--offset",
    type=Duration(),
    help="Added to all times of the source: 90s, 2h, -1:13:00.",
)
@option("--drift", type=float, metavar="PPM", help="Added to every second, in millionths.")
@option("--uncertainty", type=Duration(least=0), help="Timestamp uncertainty (+- seconds).")
@option("--undo", is_flag=True, help="Take back the last correction of the source.")
@option("-y", "--yes", is_flag=True, help="Do not ask about a correction of somebody else.")
@option("--note", metavar="TEXT", callback=text_value, help="Why, for the record.")
@format_option()
@archive_and_case_options
def command(
    source: str | None,
    archive: Address,
    start: str | None,
    timezone: str | None,
    offset: Fraction | None,
    drift: float | None,
    uncertainty: Fraction | None,
    undo: bool,
    yes: bool,
    note: str | None,
    form: str,
) -> None:
    """Show or correct the clock of a source, or list all corrections.

    SOURCE is part of its path, or the start of its SHA-256; without it, every correction is listed
    with who made it, when and why. Wall-clock time = start + offset + media time x (1 + drift /
    1 000 000). Nothing is indexed again. --undo is a correction too: repeated, it brings back what
    it took back. `reidsearch clock suggest` tells offsets from the people seen.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.cli.times import start_of
    from reidsearch.output import clocks
    from reidsearch.output.emit import emit

    begins = start_of("--start", start, timezone, archive)
    changing = any(given is not None for given in (begins, offset, drift, uncertainty))
    if undo and changing:
        raise UsageError("--undo takes back a correction: give no other with it")
    if source is None and (changing or undo or note is not None):
        raise UsageError("a clock is corrected of one source", "name it: part of its path")
    if note is not None and not (changing or undo):
        raise UsageError("--note says why a clock is corrected", "give --start or --offset too")
    with reading_archive(archive) as opened:
        if source is None:
            changes = opened.footage.clock_changes()
            emit(form, clocks.changes_json(changes), clocks.changes_view(changes), "corrections")
            return
        one = opened.footage.find(source)
        if undo:
            _undo(opened, one, yes=yes, note=note or "")
        elif changing:
            clock = _corrected(one, begins, offset, drift, uncertainty)
            opened.footage.set_clock(one.source_id, clock, note or "")
        one = opened.footage.find(one.sha256)
        changes = opened.footage.clock_changes(one.source_id)
    emit(form, clocks.clock_json(one, changes), clocks.clock_view(one, changes))


command.more["suggest"] = suggest_command


def _corrected(
    one: SourceCoverage,
    begins: Reading | None,
    offset: Fraction | None,
    drift: float | None,
    uncertainty: Fraction | None,
) -> Clock:
    """Return the clock of a source as it is to be.

    Raises:
        UsageError: no clock can be so.
    """
    from fractions import Fraction

    from reidsearch.base.errors import UsageError
    from reidsearch.domain.footage import Clock
    from reidsearch.services.footage import corrected

    try:
        clock = corrected(
            one.facts.clock,
            start=None if begins is None else Clock(begins.time, "hand", begins.uncertainty_s),
            offset_s=offset,
            drift_ppm=drift,
            uncertainty_s=None if uncertainty is None else float(uncertainty),
        )
    except ValueError as error:
        raise UsageError(str(error)) from error
    if clock.start is None:
        raise UsageError("its start is not known", "give --start TIME too")
    if None in (clock.at_us(Fraction(0)), clock.at_us(one.duration_s)):
        raise UsageError("the footage would lie outside the calendar")
    return clock


def _undo(archive: Archive, one: SourceCoverage, *, yes: bool, note: str) -> None:
    """Take back the last correction of a source; one of somebody else is shown and asked about."""
    from reidsearch.base.errors import NotFound
    from reidsearch.output.times import correction_text
    from reidsearch.output.visible import visible

    changes = archive.footage.clock_changes(one.source_id)
    if not changes:
        raise NotFound(f"no correction of the clock of {visible(one.location)} is on record")
    last = changes[-1]
    if not yes:
        said = correction_text(float(last.after.correction_s))
        ask_about_others(archive, last.who, last.at, f"The clock: {said}.")
    archive.footage.undo_clock(last, note)
